import type { AudioChunkStatus } from '../events.ts';

export const audioStatuses = ['PENDING', 'READY', 'PARTIAL', 'UNAVAILABLE', 'FAILED'] as const;
/**
 * PENDING: more is to come. READY: all of it plays. PARTIAL: a part is missing, or the turn was cut short. UNAVAILABLE:
 * there is no voice for it. FAILED: nothing could be made. The turn's text stands in every case.
 */
export type AudioStatus = (typeof audioStatuses)[number];

export const audioStatus = (turn: {
  readonly complete: boolean;
  readonly cutAtMs: number | null;
  readonly chunks: readonly { readonly status: AudioChunkStatus }[];
}): AudioStatus => {
  const has = (status: AudioChunkStatus) => turn.chunks.some((chunk) => chunk.status === status);
  if (turn.cutAtMs !== null) return 'PARTIAL';
  if (!turn.complete) return 'PENDING';
  if (has('READY')) return has('FAILED') || has('UNAVAILABLE') ? 'PARTIAL' : 'READY';
  return has('FAILED') ? 'FAILED' : 'UNAVAILABLE';
};
