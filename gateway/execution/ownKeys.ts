export type DataObject = Record<string, unknown>;

export const isObject = (value: unknown): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object's own value at `key`: never one inherited from Object.prototype (`constructor`, `__proto__`, …). */
export const getOwn = (object: DataObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * Merges what a subgraph answered into what is known so far. Objects merge, lists of one length merge item by item,
 * anything else is replaced; what is new is taken over as it is, not copied. `__proto__` is never a response key here
 * (see dataKeys.ts), so it is dropped.
 */
export const mergeFresh = (target: DataObject, source: DataObject): void => {
  if (target === source) return;
  for (const key of Object.keys(source)) {
    if (key === '__proto__') continue;
    const value = source[key];
    if (value === undefined) continue;
    target[key] = typeof value === 'object' && value !== null ? mergedValue(getOwn(target, key), value) : value;
  }
};

/** What a key holds that held `known` and is given `value`. */
export const mergedValue = (known: unknown, value: object): unknown => {
  if (typeof known !== 'object' || known === null) return value;
  if (Array.isArray(known)) {
    if (!Array.isArray(value) || known.length !== value.length) return value;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      known[index] = typeof item === 'object' && item !== null ? mergedValue(known[index], item) : item;
    }
    return known;
  }
  if (Array.isArray(value)) return value;
  mergeFresh(known as DataObject, value as DataObject);
  return known;
};

/** A value of its own, for a second place of what came once. What is no plain data (a Date) is never changed and stays. */
export const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: DataObject = {};
  for (const key of Object.keys(value)) if (key !== '__proto__') copy[key] = copyOf((value as DataObject)[key]);
  return copy;
};
