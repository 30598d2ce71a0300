/** What is under way, by what it asks and for whom: only that can be alike, and mostly there is none. */
export class UnderWay<What, Flight> {
  readonly #all = new Map<What, Map<string, Set<Flight>>>();

  find(what: What, caller: string, isAlike: (flight: Flight) => boolean): Flight | undefined {
    for (const flight of this.#all.get(what)?.get(caller) ?? []) if (isAlike(flight)) return flight;
    return undefined;
  }

  /** @returns what takes it away again */
  add(what: What, caller: string, flight: Flight): () => void {
    const byCaller = this.#all.get(what) ?? new Map<string, Set<Flight>>();
    const alike = byCaller.get(caller) ?? new Set<Flight>();
    this.#all.set(what, byCaller.set(caller, alike.add(flight)));
    return () => {
      alike.delete(flight);
      if (alike.size === 0 && byCaller.get(caller) === alike) byCaller.delete(caller);
      if (byCaller.size === 0 && this.#all.get(what) === byCaller) this.#all.delete(what);
    };
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }
}

/** A text that is made when it is first asked for. */
export const once = (make: () => string): (() => string) => {
  let made: string | undefined;
  return () => (made ??= make());
};
