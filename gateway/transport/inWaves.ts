import { setTimeout as delay } from 'node:timers/promises';

/** Fewer are no herd. */
const smallestWave = 50;
const mostWaves = 20;

/**
 * Does something to each, spread over a time: clients told to go all at once would all come back at once, elsewhere
 * (F15).
 */
export const inWaves = async <T>(items: readonly T[], overMs: number, act: (item: T) => void): Promise<void> => {
  const waves = Math.max(1, Math.min(mostWaves, Math.ceil(items.length / smallestWave)));
  const size = Math.ceil(items.length / waves);
  for (let wave = 0; wave < waves; wave++) {
    if (wave > 0) await delay(overMs / waves);
    for (const item of items.slice(wave * size, (wave + 1) * size)) act(item);
  }
};
