import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { fromJsonRow, type JsonRow, toJsonRow } from '@parley/kernel/jsonRow';
import type { StoredPart } from '@parley/kernel/resumableStream';
import type { Sql, SqlTransaction } from '@parley/kernel/sql';
import type { VoiceEvent } from '../events.ts';
import type { AudioChunk } from '../generated/prisma/client.ts';
import type { Client, Tx } from './database.ts';
import type { SpokenWord } from './speech/speechSynthesizer.ts';

/** A chunk of a conversation as it is stored, and as it travels to subscribers. */
export type StoredChunk = Omit<AudioChunk, 'createdAt' | 'words'> & { readonly words: readonly SpokenWord[] };
export type StreamedChunk = StoredChunk & { readonly conversationId: string; readonly position: number };

export const audioChannel = (tenantId: string, conversationId: string) => `voice:${tenantId}:audio:${conversationId}`;
export const audioStream = (conversationId: string) => `audio:${conversationId}`;

export const toStored = ({ createdAt: _, words, ...row }: AudioChunk): StoredChunk => ({
  ...row,
  words: words as unknown as readonly SpokenWord[],
});

/** A turn's audio, held until the transaction ends, after its conversation's: always in this order. */
export type LockedTurnAudio = { lastSequence: number; durationMs: number; cutAtMs: number | null; position: number };

const holdConversation = `
  INSERT INTO voice.conversation_audio (tenant_id, conversation_id) VALUES (platform.tenant_id(), $1::uuid)
  ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET position = conversation_audio.position RETURNING position`;
const holdTurn = `
  INSERT INTO voice.turn_audio (tenant_id, turn_id, conversation_id) VALUES (platform.tenant_id(), $1::uuid, $2::uuid)
  ON CONFLICT (tenant_id, turn_id) DO UPDATE SET conversation_id = coalesce(turn_audio.conversation_id, excluded.conversation_id)
  RETURNING conversation_id AS "conversationId", last_sequence AS "lastSequence", duration_ms AS "durationMs", cut_at_ms AS "cutAtMs"`;

/** Makes the rows of a conversation's and a turn's audio where they are missing, and holds both until the transaction ends. */
export const lockTurnAudio = async (
  tx: SqlTransaction,
  conversationId: string,
  turnId: string,
): Promise<LockedTurnAudio> => {
  const [[conversation], [turn]] = await Promise.all([
    tx.query<{ position: number }>(holdConversation, [conversationId]),
    tx.query<Omit<LockedTurnAudio, 'position'> & { conversationId: string }>(holdTurn, [turnId, conversationId]),
  ]);
  if (!conversation || !turn) throw new Error('the rows of the audio cannot be held');
  if (turn.conversationId !== conversationId) throw new Error('the turn belongs to another conversation');
  return { ...turn, position: conversation.position };
};

const dates = new Set(['createdAt']);
const chunkOf = `SELECT to_jsonb(c) AS row FROM voice.audio_chunk c
  WHERE c.tenant_id = platform.tenant_id() AND c.turn_id = $1::uuid AND c.sequence = $2`;
/** A turn's sentence as it was stored, or null. */
export const findTurnChunk = async (
  tx: SqlTransaction,
  turnId: string,
  sequence: number,
): Promise<StoredChunk | null> => {
  const [found] = await tx.query<{ row: JsonRow }>(chunkOf, [turnId, sequence]);
  return found === undefined ? null : toStored(fromJsonRow<AudioChunk>(found.row, dates));
};
const turnAt = `SELECT to_jsonb(c) AS row, t.cut_at_ms IS NOT NULL AS "isCut" FROM voice.turn_audio t
  LEFT JOIN voice.audio_chunk c ON c.tenant_id = t.tenant_id AND c.turn_id = t.turn_id AND c.sequence = $2
  WHERE t.tenant_id = platform.tenant_id() AND t.turn_id = $1::uuid`;
/** What is known of a turn's sentence before it is made. */
export const lookUpSentence = async (
  sql: Sql,
  turnId: string,
  sequence: number,
): Promise<{ chunk: StoredChunk | null; isCut: boolean }> => {
  const [found] = await sql.run<{ row: JsonRow | null; isCut: boolean }>(turnAt, [turnId, sequence]);
  if (found === undefined) return { chunk: null, isCut: false };
  return { chunk: found.row && toStored(fromJsonRow<AudioChunk>(found.row, dates)), isCut: found.isCut };
};

export type NewChunk = Pick<
  AudioChunk,
  | 'id'
  | 'conversationId'
  | 'turnId'
  | 'sequence'
  | 'status'
  | 'text'
  | 'voiceId'
  | 'locale'
  | 'blobKey'
  | 'blobChecksum'
  | 'durationMs'
  | 'isFinal'
  | 'createdAt'
> & { conversationId: string; turnId: string; words: readonly SpokenWord[] };

const shifted = (words: readonly SpokenWord[], by: number): SpokenWord[] =>
  words.map(({ text, startMs, endMs }) => ({ text, startMs: startMs + by, endMs: endMs + by }));

// The chunk, what it changes of its turn and its conversation, and the event, in one trip.
const append = `
  WITH input AS (SELECT $1::jsonb AS chunk, $2::jsonb AS event),
  chunk AS (
    INSERT INTO voice.audio_chunk SELECT (jsonb_populate_record(NULL::voice.audio_chunk, chunk)).* FROM input RETURNING *
  ), turn AS (
    UPDATE voice.turn_audio t SET last_sequence = c.sequence, duration_ms = t.duration_ms + c.duration_ms, complete = t.complete OR c.is_final,
      first_chunk_at = CASE WHEN c.blob_key IS NULL THEN t.first_chunk_at ELSE coalesce(t.first_chunk_at, c.created_at) END
    FROM chunk c WHERE t.tenant_id = c.tenant_id AND t.turn_id = c.turn_id
  ), conversation AS (
    UPDATE voice.conversation_audio a SET position = c.position
    FROM chunk c WHERE a.tenant_id = c.tenant_id AND a.conversation_id = c.conversation_id AND c.position IS NOT NULL
  )
  INSERT INTO voice.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
  SELECT c.tenant_id, (event ->> 'id')::uuid, c.conversation_id,
    coalesce((SELECT max(version) FROM voice.event x WHERE x.tenant_id = c.tenant_id AND x.aggregate_id = c.conversation_id), 0) + 1,
    event ->> 'type', 1, event -> 'data', event -> 'actor', c.created_at
  FROM chunk c, input`;

/** Appends a chunk to its turn, and to the conversation's stream if it has audio. The caller holds the turn's audio. */
export const appendTurnChunk = async (
  tx: SqlTransaction,
  tenantId: string,
  held: LockedTurnAudio,
  chunk: NewChunk,
  eventOf: (chunk: StoredChunk) => VoiceEvent,
  actor: Pick<Actor, 'kind' | 'id'>,
): Promise<StoredChunk> => {
  const { durationMs: startMs } = held;
  const row = {
    ...chunk,
    tenantId,
    synthesisId: null,
    position: chunk.blobKey === null ? null : held.position + 1,
    startMs,
    words: shifted(chunk.words, startMs),
  };
  const { createdAt: _, ...stored } = row;
  const event = { ...eventOf(stored), id: uuidv7(), actor: { kind: actor.kind, id: actor.id } };
  await tx.query(append, [JSON.stringify(toJsonRow(row)), JSON.stringify(event)]);
  return stored;
};

/** Stores the chunks of a synthesis, in order, one after the other in time. */
export const insertSynthesis = async (
  tx: Tx,
  tenantId: string,
  synthesis: { id: string; voiceId: string; locale: string; createdAt: Date },
  chunks: readonly Omit<NewChunk, 'conversationId' | 'turnId'>[],
): Promise<StoredChunk[]> => {
  await tx.synthesis.create({ data: { tenantId, ...synthesis }, select: { id: true } });
  let startMs = 0;
  const data = chunks.map((chunk) => {
    const row = { ...chunk, tenantId, synthesisId: synthesis.id, startMs, words: shifted(chunk.words, startMs) };
    startMs += chunk.durationMs;
    return row;
  });
  await tx.audioChunk.createMany({ data });
  return data.map(({ createdAt: _, ...row }) => ({ ...row, conversationId: null, turnId: null, position: null }));
};

const pageSize = 100;

/** A page of a conversation's audio after a position; complete when the conversation has ended and every reply is voiced. */
export const readAudioChunks = async (
  client: Client,
  tenantId: string,
  conversationId: string,
  after: number,
): Promise<StoredPart<StreamedChunk>> => {
  // The end is looked at first: what is appended between the two reads then shows up as "not complete yet".
  const conversation = await client.conversationAudio.findUnique({
    where: { tenantId_conversationId: { tenantId, conversationId } },
  });
  const rows = await client.audioChunk.findMany({
    where: { conversationId, position: { gt: after } },
    orderBy: { position: 'asc' },
    take: pageSize,
  });
  const items = rows.map((row) => toStored(row) as StreamedChunk);
  const last = items.at(-1)?.position ?? after;
  return {
    items,
    more: rows.length === pageSize,
    complete: conversation?.ended === true && conversation.awaited <= 0 && last >= conversation.position,
  };
};
