/**
 * Where an event stands, seen from the last version received of its aggregate: the NEXT one; a DOUBLE of one that was
 * received before; or AHEAD, when one between is missing and it has to wait.
 */
export const placeOf = (version: number, last: number): 'NEXT' | 'DOUBLE' | 'AHEAD' =>
  version === last + 1 ? 'NEXT' : version <= last ? 'DOUBLE' : 'AHEAD';

/** An event that cannot be taken yet: an earlier one of its aggregate has not come. The bus delivers it again. */
export class EventAhead extends Error {
  constructor(event: { aggregateId: string; version: number }, last: number) {
    super(`version ${event.version} of ${event.aggregateId} came before version ${last + 1}`);
    this.name = 'EventAhead';
  }
}

/**
 * What is kept of an event's data: facts. Sealed personal text is left out, at any depth, and so is what PostgreSQL
 * cannot hold as it is (NUL, lone surrogates, minus zero): what is read now is what a rebuild will read.
 */
export const factsOf = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed();
  if (typeof value === 'number') return value + 0;
  if (Array.isArray(value)) return value.map(factsOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !isSealed(inner))
      .map(([key, inner]) => [key.replaceAll('\0', '').toWellFormed(), factsOf(inner)]),
  );
};
const isSealed = (value: unknown): boolean => typeof value === 'object' && value !== null && 'ciphertext' in value;
