import { subgraphSchemaOptions } from '@parley/kernel/builder';
import './conversation.ts';
import './subscriptions.ts';
import './turn.ts';
import './turns.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema(subgraphSchemaOptions);
