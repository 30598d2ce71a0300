import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startAnalytics } from '@parley/analytics/server';
import { openPool } from '@parley/kernel/database';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import type pg from 'pg';
import type { Metrics, StoredConversation, StoredTurn } from './checker.ts';

/** The embedded PostgreSQL of a data folder, as its superuser: it sees every tenant. Null while no server runs there. */
export const adminUrlOf = async (dataDir: string): Promise<string | null> => {
  const folder = path.join(dataDir, 'postgres');
  const pid = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => null);
  const password = await readFile(`${folder}.password`, 'utf8').catch(() => null);
  const port = pid?.split('\n')[3]?.trim();
  return port && password ? `postgresql://postgres:${password.trim()}@127.0.0.1:${port}/postgres` : null;
};

/** What was under way when the process died: how many conversations are in each phase. */
export type UnderWay = { storing: number; streaming: number; synthesizing: number; recording: number };

export const underWay = async (admin: pg.Client): Promise<UnderWay> => {
  const { rows } = await admin.query<UnderWay>(`SELECT
    (SELECT count(*)::int FROM sales.turn c WHERE c.role = 'CUSTOMER'
      AND NOT EXISTS (SELECT FROM sales.turn r WHERE r.tenant_id = c.tenant_id AND r.in_reply_to_id = c.id)) AS storing,
    (SELECT count(*)::int FROM sales.turn WHERE state = 'STREAMING') AS streaming,
    (SELECT count(*)::int FROM sales.turn WHERE role = 'AGENT' AND state <> 'STREAMING' AND NOT voiced) AS synthesizing,
    (SELECT count(*)::int FROM (SELECT aggregate_id FROM sales.event WHERE sent_at IS NULL
      UNION SELECT aggregate_id FROM voice.event WHERE sent_at IS NULL) waiting) AS recording`);
  return rows[0] ?? { storing: 0, streaming: 0, synthesizing: 0, recording: 0 };
};

/** Where audio lies as files, and how many bytes of facts lie behind the sound in each. */
export type AudioFiles = { readonly folder: string; readonly factsBytes: number };
/** The platform's own store, in a data folder. */
export const ownAudio = (dataDir: string): AudioFiles => ({ folder: path.join(dataDir, 'audio'), factsBytes: 96 });

/** Everything the database and the audio's files hold of the conversations. */
export const readStore = async (
  audio: AudioFiles,
  admin: pg.Client,
  conversationIds: readonly string[],
  metrics: { stored: ReadonlyMap<string, Metrics>; rebuilt: ReadonlyMap<string, Metrics> },
): Promise<Map<string, StoredConversation>> => {
  const ids = [conversationIds];
  const { rows } = await admin.query<{ id: string; pendingReplies: number }>(
    'SELECT id, pending_replies AS "pendingReplies" FROM sales.conversation WHERE id = ANY($1)',
    ids,
  );
  const turns = await admin.query<StoredTurn & { conversationId: string }>(
    `SELECT conversation_id AS "conversationId", id, sequence, role::text, state::text, text, in_reply_to_id AS "inReplyTo", client_message_id AS "clientMessageId"
     FROM sales.turn WHERE conversation_id = ANY($1) ORDER BY sequence`,
    ids,
  );
  const updates = await admin.query<StoredConversation['updates'][number] & { conversationId: string }>(
    `SELECT conversation_id AS "conversationId", position, kind::text, text_delta AS "textDelta", turn_id AS "turnId"
     FROM sales.turn_update WHERE conversation_id = ANY($1) ORDER BY position`,
    ids,
  );
  const chunks = await admin.query<
    StoredConversation['chunks'][number] & { conversationId: string; blobKey: string | null }
  >(
    `SELECT conversation_id AS "conversationId", id, turn_id AS "turnId", sequence, is_final AS "isFinal", position, text, blob_key AS "blobKey"
     FROM voice.audio_chunk WHERE conversation_id = ANY($1) ORDER BY position`,
    ids,
  );
  const events = await admin.query<{ conversationId: string; version: number; sent: boolean }>(
    `SELECT aggregate_id AS "conversationId", version, sent_at IS NOT NULL AS sent FROM sales.event WHERE aggregate_id = ANY($1) ORDER BY version`,
    ids,
  );
  const playable = new Map<string, boolean>();
  for (const { id, blobKey } of chunks.rows) playable.set(id, await isRecording(audio, blobKey));
  const of = <T extends { conversationId: string }>(result: { rows: T[] }, id: string) =>
    result.rows.filter(({ conversationId }) => conversationId === id).map(({ conversationId: _, ...row }) => row);
  return new Map(
    rows.map(({ id, pendingReplies }) => [
      id,
      {
        id,
        pendingReplies,
        turns: of(turns, id),
        updates: of(updates, id),
        chunks: of(chunks, id).map(({ blobKey: _, ...chunk }) => ({
          ...chunk,
          playable: playable.get(chunk.id) ?? false,
        })),
        eventVersions: of(events, id).map(({ version }) => version),
        unsentEvents: of(events, id).filter(({ sent }) => !sent).length,
        metrics: metrics.stored.get(id) ?? null,
        rebuiltMetrics: metrics.rebuilt.get(id) ?? null,
      },
    ]),
  );
};

/** A WAV file that is all there. */
const isRecording = async ({ folder, factsBytes }: AudioFiles, blobKey: string | null): Promise<boolean> => {
  if (blobKey === null) return false;
  const bytes = await readFile(path.join(folder, blobKey)).catch(() => null);
  return (
    bytes !== null &&
    bytes.toString('latin1', 0, 4) === 'RIFF' &&
    bytes.readUInt32LE(4) === bytes.length - factsBytes - 8
  );
};

const metricsQuery = `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Conversation { metrics {
  turnCount interruptionCount failedTurnCount talkRatio sentiment durationMs outcome phasePath
  timeToFirstTokenMs { p50 p95 p99 count } timeToFirstAudioMs { p50 p95 p99 count } totalMs { p50 p95 p99 count } } } } }`;

/** Analytics' numbers as they are, and as they are after it has made them again from the events it received. */
export const readMetrics = async (
  adminUrl: string,
  tenantId: string,
  conversationIds: readonly string[],
): Promise<{ stored: Map<string, Metrics>; rebuilt: Map<string, Metrics> }> => {
  const pool = openPool(adminUrl, { max: 4 });
  const log = createLog({ level: 'error', service: 'crash run' });
  const analytics = await startAnalytics({
    pool,
    bus: inProcessBus(),
    pubsub: memoryPubSub(),
    log,
    clock: () => new Date(),
  });
  const read = async () => {
    const { data, errors } = await analytics.subgraph.execute({
      query: metricsQuery,
      variables: { representations: conversationIds.map((id) => ({ __typename: 'Conversation', id })) },
      actor: {
        kind: 'USER',
        id: tenantId,
        tenantId,
        role: 'OWNER',
        scopes: ['analytics:read'],
        partnerId: null,
        conversationId: null,
        sessionId: null,
        expiresAt: null,
      },
      requestId: 'crash-run',
    });
    if (errors?.length) throw new Error(JSON.stringify(errors));
    const entities = (data as { _entities: ({ metrics: Metrics | null } | null)[] })._entities;
    return new Map(
      conversationIds.flatMap((id, index) => {
        const metrics = entities[index]?.metrics;
        return metrics ? [[id, metrics] as const] : [];
      }),
    );
  };
  try {
    const stored = await read();
    await analytics.rebuild(tenantId);
    return { stored, rebuilt: await read() };
  } finally {
    await analytics.stop();
    await pool.end();
  }
};
