import {
  defaultTypeResolver,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
} from 'graphql';
import { badInput } from './builder.ts';

type Resolver = GraphQLFieldResolver<unknown, unknown>;

const ready = new WeakSet<GraphQLSchema>();
/** A page of a page; beyond it a caller splits its request (C06). */
const mostRepresentations = 5000;

/**
 * Makes a schema's resolvers answer the same under graphql-jit as under graphql-js, in place and once. graphql-jit puts
 * a list's rejected items in the wrong places, and waits for ever when a type cannot be resolved: so lists hold Errors
 * in place of rejections, and an abstract type that throws is unknown instead.
 */
export const makeJitReady = (schema: GraphQLSchema): GraphQLSchema => {
  if (ready.has(schema)) return schema;
  ready.add(schema);
  const entities = schema.getQueryType()?.getFields()['_entities'];
  if (entities?.resolve) entities.resolve = oneByOne(entities.resolve);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type)) settleLists(type);
    if (isAbstractType(type)) {
      const resolveType = type.resolveType ?? defaultTypeResolver;
      type.resolveType = (value, context, info, abstractType) => {
        try {
          return resolveType(value, context, info, abstractType);
        } catch {
          return undefined;
        }
      };
    }
  }
  return schema;
};

/** Each representation by itself: one that makes no sense costs its own entity only (C08). */
const oneByOne =
  (resolve: Resolver): Resolver =>
  (source, { representations }: { representations: readonly unknown[] }, context, info) => {
    if (representations.length > mostRepresentations)
      throw badInput(`_entities takes at most ${mostRepresentations} representations at once.`);
    return representations.map((representation) => {
      try {
        const type = info.schema.getType((representation as { __typename?: string }).__typename ?? '');
        if (isObjectType(type)) return entityOf(type, representation, context, info);
        const [entity] = resolve(source, { representations: [representation] }, context, info) as unknown[];
        return entity;
      } catch (error) {
        return toError(error);
      }
    });
  };

type ResolveReference = (reference: unknown, context: unknown, info: GraphQLResolveInfo) => unknown;

/**
 * What @apollo/subgraph resolves a representation of an object type to; but at once where there is nothing to wait for:
 * its own makes a promise of each.
 */
const entityOf = (
  type: GraphQLObjectType,
  representation: unknown,
  context: unknown,
  info: GraphQLResolveInfo,
): unknown => {
  const { subgraph } = (type.extensions['apollo'] ?? {}) as { subgraph?: { resolveReference?: ResolveReference } };
  const resolveReference = subgraph?.resolveReference;
  const entity = resolveReference ? resolveReference(representation, context, info) : representation;
  return isPromise(entity) ? entity.then((found) => named(found, type.name)) : named(entity, type.name);
};

/** An entity of which its type can be told, since `_Entity` is a union. */
const named = (entity: unknown, typename: string): unknown => {
  if (typeof entity !== 'object' || entity === null || entity instanceof Error) return entity;
  const known = (entity as { __typename?: unknown }).__typename;
  if (known === typename) return entity;
  if (known === undefined && !('__typename' in entity))
    return Object.defineProperty(entity, '__typename', { value: typename });
  return { ...entity, __typename: typename };
};

const settleLists = (type: GraphQLObjectType): void => {
  for (const field of Object.values(type.getFields())) {
    const { resolve } = field;
    if (resolve === undefined || !isListType(getNullableType(field.type))) continue;
    field.resolve = (source, args, context, info) => {
      const items = resolve(source, args, context, info);
      return isPromise(items) ? items.then(settled) : settled(items);
    };
  }
};

/** The items, once all are there; a rejection as the Error of its place. */
const settled = (items: unknown): unknown => {
  if (!Array.isArray(items) || !items.some(mayWait)) return items;
  const waited = items.map((item) => (isPromise(item) ? item.then(settled, toError) : settled(item)));
  return waited.some(isPromise) ? Promise.all(waited) : waited;
};

const mayWait = (item: unknown): boolean => isPromise(item) || Array.isArray(item);

/** Not by `in`, which costs several times what reading does where objects of many shapes come by. */
const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

const toError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));
