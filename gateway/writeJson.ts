import {
  type FieldNode,
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
import type { Fragments } from './authorize.ts';
import {
  type CollectedField,
  type CollectFields,
  createCollectFields,
  type Group,
  type ObjectLike,
  whenOf,
} from './collectFields.ts';
import { type Condition, holds, type Variables } from './conditions.ts';
import type { DataKeyOf } from './dataKeys.ts';
import { leafWriter } from './leafValues.ts';
import { type DataObject, isObject } from './ownKeys.ts';

/**
 * The client's answer as JSON text, cut from the merged data in one walk. Empty where anything is not as its type says:
 * what then becomes null, and with which error, `Project` finds out.
 */
export type WriteJson = (data: DataObject, variables: Variables) => string;

type Write = (value: unknown, variables: Variables) => string;
type WrittenField = {
  /** `"key":` with what stands before it where no field is conditional. */
  readonly start: string;
  readonly dataKey: string;
  readonly when: readonly (readonly Condition[])[] | null;
  readonly nullable: boolean;
  readonly write: Write;
};

const unfit = '';
const writeUnfit: Write = () => unfit;

/** Null for an operation that is never answered without a look at each field: with introspection, or refused fields. */
export const compileWriter = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  dataKeyOf: DataKeyOf,
): WriteJson | null => {
  const root = schema.getRootType(operation.operation);
  if (!root || refused.size > 0) return null;
  const collect: CollectFields = createCollectFields(schema, fragments, refused);
  const rootGroups: readonly Group[] = [{ selections: operation.selectionSet.selections, when: [], refused: false }];
  const isIntrospection = ({ node }: CollectedField): boolean =>
    node.name.value === '__schema' || node.name.value === '__type';
  if ([...collect(root, rootGroups).values()].some(isIntrospection)) return null;

  const objectOf = (type: ObjectLike, groups: readonly Group[]): Write => {
    const collected = [...collect(type, groups)];
    const isConditional = collected.some(([, field]) => whenOf(field) !== null);
    const fields = collected.map(([key, field], index) => {
      const before = isConditional ? '' : index === 0 ? '{' : ',';
      return fieldOf(type, `${before}${JSON.stringify(key)}:`, field);
    });
    return isConditional ? conditionalObject(fields) : plainObject(fields);
  };

  const fieldOf = (type: ObjectLike, start: string, field: CollectedField): WrittenField => {
    const when = whenOf(field);
    const name = field.node.name.value;
    if (name === '__typename') {
      const text = isObjectType(type) ? `"${type.name}"` : unfit;
      // Read under a key every object has or lacks alike; its value is not looked at.
      return { start, dataKey: '__typename', when, nullable: false, write: () => text };
    }
    const declared = type.getFields()[name]?.type;
    if (!declared) return { start, dataKey: name, when, nullable: false, write: writeUnfit };
    const nullable = !isNonNullType(declared);
    return { start, dataKey: dataKeyOf(field.node), when, nullable, write: writerOf(declared, field.groups) };
  };

  /** Writes what is neither null nor absent. */
  const writerOf = (declared: GraphQLOutputType, groups: readonly Group[]): Write => {
    const type = isNonNullType(declared) ? declared.ofType : declared;
    if (isListType(type)) return listOf(writerOf(type.ofType, groups), !isNonNullType(type.ofType));
    if (isLeafType(type)) return leafWriter(type);
    if (isObjectType(type)) return objectOf(type, groups);
    return abstractOf(type.name, groups);
  };

  /** Compiled per concrete type when it is first met. */
  const abstractOf = (name: string, groups: readonly Group[]): Write => {
    const byType = new Map<unknown, Write>();
    const writeFor = (typename: unknown): Write => {
      const [type, abstract] = [typeof typename === 'string' ? schema.getType(typename) : null, schema.getType(name)];
      const isPossible = isObjectType(type) && isAbstractType(abstract) && schema.isSubType(abstract, type);
      const isItself = isInterfaceType(abstract) && (typename === undefined || typename === name);
      const write = isPossible ? objectOf(type, groups) : isItself ? objectOf(abstract, groups) : writeUnfit;
      if (byType.size < 1000) byType.set(typename, write);
      return write;
    };
    return (value, variables) => {
      if (!isObject(value)) return unfit;
      const typename = value['__typename'];
      return (byType.get(typename) ?? writeFor(typename))(value, variables);
    };
  };

  return objectOf(root, rootGroups);
};

const plainObject =
  (fields: readonly WrittenField[]): Write =>
  (value, variables) => {
    if (!isObject(value)) return unfit;
    let text = '';
    for (const field of fields) {
      const written = writeField(field, value, variables);
      if (written === unfit) return unfit;
      text += field.start + written;
    }
    return text === '' ? '{}' : `${text}}`;
  };

const conditionalObject =
  (fields: readonly WrittenField[]): Write =>
  (value, variables) => {
    if (!isObject(value)) return unfit;
    let text = '';
    for (const field of fields) {
      if (field.when !== null && !field.when.some((conditions) => holds(conditions, variables))) continue;
      const written = writeField(field, value, variables);
      if (written === unfit) return unfit;
      text += (text === '' ? '{' : ',') + field.start + written;
    }
    return text === '' ? '{}' : `${text}}`;
  };

/**
 * An inherited value (of a field named `constructor`) is a function and fits no type: it leads to `Project`, which looks
 * at own keys only.
 */
const writeField = ({ dataKey, nullable, write }: WrittenField, object: DataObject, variables: Variables): string => {
  const value = object[dataKey];
  if (value !== null && value !== undefined) return write(value, variables);
  if (dataKey === '__typename') return write(value, variables);
  return nullable ? 'null' : unfit;
};

const listOf =
  (write: Write, nullable: boolean): Write =>
  (value, variables) => {
    if (!Array.isArray(value)) return unfit;
    if (value.length === 0) return '[]';
    let text = '[';
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const written = item === null || item === undefined ? (nullable ? 'null' : unfit) : write(item, variables);
      if (written === unfit) return unfit;
      text += index === 0 ? written : `,${written}`;
    }
    return `${text}]`;
  };
