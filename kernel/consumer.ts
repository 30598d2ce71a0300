import { setTimeout as delay } from 'node:timers/promises';
import type { EventBus } from './bus.ts';
import { isUuid } from './database.ts';
import type { DeadLetters } from './deadLetters.ts';
import type { StoredEvent } from './event.ts';
import type { Log } from './log.ts';
import { isOutage } from './outage.ts';
import { isKnownVersion, UnknownVersion, type Upcasters, upcast } from './upcast.ts';

/** Takes one event, once or several times; a second time changes nothing. */
export type ReactToEvent = (event: StoredEvent) => Promise<void>;

const tries = 3;
/** How often what was requeued is looked for. */
const requeuedMs = 2000;

/**
 * A context's consumer: events in order per aggregate, older shapes made new, three tries each. What fails on all of
 * them is set aside with its reason, and so are the later events of its aggregate; everything else goes on. While the
 * store is away nothing is given up: the bus delivers again.
 * @returns what ends it
 */
export const startConsumer = async (options: {
  bus: EventBus;
  /** Who it is, for the bus. */
  group: string;
  topic: string;
  react: ReactToEvent;
  upcasters: Upcasters;
  letters: DeadLetters;
  log: Log;
  retryMs?: number;
}): Promise<() => Promise<void>> => {
  const { bus, group, topic, react, upcasters, letters, log, retryMs = 100 } = options;

  const setAside = async (event: StoredEvent, reason: 'UNKNOWN_VERSION' | 'FAILED' | 'BEHIND', detail: string) => {
    await letters.add(topic, { event, reason, detail });
    if (reason !== 'BEHIND')
      log.error(
        { topic, group, eventId: event.id, type: event.type, tenantId: event.tenantId, reason, detail },
        'event set aside',
      );
  };

  /** @returns why it could not be taken; null when it was @throws while the store is away */
  const take = async (event: StoredEvent): Promise<{ reason: 'UNKNOWN_VERSION' | 'FAILED'; detail: string } | null> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await react(upcast(event, upcasters));
        return null;
      } catch (error) {
        if (error instanceof UnknownVersion) return { reason: 'UNKNOWN_VERSION', detail: error.message };
        if (isOutage(error)) throw error;
        if (attempt === tries) return { reason: 'FAILED', detail: String((error as Error)?.message ?? error) };
        await delay(retryMs * 4 ** (attempt - 1));
      }
    }
  };

  const deliver = async (events: readonly StoredEvent[]): Promise<void> => {
    const readable: StoredEvent[] = [];
    for (const event of events) {
      if (hasPlace(event)) readable.push(event);
      else {
        log.error({ topic, group }, 'something that is no event set aside');
        await letters.addUnreadable(topic, JSON.stringify(event) ?? '', 'it names no tenant, aggregate, id or version');
      }
    }
    const [first] = readable;
    if (first === undefined) return;
    let behind = await letters.holds(first);
    for (const event of readable) {
      const problem = behind ? null : await take(event);
      if (problem !== null) await setAside(event, problem.reason, problem.detail);
      else if (behind) await setAside(event, 'BEHIND', 'an earlier event of its aggregate was set aside');
      behind ||= problem !== null;
    }
  };

  /** What was requeued, aggregate after aggregate; the first that fails again keeps the rest behind it. */
  const deliverRequeued = async (): Promise<void> => {
    const failed = new Set<string>();
    for (const event of await letters.requeued()) {
      const aggregate = `${event.tenantId} ${event.aggregateId}`;
      const problem = failed.has(aggregate) ? null : await take(event);
      if (problem !== null) await setAside(event, problem.reason, problem.detail);
      else if (failed.has(aggregate))
        await setAside(event, 'BEHIND', 'an earlier event of its aggregate was set aside');
      else await letters.remove(event);
      if (problem !== null) failed.add(aggregate);
    }
  };

  const known = await letters
    .requeueUnknown((event) => isKnownVersion(event, upcasters))
    .catch((error: unknown) => {
      log.warn({ err: error, group }, 'events set aside could not be looked at');
      return 0;
    });
  if (known > 0) log.info({ topic, group, events: known }, 'events of a newer version can be read now');

  let stopped = false;
  let looking: Promise<void> = Promise.resolve();
  const look = () => {
    if (!stopped)
      looking = looking
        .then(deliverRequeued)
        .catch((error: unknown) => log.warn({ err: error, group }, 'requeued events'));
  };
  const timer = setInterval(look, requeuedMs);
  const stopConsuming = await bus.consume(group, [topic], deliver);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await stopConsuming();
    await looking;
  };
};

const maxVersion = 2 ** 31 - 1;
/** Whether it can be kept and found again: the rest is for the handler to judge. */
const hasPlace = (event: StoredEvent | null): event is StoredEvent =>
  typeof event === 'object' &&
  event !== null &&
  isUuid(event.tenantId) &&
  isUuid(event.id) &&
  isUuid(event.aggregateId) &&
  Number.isInteger(event.version) &&
  event.version >= 1 &&
  event.version <= maxVersion &&
  typeof event.type === 'string' &&
  event.type.length <= 200 &&
  event.type.isWellFormed() &&
  !event.type.includes('\0');
