export type DataObject = Record<string, unknown>;

export const isObject = (value: unknown): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object's own value at `key`: never one inherited from Object.prototype (`constructor`, `__proto__`, …). */
export const getOwn = (object: DataObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * Merges what a subgraph answered into what is known so far. Objects merge, lists of one length merge item by item,
 * anything else is replaced. `__proto__` is never a response key here (see dataKeys.ts), so it is dropped.
 */
export const deepMerge = (target: DataObject, source: DataObject): void => {
  if (target === source) return;
  for (const key of Object.keys(source)) {
    if (key === '__proto__') continue;
    const value = source[key];
    if (value === undefined) continue;
    target[key] = mergedValue(getOwn(target, key), value);
  }
};

const mergedValue = (known: unknown, value: unknown): unknown => {
  if (isObject(known) && isObject(value)) {
    deepMerge(known, value);
    return known;
  }
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    for (let index = 0; index < value.length; index++) known[index] = mergedValue(known[index], value[index]);
    return known;
  }
  return value;
};
