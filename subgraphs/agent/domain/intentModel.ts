/** A trained classifier. `rows[id]` is the row of bucket `id` in `weights` (-1: never seen), one int8 per label and row. */
export type IntentModel = {
  buckets: number;
  labels: readonly string[];
  rows: Int32Array;
  weights: Int8Array;
  /** per label: what one step of its int8 weights is worth */
  scales: Float32Array;
  bias: Float32Array;
  temperature: number;
  /** calibrated confidence under which an utterance counts as out of scope */
  threshold: number;
  /** what it was trained on, so that drift can be refused */
  trainingHash: string;
};

type Header = Omit<IntentModel, 'rows' | 'weights' | 'scales' | 'bias'> & { rowCount: number };

const magic = 'PIM1';

/** Layout: "PIM1", u32 header length, JSON header, f32 scales, f32 bias, bitmap of seen buckets, int8 weights; little endian. */
export const serialiseIntentModel = (model: IntentModel): Uint8Array => {
  const { rows, weights, scales, bias, ...rest } = model;
  const header: Header = { ...rest, rowCount: weights.length / model.labels.length };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bitmap = new Uint8Array(model.buckets / 8);
  for (let id = 0; id < rows.length; id++) {
    if ((rows[id] ?? -1) >= 0) bitmap[id >> 3] = (bitmap[id >> 3] ?? 0) | (1 << (id & 7));
  }
  const bytes = new Uint8Array(8 + json.length + scales.length * 8 + bitmap.length + weights.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint32(4, json.length, true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const value of [...scales, ...bias]) {
    view.setFloat32(at, value, true);
    at += 4;
  }
  bytes.set(bitmap, at);
  bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.length), at + bitmap.length);
  return bytes;
};

/** Reads what serialiseIntentModel wrote; throws a TypeError on anything else. */
export const parseIntentModel = (bytes: Uint8Array): IntentModel => {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== magic)
    throw new TypeError('not an intent model');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jsonLength = view.getUint32(4, true);
  const { rowCount, ...rest } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + jsonLength))) as Header;
  const count = rest.labels.length;
  let at = 8 + jsonLength;
  const floats = (length: number) => {
    const values = Float32Array.from({ length }, (_, i) => view.getFloat32(at + i * 4, true));
    at += length * 4;
    return values;
  };
  const scales = floats(count);
  const bias = floats(count);
  const bitmap = bytes.subarray(at, at + rest.buckets / 8);
  at += bitmap.length;
  if (bytes.length !== at + rowCount * count) throw new TypeError('intent model is cut short');
  const rows = new Int32Array(rest.buckets).fill(-1);
  let row = 0;
  for (let id = 0; id < rest.buckets; id++) if (((bitmap[id >> 3] ?? 0) >> (id & 7)) & 1) rows[id] = row++;
  return { ...rest, rows, weights: new Int8Array(Uint8Array.from(bytes.subarray(at)).buffer), scales, bias };
};
