import { logitsOf, OUT_OF_SCOPE, softmax } from './intentClassifier.ts';
import { type Features, features } from './intentFeatures.ts';
import type { IntentModel } from './intentModel.ts';
import { seededRandom, shuffled } from './random.ts';

export type Example = { text: string; label: string };
export type TrainingOptions = {
  /** hash buckets, a power of two */
  buckets: number;
  epochs: number;
  /** AdaGrad step size */
  rate: number;
  /** L2 pull towards zero per touched weight */
  decay: number;
  seed: number;
  trainingHash: string;
};

/** Multinomial logistic regression by AdaGrad (Duchi et al. 2011), deterministic per seed; uncalibrated, int8 weights. */
export const trainIntents = (examples: readonly Example[], options: TrainingOptions): IntentModel => {
  const labels = [...new Set(examples.map(({ label }) => label))].sort();
  const count = labels.length;
  const rows = new Int32Array(options.buckets).fill(-1);
  const data: { features: Features; label: number }[] = [];
  let rowCount = 0;
  for (const { text, label } of examples) {
    const found = features(text, options.buckets);
    data.push({ features: found, label: labels.indexOf(label) });
    for (const id of found.ids) if ((rows[id] as number) < 0) rows[id] = 0;
  }
  for (let id = 0; id < rows.length; id++) if ((rows[id] as number) === 0) rows[id] = rowCount++;

  const weights = new Float32Array(rowCount * count);
  const squares = new Float32Array(rowCount * count).fill(1e-4);
  const bias = new Float32Array(count);
  const random = seededRandom(options.seed);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const rate = options.rate * (1 - epoch / options.epochs);
    for (const index of shuffled(data.length, random)) {
      const example = data[index];
      if (!example) continue;
      const { ids, values } = example.features;
      const error = Float32Array.from(bias);
      for (let f = 0; f < ids.length; f++) {
        const base = (rows[ids[f] as number] as number) * count;
        const value = values[f] as number;
        for (let c = 0; c < count; c++) error[c] = (error[c] as number) + value * (weights[base + c] as number);
      }
      softmax(error, 1);
      error[example.label] = (error[example.label] as number) - 1;
      for (let c = 0; c < count; c++) {
        const slope = error[c] as number;
        bias[c] = (bias[c] as number) - 0.02 * rate * slope;
        // a class the example is surely not moves nothing
        if (Math.abs(slope) < 1e-3) continue;
        for (let f = 0; f < ids.length; f++) {
          const at = (rows[ids[f] as number] as number) * count + c;
          const gradient = slope * (values[f] as number) + options.decay * (weights[at] as number);
          const square = (squares[at] as number) + gradient * gradient;
          squares[at] = square;
          weights[at] = (weights[at] as number) - (rate * gradient) / Math.sqrt(square);
        }
      }
    }
  }
  const scales = new Float32Array(count);
  const steps = new Int8Array(weights.length);
  for (let c = 0; c < count; c++) {
    let largest = 1e-9;
    for (let at = c; at < weights.length; at += count) largest = Math.max(largest, Math.abs(weights[at] as number));
    scales[c] = largest / 127;
    for (let at = c; at < weights.length; at += count)
      steps[at] = Math.round(((weights[at] as number) / largest) * 127);
  }
  const { buckets, trainingHash } = options;
  return { buckets, labels, rows, weights: steps, scales, bias, temperature: 1, threshold: 0, trainingHash };
};

/** An utterance's logits from a model that has not seen it, with its true label. */
export type HeldOut = { logits: Float32Array; label: string };

/** Logits of the examples, each from a model trained without its fold. */
export const crossValidate = (examples: readonly Example[], options: TrainingOptions, folds: number) => {
  const order = shuffled(examples.length, seededRandom(options.seed + 1));
  const held: HeldOut[] = [];
  let labels: readonly string[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const inside: Example[] = [];
    const outside: Example[] = [];
    for (const [position, index] of order.entries()) {
      (position % folds === fold ? outside : inside).push(examples[index] as Example);
    }
    const model = trainIntents(inside, options);
    labels = model.labels;
    for (const { text, label } of outside) held.push({ logits: logitsOf(model, text), label });
  }
  return { held, labels };
};

/**
 * Temperature that minimises the negative log likelihood of held-out logits (Guo et al. 2017), and the confidence threshold
 * with the best balance of in-scope utterances kept (weighted `keep`) against out-of-scope ones refused.
 */
export const calibrate = (held: readonly HeldOut[], labels: readonly string[], keep: number) => {
  const known = held.filter(({ label }) => labels.includes(label));
  const loss = (temperature: number) => {
    let sum = 0;
    for (const { logits, label } of known) {
      sum -= Math.log(Math.max(1e-9, softmax(Float32Array.from(logits), temperature)[labels.indexOf(label)] ?? 0));
    }
    return sum;
  };
  let temperature = 1;
  let lowest = Number.POSITIVE_INFINITY;
  for (let candidate = 0.2; candidate < 5; candidate *= 1.04) {
    const value = loss(candidate);
    if (value < lowest) {
      lowest = value;
      temperature = candidate;
    }
  }
  const scored = held.map(({ logits, label }) => {
    const probability = softmax(Float32Array.from(logits), temperature);
    let best = 0;
    for (let c = 1; c < probability.length; c++) if ((probability[c] ?? 0) > (probability[best] ?? 0)) best = c;
    return {
      confidence: probability[best] ?? 0,
      right: labels[best] === label,
      refused: labels[best] === OUT_OF_SCOPE,
      label,
    };
  });
  const outside = scored.filter(({ label }) => label === OUT_OF_SCOPE);
  const inside = scored.filter(({ label }) => label !== OUT_OF_SCOPE);
  let threshold = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let candidate = 0; candidate < 0.9; candidate += 0.01) {
    const kept = inside.filter((s) => s.right && s.confidence >= candidate).length / Math.max(1, inside.length);
    const refused = outside.filter((s) => s.refused || s.confidence < candidate).length / Math.max(1, outside.length);
    if (keep * kept + refused > highest) {
      highest = keep * kept + refused;
      threshold = candidate;
    }
  }
  return { temperature, threshold };
};
