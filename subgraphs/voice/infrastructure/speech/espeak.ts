import { createRequire } from 'node:module';
import { type EspeakWord, espeakText } from './espeakText.ts';
import { espeakVoices } from './espeakVoices.ts';
import { createProcessPool, type ProcessPool } from './processPool.ts';
import { type SpeechSynthesizer, VoiceUnavailable } from './speechSynthesizer.ts';
import { wordTimings } from './wordTimings.ts';

/** One request of the child. `pitch` 0..99. */
export type EspeakJob = {
  readonly ssml: string;
  readonly voice: string;
  readonly pitch: number;
  readonly wordsPerMinute: number;
};
export type EspeakResult = {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly words: readonly EspeakWord[];
};

const normalWordsPerMinute = 165;

/** Where a package's entry file is, or null where it is not installed (it is optional). The package is not loaded. */
export const optionalPackage = (name: string): string | null => {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return null;
  }
};

export type EspeakOptions = {
  /** entry file of `@echogarden/espeak-ng-emscripten` */
  readonly entry: string;
  readonly processes: number;
  /** A folder only we can write: keeps the child's compiled code, which saves it a fifth of its memory. */
  readonly cacheFolder?: string | undefined;
  readonly requestTimeoutMs?: number;
};

/** The child processes of `espeak`; `--max-semi-space-size` and the rest keep one near 100 MB. */
export const espeakPool = (options: EspeakOptions): ProcessPool<EspeakJob, EspeakResult> =>
  createProcessPool({
    module: new URL('./espeakChild.ts', import.meta.url),
    args: [options.entry, [...new Set(espeakVoices.map(({ dictionary }) => dictionary))].join(',')],
    execArgv: [
      '--max-semi-space-size=1',
      '--max-old-space-size=96',
      '--v8-pool-size=1',
      '--disable-warning=ExperimentalWarning',
    ],
    env: options.cacheFolder ? { NODE_COMPILE_CACHE: options.cacheFolder } : {},
    size: options.processes,
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
  });

/** espeak-ng's voices over a pool of its processes. */
export const espeak = (pool: ProcessPool<EspeakJob, EspeakResult>): SpeechSynthesizer => {
  const voices = espeakVoices.map(({ id, name, locale }) => ({ id, name, locale }));
  return {
    voices: async () => voices,
    async synthesize({ text, voiceId, rate = 1 }, { priority, signal }) {
      const voice = espeakVoices.find(({ id }) => id === voiceId);
      if (!voice) throw new VoiceUnavailable(voiceId);
      const prepared = espeakText(text);
      const wordsPerMinute = Math.round(Math.min(450, Math.max(80, normalWordsPerMinute * rate)));
      const { samples, sampleRate, words } = await pool.run(
        { ssml: prepared.ssml, voice: voice.engineVoice, pitch: voice.pitch, wordsPerMinute },
        signal ? { priority, signal } : { priority },
      );
      const durationMs = Math.round((samples.length * 1_000) / sampleRate);
      return { samples, sampleRate, words: wordTimings(text, prepared.eventsIn(words), durationMs), durationMs };
    },
    close: () => pool.close(),
  };
};
