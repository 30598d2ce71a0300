import { subgraphSchemaOptions } from '@parley/kernel/builder';
import './apiKey.ts';
import './internal.ts';
import './persistedDocument.ts';
import './session.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema(subgraphSchemaOptions);
