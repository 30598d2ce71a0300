import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { evaluateIntents } from '../domain/evaluateIntents.ts';
import { OUT_OF_SCOPE } from '../domain/intentClassifier.ts';
import { parseIntentModel } from '../domain/intentModel.ts';
import { nearDuplicates } from './nearDuplicates.ts';
import { trainModel, utterances } from './trainModel.ts';

// `test` was looked at while the training set grew, `blind` was not, `fresh` was written after: these are what to expect of new customers
const floors = {
  en: {
    test: { accuracy: 0.92, recall: 0.92, error: 0.08 },
    blind: { accuracy: 0.77, recall: 0.86, error: 0.08 },
    fresh: { accuracy: 0.62, recall: 0.84, error: 0.08 },
  },
  es: {
    test: { accuracy: 0.9, recall: 0.9, error: 0.08 },
    blind: { accuracy: 0.78, recall: 0.83, error: 0.08 },
    fresh: { accuracy: 0.51, recall: 0.74, error: 0.12 },
  },
};

const fewest = {
  test: (outside: boolean) => (outside ? 60 : 10),
  blind: () => 8,
  fresh: (outside: boolean) => (outside ? 40 : 10),
};

for (const language of ['en', 'es'] as const) {
  const bytes = readFileSync(new URL(`../models/${language}.bin`, import.meta.url));

  test(`${language}: the committed model is what its utterances train`, () => {
    assert.ok(Buffer.from(trainModel(language)).equals(bytes), 'npm run generate, then commit models/');
    assert.ok(bytes.length <= 600_000);
  });

  for (const set of ['test', 'blind', 'fresh'] as const) {
    test(`${language}: ${set} utterances are understood over the floors`, (t) => {
      const report = evaluateIntents(parseIntentModel(bytes), utterances(`${set}.${language}`));
      t.diagnostic(
        `accuracy ${report.accuracy.toFixed(3)}, out-of-scope recall ${report.outOfScopeRecall.toFixed(3)}, calibration error ${report.calibrationError.toFixed(3)}`,
      );
      const floor = floors[language][set];
      assert.ok(report.accuracy >= floor.accuracy, `accuracy ${report.accuracy}`);
      assert.ok(report.outOfScopeRecall >= floor.recall, `recall ${report.outOfScopeRecall}`);
      assert.ok(report.calibrationError <= floor.error, `calibration error ${report.calibrationError}`);
    });
  }

  test(`${language}: utterances are many, and none is another in disguise`, () => {
    const byLabel = Map.groupBy(utterances(language), ({ label }) => label);
    assert.ok(byLabel.size >= 16);
    for (const [label, examples] of byLabel) {
      assert.ok(examples.length >= (label === OUT_OF_SCOPE ? 300 : 100), `${label} has ${examples.length}`);
      const texts = examples.map(({ text }) => text);
      assert.deepEqual(nearDuplicates(texts, 0.75), []);
      for (const set of ['test', 'blind', 'fresh'] as const) {
        const held = utterances(`${set}.${language}`)
          .filter((example) => example.label === label)
          .map(({ text }) => text);
        assert.ok(held.length >= fewest[set](label === OUT_OF_SCOPE));
        assert.deepEqual(nearDuplicates(texts, 0.7, held), []);
        assert.deepEqual(nearDuplicates(held, 0.75), []);
      }
    }
  });
}
