import { builder } from './builder.ts';

/** An entity of the sales subgraph, to which voice adds its audio (`turnAudio.ts`). */
export const Turn = builder.objectRef<{ id: string }>('Turn');
