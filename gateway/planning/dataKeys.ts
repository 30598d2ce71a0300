import { type FieldNode, type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql';
import { fixedPrefix } from './fixedArguments.ts';
import { resumptionPrefix } from './resumption.ts';

/**
 * Under which key a client's field travels inside the gateway. A client may alias any field to any name (`id: name`,
 * `__proto__: name`), and the planner adds keys and required fields of its own under their plain names: so whatever
 * the client renamed travels under a prefix no schema field has, and is given back under the client's own key.
 */
const prefix = 'c__';

export type DataKeyOf = (field: FieldNode) => string;

/** `plannedNames`: the field names in @key, @requires and @provides, which the planner may add beside the client's. */
export const createDataKeyOf =
  (plannedNames: ReadonlySet<string>): DataKeyOf =>
  (field) => {
    const name = field.name.value;
    if (name === '__typename') return name;
    const key = field.alias?.value ?? name;
    const mayMeetPlanners = field.arguments !== undefined && field.arguments.length > 0 && plannedNames.has(name);
    return key !== name || mayMeetPlanners ? prefix + key : name;
  };

/** The client's key again, from a path a subgraph reported. */
export const clientKeyOf = (dataKey: string): string =>
  dataKey.startsWith(prefix) ? dataKey.slice(prefix.length) : dataKey;

/** Refuses a schema in which the prefixes would not be ours alone. */
export const assertPrefixesAreFree = (schema: GraphQLSchema): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const name of Object.keys(type.getFields()))
      for (const reserved of [prefix, fixedPrefix, resumptionPrefix])
        if (name.startsWith(reserved))
          throw new Error(`field ${type.name}.${name}: names may not begin with "${reserved}"`);
  }
};
