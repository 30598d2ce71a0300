import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predict } from './intentClassifier.ts';
import { parseIntentModel, serialiseIntentModel } from './intentModel.ts';
import { trainIntents } from './trainIntents.ts';

const options = { buckets: 4096, epochs: 10, rate: 0.5, decay: 0, seed: 3, trainingHash: 'x' };
const examples = ['how much is it', 'what does it cost', 'tell me the price'].map((text) => ({ text, label: 'price' }));
examples.push(...['bye', 'see you later', 'good night'].map((text) => ({ text, label: 'bye' })));
const model = trainIntents(examples, options);

test('training twice gives the same bytes', () => {
  assert.deepEqual(serialiseIntentModel(trainIntents(examples, options)), serialiseIntentModel(model));
});

test('a model survives its bytes, also from a pooled Buffer', () => {
  const bytes = Buffer.concat([Buffer.from('....'), serialiseIntentModel(model)]).subarray(4);
  const again = parseIntentModel(bytes);
  assert.deepEqual(predict(again, 'the cost please'), predict(model, 'the cost please'));
  assert.equal(predict(again, 'what is the cost').name, 'price');
});

test('bytes that are no model, or half of one, are refused', () => {
  assert.throws(() => parseIntentModel(new Uint8Array(20)), TypeError);
  assert.throws(() => parseIntentModel(serialiseIntentModel(model).slice(0, -1)), TypeError);
});
