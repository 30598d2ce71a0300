import type { Event } from '@parley/kernel/event';

/** What voice tells the rest of the platform. Topic `voice.events`, keyed and ordered by conversation (or synthesis). Durations are milliseconds. */
export const voiceTopic = 'voice.events';

/** READY: it plays. FAILED: a moment of silence stands in for it. UNAVAILABLE: there is no voice, and no audio. */
export type AudioChunkStatus = 'READY' | 'FAILED' | 'UNAVAILABLE';

/** A sentence of a turn was made audio, or could not be. `position` is its place in the conversation's audio, null without audio. */
export type AudioChunkSynthesized = Event<
  'voice.AudioChunkSynthesized',
  {
    conversationId: string;
    turnId: string;
    chunkId: string;
    sequence: number;
    position: number | null;
    status: AudioChunkStatus;
    startMs: number;
    durationMs: number;
    isFinal: boolean;
    voiceId: string | null;
    locale: string;
  }
>;
/** Barge-in: `playedMs` of the `durationMs` made so far were heard, and nothing more is said in this turn. */
export type TurnAudioCut = Event<
  'voice.TurnAudioCut',
  { conversationId: string | null; turnId: string; playedMs: number; durationMs: number }
>;
/** Speech was made on request, outside a conversation. */
export type SpeechSynthesized = Event<
  'voice.SpeechSynthesized',
  { synthesisId: string; chunkCount: number; durationMs: number; voiceId: string; locale: string }
>;

export type VoiceEvent = AudioChunkSynthesized | TurnAudioCut | SpeechSynthesized;
