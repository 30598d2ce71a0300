import type { LiveEvent } from './liveEvents.ts';

/** The last events of a stream, for those who come a little later. */
export type RecentEvents = {
  add(event: LiveEvent): void;
  /** What came after a cursor; everything from now on, which is nothing yet, where it is null or undefined; null where that is not remembered. */
  after(cursor: unknown): readonly LiveEvent[] | null;
  readonly isEmpty: boolean;
};

const mostEvents = 256;
const mostBytes = 256 * 1024;

/** @param start the cursor the stream began after */
export const createRecentEvents = (start: unknown): RecentEvents => {
  let events: LiveEvent[] = [];
  let bytes = 0;
  let isEmpty = true;
  let isWhole = true;
  return {
    add: (event) => {
      isEmpty = false;
      if (event.cursor === null) return;
      events.push(event);
      bytes += event.json.length;
      let surplus = 0;
      while (events.length - surplus > mostEvents || bytes > mostBytes) {
        bytes -= events[surplus]?.json.length ?? 0;
        surplus += 1;
      }
      if (surplus === 0) return;
      events = events.slice(surplus);
      isWhole = false;
    },
    after: (cursor) => {
      if (cursor === undefined || cursor === null) return [];
      const index = events.findLastIndex((event) => event.cursor === cursor);
      if (index >= 0) return events.slice(index + 1);
      return isWhole && cursor === start ? events.slice() : null;
    },
    get isEmpty() {
      return isEmpty;
    },
  };
};
