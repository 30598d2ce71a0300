import { fromJsonRow, type JsonRow } from '@parley/kernel/jsonRow';
import type { Conversation, Turn } from '../generated/prisma/client.ts';

const dates = new Set(['createdAt', 'completedAt', 'endedAt', 'leaseUntil']);

export const toTurn = (row: JsonRow): Turn => fromJsonRow<Turn>(row, dates);
export const toConversation = (row: JsonRow): Conversation => fromJsonRow<Conversation>(row, dates);
