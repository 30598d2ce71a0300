import { subgraphSchemaOptions } from '@parley/kernel/builder';
import { cacheSchemaOptions } from '@parley/kernel/cacheDirectives';
import './audioChunks.ts';
import './internal.ts';
import './synthesis.ts';
import './turnAudio.ts';
import './voice.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema({ ...subgraphSchemaOptions, ...cacheSchemaOptions });
