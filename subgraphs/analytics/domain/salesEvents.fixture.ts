import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '@parley/kernel/event';
import type { Outcome, SalesEvent } from '@parley/sales/events';

type DataOf<Type extends SalesEvent['type']> = Extract<SalesEvent, { type: Type }>['data'];
/** The data of an event without what every one of a conversation has. */
type Given<Type extends SalesEvent['type']> = Partial<Omit<DataOf<Type>, 'conversationId'>>;

export const sealed = { subjectId: randomUUID(), keyVersion: 1, ciphertext: 'c2VhbGVk' };

/** One conversation as sales would tell it; each call appends the next event, `seconds` after the start. */
export const tellConversation = (of: { tenantId: string; agentId: string; startedAt: string; id?: string }) => {
  const conversationId = of.id ?? randomUUID();
  const events: StoredEvent[] = [];
  const start = Date.parse(of.startedAt);
  const add = (type: string, data: object, seconds: number) => {
    events.push({
      type,
      data: { conversationId, ...data },
      id: randomUUID(),
      tenantId: of.tenantId,
      aggregateId: conversationId,
      version: events.length + 1,
      schemaVersion: 1,
      occurredAt: new Date(start + seconds * 1000).toISOString(),
      actor: { kind: 'SERVICE', id: 'sales' },
    });
  };
  let sequence = 0;
  const teller = {
    id: conversationId,
    events,
    add,
    started: (seconds = 0, data: Given<'sales.ConversationStarted'> = {}) => {
      const { agentId } = of;
      const defaults = { agentId, channel: 'WEB', locale: 'en-US', contactId: null, consent: null };
      add('sales.ConversationStarted', { ...defaults, ...data }, seconds);
    },
    /** @returns the customer's turn */
    received: (wordCount: number, seconds = 0): string => {
      const turnId = randomUUID();
      sequence += 1;
      add('sales.TurnReceived', { turnId, sequence, text: sealed, wordCount, clientMessageId: null }, seconds);
      return turnId;
    },
    /** @returns the agent's turn */
    replyStarted: (inReplyTo: string, data: Given<'sales.ReplyStarted'> = {}, seconds = 0): string => {
      const turnId = randomUUID();
      sequence += 1;
      const intent = { name: 'pricing', confidence: 0.9, outOfScope: false };
      const defaults = { turnId, sequence, inReplyTo, intent, sentiment: 0, objection: null, timeToFirstToken: 100 };
      add('sales.ReplyStarted', { ...defaults, ...data }, seconds);
      return turnId;
    },
    completed: (turnId: string, wordCount: number, totalMs: number, seconds = 0) =>
      add('sales.TurnCompleted', { turnId, sequence, text: sealed, wordCount, totalMs }, seconds),
    voiced: (turnId: string, durationMs: number, timeToFirstAudio: number | null, seconds = 0) =>
      add('sales.TurnVoiced', { turnId, durationMs, timeToFirstAudio }, seconds),
    interrupted: (turnId: string, playedMs: number, wordCount: number, seconds = 0) =>
      add('sales.TurnInterrupted', { turnId, playedMs, spokenText: sealed, wordCount }, seconds),
    failed: (turnId: string = randomUUID(), seconds = 0) =>
      add('sales.TurnFailed', { turnId, reason: 'REPLY_UNAVAILABLE' }, seconds),
    phase: (from: string, to: string, seconds = 0) => add('sales.PhaseChanged', { from, to }, seconds),
    ended: (outcome: Outcome, seconds = 0) => add('sales.ConversationEnded', { outcome }, seconds),
  };
  return teller;
};
export type Teller = ReturnType<typeof tellConversation>;
