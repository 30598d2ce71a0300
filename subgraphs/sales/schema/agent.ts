import { builder } from './builder.ts';

/** An entity of the agent subgraph; sales knows its id only. */
export const Agent = builder
  .objectRef<{ id: string }>('Agent')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) });
builder.asEntity(Agent, {
  key: builder.keyDirective(builder.selection<{ id: string }>('id'), false),
  resolveReference: (agent) => agent,
});
