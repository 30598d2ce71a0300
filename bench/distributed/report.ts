import { median, percentile } from '../lib/machine.ts';

/** What one contender's customers saw under one load, by round, in milliseconds; and the CPU it took, by kind of process. */
export type Result = { firstDelta: number[][]; stored: number[][]; cpu: Map<string, number>; exchanges: number };
export const none = (): Result => ({ firstDelta: [], stored: [], cpu: new Map(), exchanges: 0 });

const row = (name: string, samples: readonly number[]): string =>
  `${name.padEnd(34)} ${[50, 95, 99].map((p) => `p${p} ${percentile(samples, p).toFixed(0).padStart(5)}`).join('   ')}   n ${samples.length}`;

/** The first is what the others are compared with. */
export const report = (what: string, results: ReadonlyMap<string, Result>): void => {
  console.log(`\n${what}; milliseconds from sendMessage sent`);
  for (const [name, { stored, firstDelta }] of results) {
    console.log(row(`${name}: stored`, stored.flat()));
    console.log(row(`${name}: first DELTA`, firstDelta.flat()));
  }
  const [[, first], ...others] = [...results] as [[string, Result], ...[string, Result][]];
  for (const [name, { firstDelta }] of others) {
    const ratios = [50, 95, 99].map((p) => {
      const ofRounds = firstDelta.map(
        (samples, round) => percentile(samples, p) / percentile(first.firstDelta[round] ?? [], p),
      );
      return `p${p} ${median(ofRounds).toFixed(2)}× (${Math.min(...ofRounds).toFixed(2)}–${Math.max(...ofRounds).toFixed(2)})`;
    });
    console.log(`${name} / one process, first DELTA: ${ratios.join('   ')}`);
  }
  console.log('CPU, milliseconds an exchange (message, whole reply, audio, both subscribers)');
  for (const [name, { cpu, exchanges }] of results) {
    const kinds = [...cpu].map(([kind, ms]) => `${kind} ${(ms / exchanges).toFixed(1)}`);
    const all = [...cpu.values()].reduce((sum, ms) => sum + ms, 0) / exchanges;
    console.log(`  ${name.padEnd(17)} ${all.toFixed(1).padStart(5)}: ${kinds.join(', ')}`);
  }
};
