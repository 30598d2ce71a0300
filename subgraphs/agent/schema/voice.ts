import { builder } from './builder.ts';

/** An entity of the voice subgraph; agent knows its id only. */
export const Voice = builder
  .objectRef<{ id: string }>('Voice')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) });
builder.asEntity(Voice, {
  key: builder.keyDirective(builder.selection<{ id: string }>('id'), false),
  resolveReference: (voice) => voice,
});
