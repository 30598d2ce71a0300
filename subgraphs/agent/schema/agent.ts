import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { page } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { pageOf } from '@parley/kernel/page';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { createAgent } from '../application/createAgent.ts';
import { updateAgent } from '../application/updateAgent.ts';
import type { Personality } from '../domain/agent.ts';
import { type AgentContext, builder } from './builder.ts';
import { Voice } from './voice.ts';

const PersonalityType = builder.objectRef<Personality>('Personality').implement({
  description: 'How an agent speaks, each trait 0..1.',
  fields: (t) => ({
    warmth: t.exposeFloat('warmth'),
    formality: t.exposeFloat('formality'),
    assertiveness: t.exposeFloat('assertiveness'),
    brevity: t.exposeFloat('brevity'),
  }),
});

export const Agent = builder.prismaObject('Agent', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    locale: t.exposeString('locale', { description: 'BCP 47' }),
    personality: t.field({
      type: PersonalityType,
      resolve: (agent) => agent,
    }),
    voice: t.field({
      type: Voice,
      nullable: true,
      description: 'null leaves the choice to the locale',
      resolve: ({ voiceId }) => (voiceId === null ? null : { id: voiceId }),
    }),
    // A visitor reaches the agent through its conversation; what the agent knows is none of the visitor's business.
    knowledgeBase: t.relation('knowledgeBase', { nullable: true, directives: scopes('agents:read') }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** Unknown, malformed and another organization's id are all null. Prisma joins the lookups of one tick into one statement. */
const agentById = async (context: AgentContext, id: string, query: object = {}) => {
  const { tenantId } = requireActor(context);
  return isUuid(id) ? context.db.agent.findUnique({ ...query, where: { tenantId_id: { tenantId, id } } }) : null;
};

builder.asEntity(Agent, {
  key: builder.selection<{ id: string }>('id'),
  // Every event of every conversation asks for its agent's name: the same row, a moment later.
  resolveReference: ({ id }, context) =>
    isUuid(id) ? context.parts.agents.find(context.db, requireActor(context).tenantId, id) : null,
});

builder.queryField('agent', (t) =>
  t.prismaField({
    type: 'Agent',
    nullable: true,
    directives: scopes('agents:read'),
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, context) => agentById(context, id, query),
  }),
);

const AgentConnection = builder.connectionObject({ type: Agent, name: 'AgentConnection' }, { name: 'AgentEdge' });
builder.queryField('agents', (t) =>
  t.field({
    type: AgentConnection,
    nullable: true,
    description: 'Newest first.',
    directives: { ...scopes('agents:read'), ...page },
    args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
    resolve: (_root, args, context) => {
      requireActor(context);
      return pageOf(args, (window) => context.db.agent.findMany(window));
    },
  }),
);

/** The agent as the answer to a mutation needs it: re-read with exactly the fields selected. */
const successWithAgent = (name: string) =>
  builder.objectRef<{ agentId: string }>(name).implement({
    fields: (t) => ({
      agent: t.prismaField({
        type: 'Agent',
        resolve: (query, { agentId: id }, _args, context) =>
          context.db.agent.findUniqueOrThrow({
            ...query,
            where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
          }),
      }),
    }),
  });

const PersonalityInput = builder.inputType('PersonalityInput', {
  description: 'each 0..1',
  fields: (t) => ({ warmth: t.float(), formality: t.float(), assertiveness: t.float(), brevity: t.float() }),
});
const CreateAgentInput = builder.inputType('CreateAgentInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 200 characters' }),
    locale: t.string({ required: true, description: 'BCP 47' }),
    voiceId: t.id({ description: "left out, a voice is chosen by the conversation's locale" }),
    knowledgeBaseId: t.id(),
    personality: t.field({ type: PersonalityInput, description: 'each trait left out is 0.5' }),
  }),
});
builder.mutationField('createAgent', (t) =>
  t.field({
    type: builder.unionType('CreateAgentResult', {
      types: [successWithAgent('CreateAgentSuccess'), Refusal],
      resolveType: resultTypeOf('CreateAgentSuccess'),
    }),
    nullable: true,
    directives: scopes('agents:write'),
    args: { input: t.arg({ type: CreateAgentInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => ({ agentId: await createAgent(context.parts, context, input) })),
  }),
);

const UpdateAgentInput = builder.inputType('UpdateAgentInput', {
  description: 'What is left out stays as it is; null takes a voice or a knowledge base away.',
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    locale: t.string(),
    voiceId: t.id(),
    knowledgeBaseId: t.id(),
    personality: t.field({ type: PersonalityInput }),
  }),
});
builder.mutationField('updateAgent', (t) =>
  t.field({
    type: builder.unionType('UpdateAgentResult', {
      types: [successWithAgent('UpdateAgentSuccess'), Refusal],
      resolveType: resultTypeOf('UpdateAgentSuccess'),
    }),
    nullable: true,
    directives: scopes('agents:write'),
    args: { input: t.arg({ type: UpdateAgentInput, required: true }) },
    resolve: (_root, { input: { id, ...changes } }, context) =>
      refusalAsValue(async () => {
        await updateAgent(context.parts, context, id, changes);
        return { agentId: id };
      }),
  }),
);
