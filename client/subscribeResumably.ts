import { type Backoff, pause, waitBefore } from './backoff.ts';
import type { FeedEnd, FeedResult } from './connection.ts';
import { isEmpty, type OperationPayload } from './document.ts';
import { errorsIn, type GraphqlError, GraphqlFailure } from './errors.ts';
import type { Link } from './link.ts';
import { recentlySeen } from './recentlySeen.ts';

export type LiveOptions<Data> = {
  /** Where an item stands in its stream. With it the stream goes on after the last one whatever happens to the connection, by the document's `$after`. */
  readonly cursorOf?: (data: Data) => string | null | undefined;
  /** For a stream without cursors: reads the present state after each reconnection, which is yielded first. */
  readonly catchUp?: () => Promise<Data | null>;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Errors beside data: a sick service cost only its own fields. */
  readonly onPartial?: ((errors: readonly GraphqlError[]) => void) | undefined;
};

/** The service behind the stream is unwell; the stream itself is fine. */
const passingCodes: readonly string[] = [
  'SUBGRAPH_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'INTERNAL_SERVER_ERROR',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
];
const mostPassing = 8;

/** Items of a live operation, each once and in order, over as many connections as it takes. @throws GraphqlFailure */
export async function* subscribeResumably<Data>(
  link: Link,
  payloadOf: (after: string | null) => OperationPayload,
  first: string | null,
  options: LiveOptions<Data> & { readonly backoff: Backoff },
): AsyncGenerator<Data, void, undefined> {
  const { cursorOf, catchUp, onPartial, backoff } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const seen = recentlySeen(4096);
  const release = link.hold();
  let after = first;
  let passing = 0;
  try {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const connection = await link.connection(signal);
      const inbox = createInbox(signal);
      const leave = connection.subscribe(payloadOf(after), inbox.add, inbox.finish);
      try {
        const present = attempt > 1 ? await catchUp?.() : null;
        if (present) yield present;
        for (let item = await inbox.take(); item !== null; item = await inbox.take()) {
          const data = dataIn<Data>(item, onPartial);
          const cursor = cursorOf?.(data);
          passing = 0;
          if (cursor != null) {
            if (!seen(cursor)) continue;
            after = cursor;
          }
          yield data;
        }
      } catch (error) {
        if (!isPassing(error) || ++passing > mostPassing) throw error;
        await pause(Math.max(error.retryAfterMs ?? 0, waitBefore(passing, backoff)), signal);
        continue;
      } finally {
        leave();
      }
      if (inbox.end.kind === 'complete') return;
      if (inbox.end.kind === 'errors') {
        const failure = new GraphqlFailure(inbox.end.errors);
        if (!isPassing(failure) || ++passing > mostPassing) throw failure;
        await pause(waitBefore(passing, backoff), signal);
      }
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
  } finally {
    stop.abort();
    release();
  }
}

const isPassing = (error: unknown): error is GraphqlFailure =>
  error instanceof GraphqlFailure && passingCodes.includes(error.code);

const dataIn = <Data>(result: FeedResult, onPartial: LiveOptions<Data>['onPartial']): Data => {
  const errors = errorsIn(result.errors);
  if (errors.length > 0 && isEmpty(result.data)) throw new GraphqlFailure(errors);
  if (errors.length > 0) onPartial?.(errors);
  return result.data as Data;
};

/** Items between the socket that brings them and the loop that takes them. Takes null once they are out and it is over. */
const createInbox = (signal: AbortSignal) => {
  const items: FeedResult[] = [];
  let end: FeedEnd | null = null;
  let wake = (): void => {};
  const finish = (how: FeedEnd): void => {
    end ??= how;
    wake();
  };
  const leave = (): void => finish({ kind: 'lost' });
  signal.addEventListener('abort', leave, { once: true });
  return {
    add: (item: FeedResult): void => {
      items.push(item);
      wake();
    },
    finish: (how: FeedEnd): void => {
      signal.removeEventListener('abort', leave);
      finish(how);
    },
    take: async (): Promise<FeedResult | null> => {
      while (items.length === 0 && end === null)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return signal.aborted ? null : (items.shift() ?? null);
    },
    get end(): FeedEnd {
      return end ?? { kind: 'lost' };
    },
  };
};
