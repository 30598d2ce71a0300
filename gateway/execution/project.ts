import {
  type FieldNode,
  type GraphQLInterfaceType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import type { DataKeyOf } from '../planning/dataKeys.ts';
import { type CollectedField, createCollectFields, type Group, type ObjectLike, whenOf } from './collectFields.ts';
import { type Condition, holds, type Variables } from './conditions.ts';
import { leafCheck } from './leafValues.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';
import type { ResponseErrors } from './responseErrors.ts';

/** What one projection carries along: where it is in the response, and the errors so far. */
export type Projection = {
  readonly variables: Variables;
  readonly errors: ResponseErrors;
  readonly path: (string | number)[];
  /** Values of `__schema` and `__type` root fields, by response key. */
  readonly introspection: Readonly<DataObject>;
};
/** The client's answer, cut from the merged data of all subgraphs: its keys, order and nulls (GraphQL spec §6.4). */
export type Project = (data: DataObject, projection: Projection) => DataObject | null;

/** A non-null position turned out null: the nearest nullable one above becomes null. */
const bubble = Symbol('bubble');
type Complete = (value: unknown, projection: Projection) => unknown;

type ProjectedField = {
  readonly key: string;
  /** Absent: always. Otherwise any one of them must hold. */
  readonly when: readonly (readonly Condition[])[] | null;
  readonly complete: (object: DataObject, projection: Projection) => unknown;
};

export const compileProjection = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  dataKeyOf: DataKeyOf,
): Project => {
  const collect = createCollectFields(schema, fragments, refused);

  const objectOf = (type: ObjectLike, groups: readonly Group[]): Complete => {
    const fields = [...collect(type, groups)].map(([key, draft]) => fieldOf(type, key, draft));
    return (value, projection) => {
      const object = value as DataObject;
      const result: DataObject = Object.create(null);
      for (const { key, when, complete } of fields) {
        if (when !== null && !when.some((conditions) => holds(conditions, projection.variables))) continue;
        const completed = complete(object, projection);
        if (completed === bubble) return null;
        result[key] = completed;
      }
      return result;
    };
  };

  const fieldOf = (type: ObjectLike, key: string, draft: CollectedField): ProjectedField => {
    const when = whenOf(draft);
    const name = draft.node.name.value;
    if (name === '__typename') return { key, when, complete: () => (isObjectType(type) ? type.name : bubble) };
    if (name === '__schema' || name === '__type')
      return { key, when, complete: (_object, projection) => projection.introspection[key] ?? null };
    const declared = type.getFields()[name]?.type;
    if (!declared) return { key, when, complete: () => null };
    if (draft.refused) return { key, when, complete: () => (isNonNullType(declared) ? bubble : null) };
    const dataKey = dataKeyOf(draft.node);
    const complete = completeValue(declared, draft.groups, `${type.name}.${name}`);
    const completeHere = (object: DataObject, projection: Projection): unknown => {
      projection.path.push(key);
      const completed = complete(getOwn(object, dataKey), projection);
      projection.path.pop();
      return completed;
    };
    return { key, when, complete: completeHere };
  };

  const completeValue = (type: GraphQLOutputType, groups: readonly Group[], place: string): Complete => {
    if (isNonNullType(type)) return nonNull(completeValue(type.ofType, groups, place), place);
    if (isListType(type)) return listOf(completeValue(type.ofType, groups, place));
    if (isLeafType(type)) return leafOf(type);
    if (isObjectType(type)) return onlyObjects(objectOf(type, groups));
    return abstractOf(type.name, isInterfaceType(type) ? type : null, groups);
  };

  /** Compiled per concrete type when it is first met. */
  const abstractOf = (name: string, self: GraphQLInterfaceType | null, groups: readonly Group[]): Complete => {
    const byType = new Map<string, Complete | null>();
    const completeFor = (typename: string): Complete | null => {
      const known = byType.get(typename);
      if (known !== undefined) return known;
      const type = schema.getType(typename);
      const abstract = schema.getType(name);
      const isPossible = isObjectType(type) && isAbstractType(abstract) && schema.isSubType(abstract, type);
      // An interface object's subgraph knows the interface only; where no concrete type was needed, none was asked for.
      const complete = isPossible
        ? objectOf(type, groups)
        : self !== null && typename === name
          ? objectOf(self, groups)
          : null;
      if (byType.size < 1000) byType.set(typename, complete);
      return complete;
    };
    return onlyObjects((value, projection) => {
      const typename = getOwn(value as DataObject, '__typename') ?? (self === null ? undefined : name);
      const complete = typeof typename === 'string' ? completeFor(typename) : null;
      return complete === null ? invalid(projection) : complete(value, projection);
    });
  };

  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`the schema has no ${operation.operation} type`);
  const complete = objectOf(root, [{ selections: operation.selectionSet.selections, when: [], refused: false }]);
  return (data, projection) => complete(data, projection) as DataObject | null;
};

const invalid = (projection: Projection): null => {
  projection.errors.addInvalid(projection.path);
  return null;
};

const nonNull =
  (complete: Complete, place: string): Complete =>
  (value, projection) => {
    const completed = complete(value, projection);
    if (completed !== null) return completed;
    projection.errors.addNullViolation(projection.path, place);
    return bubble;
  };

const listOf =
  (complete: Complete): Complete =>
  (value, projection) => {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value)) return invalid(projection);
    const items = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      projection.path.push(index);
      const item = complete(value[index], projection);
      projection.path.pop();
      if (item === bubble) return null;
      items[index] = item;
    }
    return items;
  };

const onlyObjects =
  (complete: Complete): Complete =>
  (value, projection) => {
    if (value === null || value === undefined) return null;
    return isObject(value) ? complete(value, projection) : invalid(projection);
  };

const leafOf = (type: GraphQLLeafType): Complete => {
  const isValid = leafCheck(type);
  const asText = type.name === 'ID';
  return (value, projection) => {
    if (value === null || value === undefined) return null;
    if (!isValid(value)) return invalid(projection);
    return asText ? String(value) : value;
  };
};
