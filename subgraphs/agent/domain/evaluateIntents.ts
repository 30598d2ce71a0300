import { OUT_OF_SCOPE, type Prediction, predict } from './intentClassifier.ts';
import type { IntentModel } from './intentModel.ts';
import type { Example } from './trainIntents.ts';

/** Fractions 0..1. `accuracy`: best label right, of in-scope utterances, before refusal; `kept`: right and not refused. */
export type IntentReport = {
  accuracy: number;
  kept: number;
  outOfScopeRecall: number;
  calibrationError: number;
  mistakes: { text: string; label: string; prediction: Prediction }[];
};

/** Expected calibration error over 15 equal-width bins (Guo et al. 2017, eq. 3). */
export const expectedCalibrationError = (scored: readonly { confidence: number; right: boolean }[]): number => {
  const bins = Array.from({ length: 15 }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const { confidence, right } of scored) {
    const bin = bins[Math.min(14, Math.floor(confidence * 15))];
    if (!bin) continue;
    bin.count++;
    bin.confidence += confidence;
    bin.right += Number(right);
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0) / Math.max(1, scored.length);
};

/** How a model does on labelled utterances; those labelled OUT_OF_SCOPE count for recall only. */
export const evaluateIntents = (model: IntentModel, examples: readonly Example[]): IntentReport => {
  const scored = examples.map(({ text, label }) => {
    const prediction = predict(model, text);
    return { text, label, prediction, confidence: prediction.confidence, right: prediction.name === label };
  });
  const inside = scored.filter(({ label }) => label !== OUT_OF_SCOPE);
  const outside = scored.filter(({ label }) => label === OUT_OF_SCOPE);
  const share = (part: number, whole: number) => part / Math.max(1, whole);
  return {
    accuracy: share(inside.filter(({ right }) => right).length, inside.length),
    kept: share(inside.filter(({ right, prediction }) => right && !prediction.outOfScope).length, inside.length),
    outOfScopeRecall: share(outside.filter(({ prediction }) => prediction.outOfScope).length, outside.length),
    calibrationError: expectedCalibrationError(inside),
    mistakes: inside.filter(({ right }) => !right),
  };
};
