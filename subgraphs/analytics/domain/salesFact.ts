import type {
  ConversationEnded,
  ConversationStarted,
  PhaseChanged,
  ReplyStarted,
  TurnCompleted,
  TurnFailed,
  TurnInterrupted,
  TurnReceived,
  TurnVoiced,
} from '@parley/sales/events';
import { z } from 'zod';

const id = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const maxInt = 2 ** 31 - 1;
const count = z.int().min(0).max(maxInt);
const milliseconds = z.number().min(0).max(maxInt).transform(Math.round);
const name = z.string().min(1).max(200);
const phase = z.enum([
  'GREETING',
  'DISCOVERY',
  'QUALIFICATION',
  'PRESENTATION',
  'OBJECTION_HANDLING',
  'CLOSING',
  'FOLLOW_UP',
]);
const outcome = z.enum(['CONVERTED', 'LOST', 'FOLLOW_UP_SCHEDULED', 'TRANSFERRED', 'ABANDONED']);
/** A model may overshoot by a rounding error; that is no reason to lose the turn. */
const sentiment = z.number().transform((value) => Math.max(-1, Math.min(1, value)));

/** What we read of each event of sales; fields we do not know are none of our business. */
const readers = {
  'sales.ConversationStarted': z.object({
    conversationId: id,
    agentId: id,
    channel: z.enum(['WEB', 'PHONE', 'API']),
    locale: name,
  }),
  'sales.TurnReceived': z.object({ conversationId: id, turnId: id, wordCount: count }),
  'sales.ReplyStarted': z.object({
    conversationId: id,
    turnId: id,
    inReplyTo: id,
    intent: z.object({ name }),
    sentiment,
    objection: name.nullable(),
    timeToFirstToken: milliseconds,
  }),
  'sales.TurnCompleted': z.object({ conversationId: id, turnId: id, wordCount: count, totalMs: milliseconds }),
  'sales.TurnVoiced': z.object({
    conversationId: id,
    turnId: id,
    durationMs: milliseconds,
    timeToFirstAudio: milliseconds.nullable(),
  }),
  'sales.TurnInterrupted': z.object({ conversationId: id, turnId: id, playedMs: milliseconds, wordCount: count }),
  'sales.TurnFailed': z.object({ conversationId: id, turnId: id }),
  'sales.PhaseChanged': z.object({ conversationId: id, to: phase }),
  'sales.ConversationEnded': z.object({ conversationId: id, outcome }),
} satisfies Reads;

/** What sales publishes must be something we can read: a change there that we would refuse does not compile here. */
type Published =
  | ConversationStarted
  | TurnReceived
  | ReplyStarted
  | TurnCompleted
  | TurnVoiced
  | TurnInterrupted
  | TurnFailed
  | PhaseChanged
  | ConversationEnded;
type Reads = { [E in Published as E['type']]: z.ZodType<object, Partial<Record<keyof E['data'], unknown>>> };
type Readers = typeof readers;
type Readable = { [E in Published as E['type']]: E['data'] extends z.input<Readers[E['type']]> ? true : E['type'] };
const _readable: Record<keyof Readers, true> = {} as Readable;
void _readable;

/** One event of sales as far as metrics need it. Durations are milliseconds. */
export type SalesFact = {
  [Type in keyof Readers]: {
    readonly type: Type;
    readonly data: z.output<Readers[Type]>;
    readonly version: number;
    /** ISO 8601, UTC */
    readonly occurredAt: string;
  };
}[keyof Readers];

/** The event as it was stored or delivered, before anybody has looked into it. */
export type RawEvent = {
  readonly type: string;
  readonly data: unknown;
  readonly aggregateId: string;
  readonly version: number;
  readonly schemaVersion: number;
  readonly occurredAt: string;
};

/**
 * Reads one event. `null`: it is of a kind that changes no metric. `problem`: it should have been understood and was
 * not, e.g. it is of a newer schema version.
 */
export const readSalesFact = (event: RawEvent): SalesFact | { readonly problem: string } | null => {
  const reader = Object.hasOwn(readers, event.type) ? readers[event.type as keyof Readers] : undefined;
  if (reader === undefined) return null;
  if (event.schemaVersion !== 1) return { problem: `schema version ${event.schemaVersion} is not known` };
  const read = reader.safeParse(event.data);
  if (!read.success) {
    const issue = read.error.issues[0];
    return { problem: `${issue?.path.join('.') || 'data'}: ${issue?.message ?? 'is not valid'}` };
  }
  if (read.data.conversationId !== event.aggregateId) return { problem: 'conversationId: is not the aggregate' };
  const { version, occurredAt } = event;
  return { type: event.type, data: read.data, version, occurredAt } as SalesFact;
};
