import type { StoredEvent } from '@parley/kernel/event';
import type { Conversation, ConversationState, Turn } from '../domain/conversation.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';

/** What an event meets: the last version received of its aggregate, and the conversation as counted up to there. */
export type Counted = {
  readonly last: number;
  /** this very event was received before */
  readonly known: boolean;
  readonly state: ConversationState | null;
  /** the conversation's row version, for `keepCounted` */
  readonly stamp: string | null;
};

/** Reads it in one statement, so that all of it is of one moment. Of the turns, only those named. */
export const readCounted = async (
  client: Client,
  topic: string,
  event: StoredEvent,
  turnIds: readonly string[],
): Promise<Counted> => {
  const [row] = await client.$queryRaw<
    { last: number; known: boolean; conversation: (Conversation & { stamp: string }) | null; turns: Turn[] | null }[]
  >`SELECT
    coalesce((SELECT max(version) FROM analytics.received_event
      WHERE tenant_id = platform.tenant_id() AND topic = ${topic} AND aggregate_id = ${event.aggregateId}::uuid), 0) AS last,
    EXISTS (SELECT FROM analytics.received_event WHERE tenant_id = platform.tenant_id() AND id = ${event.id}::uuid) AS known,
    (SELECT to_jsonb(c) FROM (
      SELECT id, agent_id AS "agentId", channel, locale, started_at AS "startedAt", last_event_at AS "lastEventAt", ended_at AS "endedAt",
        outcome, phases, turn_count AS "turnCount", interruption_count AS "interruptionCount", failed_turn_count AS "failedTurnCount",
        agent_speech_ms AS "agentSpeechMs", customer_word_count AS "customerWordCount", version, xmin::text AS stamp
      FROM analytics.conversation WHERE tenant_id = platform.tenant_id() AND id = ${event.aggregateId}::uuid) c) AS conversation,
    (SELECT jsonb_agg(t) FROM (
      SELECT id, role, word_count AS "wordCount", intent, sentiment, objection, time_to_first_token AS "timeToFirstToken",
        time_to_first_audio AS "timeToFirstAudio", total_ms AS "totalMs", audio_ms AS "audioMs", played_ms AS "playedMs", failed
      FROM analytics.turn WHERE tenant_id = platform.tenant_id() AND conversation_id = ${event.aggregateId}::uuid
        AND id = ANY(${[...turnIds]}::uuid[])) t) AS turns`;
  const { last = 0, known = false, conversation = null, turns = null } = row ?? {};
  if (conversation === null) return { last, known, state: null, stamp: null };
  const { stamp, startedAt, lastEventAt, endedAt, ...counts } = conversation;
  return {
    last,
    known,
    stamp,
    state: {
      conversation: {
        ...counts,
        startedAt: iso(startedAt),
        lastEventAt: iso(lastEventAt),
        endedAt: endedAt === null ? null : iso(endedAt),
      },
      turns: new Map((turns ?? []).map((turn) => [turn.id, turn])),
    },
  };
};
const iso = (time: string): string => new Date(time).toISOString();

/**
 * Keeps the event and what it makes of the conversation (`after`; null: nothing), both or neither, if nothing has moved
 * since `counted` was read; waits while the read model is rebuilt.
 * @returns false when something has moved: read again
 */
export const keepCounted = async (
  client: Client,
  topic: string,
  event: StoredEvent & { readonly problem: string | null; readonly receivedAt: Date },
  counted: Counted,
  after: ConversationState | null,
): Promise<boolean> => {
  const moved = after === null ? Prisma.sql`SELECT id FROM gate` : moveConversation(counted.stamp, after.conversation);
  const turns = [...(after?.turns.values() ?? [])].filter((turn) => counted.state?.turns.get(turn.id) !== turn);
  try {
    const [row] = await client.$queryRaw<{ kept: number }[]>`
      WITH gate AS MATERIALIZED (
        SELECT ${event.aggregateId}::uuid AS id, pg_advisory_xact_lock_shared(hashtextextended('analytics ' || platform.tenant_id(), 0))::text AS locked
      ), moved AS (${moved}), inbox AS (
        INSERT INTO analytics.received_event
          (tenant_id, id, topic, aggregate_id, version, type, schema_version, data, occurred_at, received_at, problem)
        SELECT platform.tenant_id(), ${event.id}::uuid, ${topic}, moved.id, ${event.version}::int, ${event.type}, ${event.schemaVersion}::int,
          ${JSON.stringify(event.data)}::jsonb, ${event.occurredAt}::timestamptz, ${event.receivedAt}::timestamptz, ${event.problem} FROM moved
        RETURNING aggregate_id AS id
      ), said AS (${turns.length === 0 ? Prisma.sql`SELECT` : upsertTurns(turns)})
      SELECT count(*)::int AS kept FROM inbox`;
    return row?.kept === 1;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
};

/** The row is written only if it still is the one that was read; a new one only if there still is none. */
const moveConversation = (stamp: string | null, after: Conversation) => {
  const { startedAt, lastEventAt, endedAt, outcome, version } = after;
  const phases = Prisma.sql`${[...after.phases]}::analytics."ConversationPhase"[]`;
  const counts = Prisma.sql`${after.turnCount}::int, ${after.interruptionCount}::int, ${after.failedTurnCount}::int, ${after.agentSpeechMs}::bigint, ${after.customerWordCount}::bigint`;
  return stamp === null
    ? Prisma.sql`INSERT INTO analytics.conversation (tenant_id, id, agent_id, channel, locale, started_at, last_event_at, ended_at, outcome, phases,
          turn_count, interruption_count, failed_turn_count, agent_speech_ms, customer_word_count, version)
        SELECT platform.tenant_id(), gate.id, ${after.agentId}::uuid, ${after.channel}::analytics."Channel", ${after.locale}, ${startedAt}::timestamptz,
          ${lastEventAt}::timestamptz, ${endedAt}::timestamptz, ${outcome}::analytics."Outcome", ${phases}, ${counts}, ${version}::int FROM gate RETURNING id`
    : Prisma.sql`UPDATE analytics.conversation c
        SET (last_event_at, ended_at, outcome, phases, turn_count, interruption_count, failed_turn_count, agent_speech_ms, customer_word_count, version)
          = (${lastEventAt}::timestamptz, ${endedAt}::timestamptz, ${outcome}::analytics."Outcome", ${phases}, ${counts}, ${version}::int)
        FROM gate WHERE c.tenant_id = platform.tenant_id() AND c.id = gate.id AND c.xmin = ${stamp}::text::xid RETURNING c.id`;
};

const upsertTurns = (turns: readonly Turn[]) => Prisma.sql`
  INSERT INTO analytics.turn (tenant_id, conversation_id, id, role, word_count, intent, sentiment, objection, time_to_first_token,
    time_to_first_audio, total_ms, audio_ms, played_ms, failed)
  SELECT platform.tenant_id(), inbox.id, t.id, t.role, t."wordCount", t.intent, t.sentiment, t.objection, t."timeToFirstToken",
    t."timeToFirstAudio", t."totalMs", t."audioMs", t."playedMs", t.failed
  FROM inbox, jsonb_to_recordset(${JSON.stringify(turns)}::jsonb) AS t(id uuid, role analytics."TurnRole", "wordCount" int, intent text,
    sentiment float8, objection text, "timeToFirstToken" int, "timeToFirstAudio" int, "totalMs" int, "audioMs" int, "playedMs" int, failed boolean)
  ON CONFLICT (tenant_id, conversation_id, id) DO UPDATE SET (word_count, intent, sentiment, objection, time_to_first_token,
    time_to_first_audio, total_ms, audio_ms, played_ms, failed) = (excluded.word_count, excluded.intent, excluded.sentiment, excluded.objection,
    excluded.time_to_first_token, excluded.time_to_first_audio, excluded.total_ms, excluded.audio_ms, excluded.played_ms, excluded.failed)`;

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError &&
  (error.code === 'P2002' || JSON.stringify(error.meta ?? {}).includes('23505'));
