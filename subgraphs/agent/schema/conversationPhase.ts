import { ConversationPhase } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';

/** Shared by value with sales: the same values in both. */
export const ConversationPhaseEnum = builder.enumType(ConversationPhase, { name: 'ConversationPhase' });
