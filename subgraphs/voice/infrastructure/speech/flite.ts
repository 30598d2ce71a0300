import { createProcessPool, type ProcessPool } from './processPool.ts';
import { type SpeechSynthesizer, type SpeechVoice, VoiceUnavailable } from './speechSynthesizer.ts';
import { estimatedTimings } from './wordTimings.ts';

/** One request of the child. `stretch` is flite's duration_stretch: above 1 is slower. */
export type FliteJob = { readonly text: string; readonly voice: string; readonly stretch: number };
export type FliteResult = { readonly samples: Int16Array; readonly sampleRate: number };

const voices: readonly (SpeechVoice & { readonly engineVoice: string })[] = [
  { id: 'en-us-sal', name: 'Sal', locale: 'en-US', engineVoice: 'slt' },
  { id: 'en-us-ray', name: 'Ray', locale: 'en-US', engineVoice: 'rms' },
  { id: 'en-gb-alan', name: 'Alan', locale: 'en-GB', engineVoice: 'awb' },
];

/** The child processes of `flite`. `entry` is the path of `flite.wasm`. */
export const flitePool = (options: { entry: string; processes: number; cacheFolder?: string | undefined }) =>
  createProcessPool<FliteJob, FliteResult>({
    module: new URL('./fliteChild.ts', import.meta.url),
    args: [options.entry],
    execArgv: [
      '--max-semi-space-size=1',
      '--max-old-space-size=96',
      '--v8-pool-size=1',
      '--disable-warning=ExperimentalWarning',
    ],
    env: options.cacheFolder ? { NODE_COMPILE_CACHE: options.cacheFolder } : {},
    size: options.processes,
  });

/** flite's English voices over a pool of its processes. It reports no word times: they are estimated by length. */
export const flite = (pool: ProcessPool<FliteJob, FliteResult>): SpeechSynthesizer => ({
  voices: async () => voices.map(({ id, name, locale }) => ({ id, name, locale })),
  async synthesize({ text, voiceId, rate = 1 }, { priority, signal }) {
    const voice = voices.find(({ id }) => id === voiceId);
    if (!voice) throw new VoiceUnavailable(voiceId);
    const plain = text.replace(/\p{Cc}|\p{Extended_Pictographic}/gu, ' ');
    const { samples, sampleRate } = await pool.run(
      { text: plain, voice: voice.engineVoice, stretch: 1 / Math.min(2.5, Math.max(0.5, rate)) },
      signal ? { priority, signal } : { priority },
    );
    const durationMs = Math.round((samples.length * 1_000) / sampleRate);
    return { samples, sampleRate, words: estimatedTimings(text, durationMs), durationMs };
  },
  close: () => pool.close(),
});
