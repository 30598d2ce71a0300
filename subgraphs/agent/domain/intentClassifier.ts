import { features } from './intentFeatures.ts';
import type { IntentModel } from './intentModel.ts';

/** `confidence` is calibrated, 0..1; `name` is the best label, or OUT_OF_SCOPE. */
export type Prediction = { name: string; confidence: number; outOfScope: boolean };

/** The label of training examples that are no intent; what predict answers with when nothing fits. */
export const OUT_OF_SCOPE = 'out_of_scope';

/** Softmax of logits / temperature, in place (Guo et al. 2017, section 4.2). */
export const softmax = (logits: Float32Array, temperature: number): Float32Array => {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > highest) highest = logit;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = Math.exp(((logits[i] as number) - highest) / temperature);
    logits[i] = value;
    sum += value;
  }
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) / sum;
  return logits;
};

/** Logits of an utterance, one per label of the model. */
export const logitsOf = (model: IntentModel, utterance: string): Float32Array => {
  const count = model.labels.length;
  const logits = new Float32Array(count);
  const { ids, values } = features(utterance, model.buckets);
  for (let f = 0; f < ids.length; f++) {
    const row = model.rows[ids[f] as number] ?? -1;
    if (row < 0) continue;
    const value = values[f] as number;
    const base = row * count;
    for (let c = 0; c < count; c++) logits[c] = (logits[c] as number) + value * (model.weights[base + c] as number);
  }
  for (let c = 0; c < count; c++) {
    logits[c] = (logits[c] as number) * (model.scales[c] as number) + (model.bias[c] as number);
  }
  return logits;
};

/** Calibrated probability of every label, in the model's order. */
export const probabilities = (model: IntentModel, utterance: string): Float32Array =>
  softmax(logitsOf(model, utterance), model.temperature);

/** The best intent, or out of scope when that class wins or the best stays under the model's threshold. */
export const predict = (model: IntentModel, utterance: string): Prediction => {
  const probability = probabilities(model, utterance);
  let best = 0;
  for (let c = 1; c < probability.length; c++) {
    if ((probability[c] as number) > (probability[best] as number)) best = c;
  }
  const name = model.labels[best] ?? OUT_OF_SCOPE;
  const confidence = probability[best] ?? 0;
  return { name, confidence, outOfScope: name === OUT_OF_SCOPE || confidence < model.threshold };
};
