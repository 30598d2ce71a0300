import type { Actor } from '@parley/kernel/actor';
import type { ReplyPart, ReplyRequest } from '../domain/replyEngine.ts';
import type { ReplyComposed } from '../events.ts';
import type { ReplyTrace } from '../generated/prisma/client.ts';
import { readReplyBasis } from '../infrastructure/replyBasis.ts';
import { findReply, insertReply, type NewReplyTrace } from '../infrastructure/replyTraces.ts';
import type { Parts } from './parts.ts';

export type ReplyInput = {
  readonly conversationId: string;
  readonly inReplyTo: string;
  readonly turnId: string;
  readonly agentId: string;
  readonly locale: string;
  readonly phase: ReplyTrace['phase'];
  readonly message: string;
  readonly history: readonly { role: string; text: string }[];
  readonly discloseAi: boolean;
};

const roles = ['CUSTOMER', 'AGENT', 'HUMAN_AGENT', 'SYSTEM'] as const;
type Role = (typeof roles)[number];
const isRole = (role: string): role is Role => (roles as readonly string[]).includes(role);

/**
 * The reply to a customer's turn. It is stored before anybody hears a word of it: asked again after a crash, the agent
 * says the same again, whatever its knowledge has become since.
 * @returns the reply and the voice its agent speaks with (null: chosen by locale); null when there is no such agent
 */
export const composeOnce = async (
  parts: Parts,
  { actor, signal }: { actor: Actor; signal: AbortSignal | undefined },
  input: ReplyInput,
): Promise<{ trace: ReplyTrace; voiceId: string | null } | null> => {
  const { tenantId } = actor;
  const sql = parts.database.sql(tenantId);
  const { reply, settings, knowledge: asOf } = await readReplyBasis(sql, input.agentId, input.inReplyTo);
  if (reply !== null) return { trace: reply, voiceId: settings?.voiceId ?? null };
  if (settings === null) return null;
  const { knowledgeBaseId, voiceId } = settings;

  const client = parts.database.forTenant(tenantId);
  const started = performance.now();
  const composed = await compose(
    parts,
    {
      agent: { name: settings.name, locale: settings.locale, personality: settings.personality },
      locale: input.locale,
      phase: input.phase,
      history: input.history.flatMap(({ role, text }) => (isRole(role) ? [{ role, text }] : [])),
      message: input.message,
      discloseAi: input.discloseAi,
      // N19: whatever the customer says, only this tenant's and this agent's knowledge can be reached from here.
      search: async (query, first) =>
        knowledgeBaseId === null
          ? []
          : ((await parts.knowledge.search({ client, tenantId, knowledgeBaseId, asOf }, query, first)) ?? []),
      ...(signal ? { signal } : {}),
    },
    started,
  );
  const now = parts.clock();
  const trace: NewReplyTrace = {
    tenantId,
    turnId: input.turnId,
    inReplyToId: input.inReplyTo,
    conversationId: input.conversationId,
    agentId: input.agentId,
    createdAt: now,
    ...composed,
  };
  const isFirst = await insertReply(sql, trace, replyComposed(trace), actor);
  if (isFirst) {
    parts.eventsCommitted();
    return { trace, voiceId };
  }
  const other = await findReply(sql, input.inReplyTo);
  if (other === null) throw new Error(`turn ${input.turnId} is the reply to another turn already`);
  return { trace: other, voiceId };
};

type Composed = Omit<NewReplyTrace, 'tenantId' | 'turnId' | 'inReplyToId' | 'conversationId' | 'agentId' | 'createdAt'>;

/** Runs the engine to its end. */
const compose = async (parts: Parts, request: ReplyRequest, started: number): Promise<Composed> => {
  let understood: { part: Extract<ReplyPart, { kind: 'UNDERSTOOD' }>; ms: number } | null = null;
  let completed: Extract<ReplyPart, { kind: 'COMPLETED' }> | null = null;
  let text = '';
  for await (const part of parts.engine(request)) {
    if (part.kind === 'UNDERSTOOD') understood = { part, ms: elapsed(started) };
    else if (part.kind === 'DELTA') text += part.text;
    else completed = part;
  }
  request.signal?.throwIfAborted();
  if (understood === null || completed === null || text === '') throw new Error('the reply engine ended early');
  const { intent, sentiment, objection, phase, language } = understood.part;
  return {
    strategy: completed.strategy,
    model: completed.model,
    language,
    intentName: intent.name,
    intentConfidence: intent.confidence,
    intentOutOfScope: intent.outOfScope,
    sentiment,
    objection,
    phase,
    text,
    citations: completed.citations.map(({ id, documentId, documentTitle, text, score }) => ({
      passageId: id,
      documentId,
      documentTitle,
      text,
      score,
    })),
    inputTokens: completed.inputTokens,
    outputTokens: completed.outputTokens,
    understandMs: understood.ms,
    composeMs: elapsed(started),
  };
};
const elapsed = (since: number): number => Math.round(performance.now() - since);

const replyComposed = (trace: NewReplyTrace): ReplyComposed => ({
  type: 'agent.ReplyComposed',
  data: {
    conversationId: trace.conversationId,
    turnId: trace.turnId,
    inReplyTo: trace.inReplyToId,
    agentId: trace.agentId,
    strategy: trace.strategy,
    model: trace.model,
    intent: { name: trace.intentName, confidence: trace.intentConfidence, outOfScope: trace.intentOutOfScope },
    citedDocumentIds: [...new Set(trace.citations.map(({ documentId }) => documentId))],
    inputTokens: trace.inputTokens,
    outputTokens: trace.outputTokens,
    composeMs: trace.composeMs,
  },
});
