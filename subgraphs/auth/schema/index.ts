import { subgraphSchemaOptions } from '@parley/kernel/builder';
import { sensitiveSchemaOptions } from '@parley/kernel/costDirectives';
import './apiKey.ts';
import './internal.ts';
import './organization.ts';
import './partner.ts';
import './persistedDocument.ts';
import './secondFactor.ts';
import './session.ts';
import './user.ts';
import './viewer.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema({ ...subgraphSchemaOptions, ...sensitiveSchemaOptions });
