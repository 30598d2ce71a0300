import type { StoredEvent } from './event.ts';

/**
 * How events of older shapes are read: of each type, what makes the data of version 1 that of version 2, then of 2 that
 * of 3, and so on. The current version of a type is one more than there are steps; a type that is not named has only
 * ever had one.
 */
export type Upcasters = Readonly<Record<string, readonly ((data: object) => object)[]>>;

/** A newer build has written it. */
export class UnknownVersion extends Error {
  constructor({ type, schemaVersion }: StoredEvent, current: number) {
    super(`version ${schemaVersion} of ${type} is not known, the newest here is ${current}`);
    this.name = 'UnknownVersion';
  }
}

const stepsOf = (upcasters: Upcasters, type: string) => (Object.hasOwn(upcasters, type) ? (upcasters[type] ?? []) : []);

/** Whether `upcast` can read it. */
export const isKnownVersion = ({ type, schemaVersion }: StoredEvent, upcasters: Upcasters): boolean =>
  Number.isInteger(schemaVersion) && schemaVersion >= 1 && schemaVersion <= stepsOf(upcasters, type).length + 1;

/** The event in the shape that the code knows. @throws UnknownVersion */
export const upcast = (event: StoredEvent, upcasters: Upcasters): StoredEvent => {
  const steps = stepsOf(upcasters, event.type);
  const current = steps.length + 1;
  if (!isKnownVersion(event, upcasters)) throw new UnknownVersion(event, current);
  if (event.schemaVersion === current) return event;
  const data = steps.slice(event.schemaVersion - 1).reduce((soFar, step) => step(soFar), event.data);
  return { ...event, data, schemaVersion: current };
};
