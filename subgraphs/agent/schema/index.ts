import { subgraphSchemaOptions } from '@parley/kernel/builder';
import './agent.ts';
import './knowledgeBase.ts';
import './knowledgeDocument.ts';
import './passage.ts';
import './replyParts.ts';
import './turn.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema(subgraphSchemaOptions);
