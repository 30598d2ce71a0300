import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql';

/** An operation with one place for an id; everything else in it belongs to the caller. */
export type StrangersOperation = {
  /** e.g. `mutation createAgent.input.knowledgeBaseId` */
  readonly name: string;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly field: string;
  readonly query: string;
  /** of the other organization, and of the kind that belongs there */
  readonly foreignId: string;
  variablesWith(id: string): Record<string, unknown>;
};

/** Whose id an argument takes, where its name alone does not say. */
const byPlace: Record<string, string> = {
  'agent.id': 'agent',
  'conversation.id': 'conversation',
  'knowledgeBase.id': 'knowledgeBase',
  'updateAgent.input.id': 'agent',
  'revokeApiKey.input.id': 'apiKey',
};
const byName: Record<string, string> = {
  agentId: 'agent',
  conversationId: 'conversation',
  documentId: 'document',
  knowledgeBaseId: 'knowledgeBase',
  partnerId: 'partner',
  turnId: 'turn',
};
/** Ids that belong to nobody: the platform's own. */
const shared = new Set(['voiceId']);
const samples: Record<string, unknown> = {
  body: 'query Q { viewer { id } }',
  scopes: ['agents:read'],
  locale: 'en-US',
};

/**
 * Every place of the public schema where a caller may put an id. A new one whose owner is not known fails: say in the
 * tables above whose it is.
 */
export const strangersOperations = (
  schema: GraphQLSchema,
  theirs: Readonly<Record<string, string>>,
  mine: Readonly<Record<string, string>>,
): StrangersOperation[] => {
  const ownerOf = (place: string): string => {
    const name = place.split('.').at(-1) ?? '';
    const owner = byPlace[place] ?? byName[name];
    if (owner === undefined || theirs[owner] === undefined)
      throw new Error(`whose id is ${place}? Add it to testkit/strangers.ts`);
    return owner;
  };

  /** A value of the type: what is asked for, and the ids in it that are not shared, each the caller's own. */
  const sample = (type: GraphQLInputType, place: string, required: boolean, chosen: string): unknown => {
    const nullable = getNullableType(type);
    const name = place.split('.').at(-1) ?? '';
    const named = getNamedType(type);
    if (named.name === 'ID') {
      if (shared.has(name)) return undefined;
      return place === chosen || required ? mine[ownerOf(place)] : undefined;
    }
    if (isInputObjectType(named)) {
      if (!required && !chosen.startsWith(`${place}.`)) return undefined;
      const value = Object.fromEntries(
        Object.values(named.getFields())
          .map(
            (field) =>
              [field.name, sample(field.type, `${place}.${field.name}`, isRequiredInputField(field), chosen)] as const,
          )
          .filter(([, inner]) => inner !== undefined),
      );
      return isListType(nullable) ? [value] : value;
    }
    if (!required) return undefined;
    if (samples[name] !== undefined) return samples[name];
    const value = isEnumType(named)
      ? named.getValues()[0]?.name
      : ({ Int: 1, Float: 0.5, Boolean: true, DateTime: '2099-01-01T00:00:00Z' }[named.name] ?? 'x');
    return isListType(nullable) ? [value] : value;
  };

  const places = (type: GraphQLInputType, place: string): string[] => {
    const named = getNamedType(type);
    if (named.name === 'ID') return shared.has(place.split('.').at(-1) ?? '') ? [] : [place];
    if (!isInputObjectType(named)) return [];
    return Object.values(named.getFields()).flatMap((field) => places(field.type, `${place}.${field.name}`));
  };

  const roots: [StrangersOperation['kind'], GraphQLObjectType | null | undefined][] = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ];
  return roots.flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {}).flatMap((field) =>
      field.args
        .flatMap((argument) => places(argument.type, `${field.name}.${argument.name}`))
        .map((place): StrangersOperation => {
          const given = (argument: GraphQLArgument) =>
            sample(argument.type, `${field.name}.${argument.name}`, isRequiredArgument(argument), place);
          const used = field.args.filter((argument) => given(argument) !== undefined);
          const variables = Object.fromEntries(used.map((argument) => [argument.name, given(argument)]));
          const declared = used.map(({ name, type }) => `$${name}: ${type}`).join(', ');
          const passed = used.map(({ name }) => `${name}: $${name}`).join(', ');
          return {
            name: `${kind} ${place}`,
            kind,
            field: field.name,
            query: `${kind}(${declared}) { ${field.name}(${passed}) ${selection(field.type, 2)} }`,
            foreignId: theirs[ownerOf(place)] ?? '',
            variablesWith: (id) => withId(variables, place.split('.').slice(1), id),
          };
        }),
    ),
  );
};

const withId = (value: unknown, path: readonly string[], id: string): Record<string, unknown> => {
  const [name = '', ...rest] = path;
  const copy = { ...(value as Record<string, unknown>) };
  copy[name] = rest.length === 0 ? id : withId(copy[name], rest, id);
  return copy;
};

/** Every field that needs no argument, `depth` objects deep. */
const selection = (type: GraphQLOutputType, depth: number): string => {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (isUnionType(named))
    return `{ __typename ${named
      .getTypes()
      .map((member) => `... on ${member.name} ${selection(member, depth)}`)
      .join(' ')} }`;
  if (!isObjectType(named)) return '{ __typename }';
  const fields = Object.values(named.getFields())
    .filter((field) => !field.args.some(isRequiredArgument))
    .filter((field) => isLeafType(getNamedType(field.type)) || depth > 0)
    .map((field) => `${field.name} ${selection(field.type, depth - 1)}`);
  return `{ __typename ${fields.join(' ')} }`;
};
