// CLINC150 (Larson et al. 2019): node bench/intents.ts path/to/clinc150.json
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { evaluateIntents } from '../subgraphs/agent/domain/evaluateIntents.ts';
import { logitsOf, OUT_OF_SCOPE, predict } from '../subgraphs/agent/domain/intentClassifier.ts';
import { calibrate, type Example, trainIntents } from '../subgraphs/agent/domain/trainIntents.ts';

const path = process.argv[2];
if (!path) throw new Error('usage: node bench/intents.ts clinc150.json');
const splits = JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, string][]>;
const examples = (split: string): Example[] =>
  (splits[split] ?? []).map(([text, label]) => ({ text, label: label === 'oos' ? OUT_OF_SCOPE : label }));

const start = performance.now();
const options = { buckets: 2 ** 18, epochs: 12, rate: 0.6, decay: 1e-4, seed: 1, trainingHash: '' };
const trained = trainIntents(examples('train'), options);
const trainingMs = performance.now() - start;
const held = [...examples('val'), ...examples('oos_val')].map(({ text, label }) => ({
  logits: logitsOf(trained, text),
  label,
}));
const model = { ...trained, ...calibrate(held, trained.labels, 1) };
const test = [...examples('test'), ...examples('oos_test')];
const report = evaluateIntents(model, test);
const predictStart = performance.now();
for (const { text } of test) predict(model, text);
const microseconds = ((performance.now() - predictStart) * 1000) / test.length;

const percent = (value: number) => `${(value * 100).toFixed(1)}%`;
console.log(`CLINC150, official test split, ${test.length} utterances`);
console.log(`in-scope accuracy      ${percent(report.accuracy)} (after refusal ${percent(report.kept)})`);
console.log(`out-of-scope recall    ${percent(report.outOfScopeRecall)} at threshold ${model.threshold.toFixed(2)}`);
console.log(
  `calibration error      ${report.calibrationError.toFixed(3)} (15 bins, temperature ${model.temperature.toFixed(2)})`,
);
console.log(`training ${(trainingMs / 1000).toFixed(1)} s, predict ${microseconds.toFixed(0)} µs an utterance`);
console.log(`${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, Node ${process.version}`);
if (report.accuracy < 0.91) process.exitCode = 1;
