import type { Conversation, Turn } from '../generated/prisma/client.ts';

/** A row as PostgreSQL's `to_jsonb` gives it: snake_case names, dates as text. */
type Json = Readonly<Record<string, unknown>>;

const dates = new Set(['createdAt', 'completedAt', 'endedAt', 'leaseUntil']);
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const fromJson = (row: Json): unknown =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const name = camel(column);
      return [name, dates.has(name) && typeof value === 'string' ? new Date(value) : value];
    }),
  );
export const toTurn = (row: Json): Turn => fromJson(row) as Turn;
export const toConversation = (row: Json): Conversation => fromJson(row) as Conversation;

/** The other way round, for `jsonb_populate_record`. */
export const toJson = (row: object): Json =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [snake(name), value]));
