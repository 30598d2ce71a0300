import type { StoredPart } from '@parley/kernel/resumableStream';
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

/** Makes the rows of a conversation's and a turn's audio where they are missing, and holds both until the transaction ends. */
export const lockTurnAudio = async (tx: Tx, conversationId: string, turnId: string): Promise<LockedTurnAudio> => {
  const [conversation] = await tx.$queryRaw<{ position: number }[]>`
    INSERT INTO voice.conversation_audio (tenant_id, conversation_id) VALUES (platform.tenant_id(), ${conversationId}::uuid)
    ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET position = conversation_audio.position RETURNING position`;
  const [turn] = await tx.$queryRaw<(Omit<LockedTurnAudio, 'position'> & { conversationId: string })[]>`
    INSERT INTO voice.turn_audio (tenant_id, turn_id, conversation_id)
    VALUES (platform.tenant_id(), ${turnId}::uuid, ${conversationId}::uuid)
    ON CONFLICT (tenant_id, turn_id) DO UPDATE SET conversation_id = coalesce(turn_audio.conversation_id, excluded.conversation_id)
    RETURNING conversation_id AS "conversationId", last_sequence AS "lastSequence", duration_ms AS "durationMs", cut_at_ms AS "cutAtMs"`;
  if (!conversation || !turn) throw new Error('the rows of the audio cannot be held');
  if (turn.conversationId !== conversationId) throw new Error('the turn belongs to another conversation');
  return { ...turn, position: conversation.position };
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
  | 'durationMs'
  | 'isFinal'
  | 'createdAt'
> & { conversationId: string; turnId: string; words: readonly SpokenWord[] };

const shifted = (words: readonly SpokenWord[], by: number): SpokenWord[] =>
  words.map(({ text, startMs, endMs }) => ({ text, startMs: startMs + by, endMs: endMs + by }));

/** Appends a chunk to its turn, and to the conversation's stream if it has audio. The caller holds the turn's audio. */
export const appendTurnChunk = async (
  tx: Tx,
  tenantId: string,
  held: LockedTurnAudio,
  chunk: NewChunk,
): Promise<StoredChunk> => {
  const audible = chunk.blobKey !== null;
  const position = audible ? held.position + 1 : null;
  const { durationMs: startMs } = held;
  const row = await tx.audioChunk.create({
    data: { ...chunk, tenantId, position, startMs, words: shifted(chunk.words, startMs) },
  });
  await tx.$executeRaw`
    UPDATE voice.turn_audio SET last_sequence = ${chunk.sequence}, duration_ms = duration_ms + ${chunk.durationMs},
      complete = complete OR ${chunk.isFinal},
      first_chunk_at = CASE WHEN ${audible} THEN coalesce(first_chunk_at, ${chunk.createdAt}) ELSE first_chunk_at END
    WHERE tenant_id = platform.tenant_id() AND turn_id = ${chunk.turnId}::uuid`;
  if (audible) {
    await tx.$executeRaw`
      UPDATE voice.conversation_audio SET position = position + 1
      WHERE tenant_id = platform.tenant_id() AND conversation_id = ${chunk.conversationId}::uuid`;
  }
  return toStored(row);
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
