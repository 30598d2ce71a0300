import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { serialiseIntentModel } from '../domain/intentModel.ts';
import type { Language } from '../domain/language.ts';
import { calibrate, crossValidate, type Example, trainIntents } from '../domain/trainIntents.ts';

/** Labelled utterances of a file here ("en", "test.es", …): one list per intent. */
export const utterances = (name: string): Example[] => {
  const lists = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Record<string, string[]>;
  return Object.entries(lists).flatMap(([label, texts]) => texts.map((text) => ({ text, label })));
};

const settings = { buckets: 2 ** 16, epochs: 14, rate: 0.3, decay: 5e-4, seed: 7 };

/** A language's model, from its utterances alone; the same bytes every time. */
export const trainModel = (language: Language): Uint8Array => {
  const examples = utterances(language);
  const trainingHash = createHash('sha256')
    .update(JSON.stringify([settings, examples]))
    .digest('hex')
    .slice(0, 16);
  const options = { ...settings, trainingHash };
  const { held, labels } = crossValidate(examples, options, 5);
  return serialiseIntentModel({ ...trainIntents(examples, options), ...calibrate(held, labels, 2) });
};
