/** A voice a synthesizer offers. `id` is stable for ever: agents store it. `locale` is BCP 47. */
export type SpeechVoice = { readonly id: string; readonly name: string; readonly locale: string };

/** `rate` multiplies the voice's normal speed (1 when left out). */
export type SpeechRequest = {
  readonly text: string;
  readonly voiceId: string;
  readonly locale: string;
  readonly rate?: number;
};

/** One word of the request's text, verbatim with its punctuation; times are from the start of `samples`. */
export type SpokenWord = { readonly text: string; readonly startMs: number; readonly endMs: number };

/** Mono 16-bit PCM. The words cover the text in order; each ends where the next starts, the last at `durationMs`. */
export type Speech = {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly words: readonly SpokenWord[];
  readonly durationMs: number;
};

/** Lower `priority` goes first: 0 is the first sentence of a turn, whose wait the customer hears. */
export type SynthesizeOptions = { readonly priority: number; readonly signal?: AbortSignal };

/**
 * Text-to-speech. `synthesize` rejects with VoiceUnavailable (no such voice here), SpeechFailed (the engine failed,
 * after its own retry), SpeechClosed or the signal's reason. `close` frees processes and rejects what is still waiting.
 */
export type SpeechSynthesizer = {
  voices(): Promise<readonly SpeechVoice[]>;
  synthesize(request: SpeechRequest, options: SynthesizeOptions): Promise<Speech>;
  close(): Promise<void>;
};

/** No voice with this id is left on this installation: the text stands, its audio is unavailable. */
export class VoiceUnavailable extends Error {
  constructor(voiceId: string) {
    super(`no voice ${JSON.stringify(voiceId)} here`);
    this.name = 'VoiceUnavailable';
  }
}

/** The engine crashed, hung or refused, and its retry did too. */
export class SpeechFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpeechFailed';
  }
}

/** We are stopping: the sentence was not tried, and may be asked for again. */
export class SpeechClosed extends Error {
  constructor() {
    super('speech is closed');
    this.name = 'SpeechClosed';
  }
}
