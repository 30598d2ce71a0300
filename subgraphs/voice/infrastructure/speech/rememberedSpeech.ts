import { LRUCache } from 'lru-cache';
import type { Speech, SpeechSynthesizer } from './speechSynthesizer.ts';

/**
 * Says what was said a moment ago without making it again: an agent's greeting, disclosure and closing question are the
 * same in every conversation. Equal requests under way share one synthesis. It holds at most `maxBytes` of samples.
 */
export const rememberedSpeech = (speech: SpeechSynthesizer, maxBytes: number): SpeechSynthesizer => {
  const made = new LRUCache<string, Speech>({
    maxSize: maxBytes,
    sizeCalculation: ({ samples }) => samples.byteLength + 1,
  });
  const underWay = new Map<string, Promise<Speech>>();
  return {
    voices: () => speech.voices(),
    close: () => speech.close(),
    synthesize: async (request, { priority, signal }) => {
      signal?.throwIfAborted();
      const key = JSON.stringify([request.voiceId, request.locale, request.rate ?? 1, request.text]);
      const known = made.get(key);
      if (known !== undefined) return known;
      let making = underWay.get(key);
      if (making === undefined) {
        // Without the first caller's signal: others may be waiting for the same words.
        making = speech
          .synthesize(request, { priority })
          .then((result) => {
            made.set(key, result);
            return result;
          })
          .finally(() => underWay.delete(key));
        underWay.set(key, making);
      }
      return signal === undefined ? making : unlessAborted(making, signal);
    },
  };
};

const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });

const sentences: Readonly<Record<string, readonly string[]>> = {
  'en-US': [
    "Hi, I'm an AI assistant.",
    'It costs 49 euros per month and includes 20 users.',
    'Would you like to see a demo?',
  ],
  'es-ES': [
    'Hola, soy asistente de IA.',
    'Cuesta 49 euros al mes e incluye 20 usuarios.',
    '¿Quieres ver una demostración?',
  ],
};

/** Speaks a little to nobody, behind everything else: an engine is several times slower until its code has run a while. */
export const warmUp = async (speech: SpeechSynthesizer, rounds: number): Promise<void> => {
  const voices = await speech.voices();
  for (let round = 0; round < rounds; round++) {
    for (const [locale, texts] of Object.entries(sentences)) {
      const voice = voices.find((one) => one.locale === locale);
      for (const text of texts) {
        if (voice) await speech.synthesize({ text, locale, voiceId: voice.id }, { priority: 1000 });
      }
    }
  }
};
