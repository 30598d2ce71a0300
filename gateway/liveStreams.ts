import type { Subgraph } from '@parley/kernel/subgraph';
import type { AdmittedOperation } from './admit.ts';
import { type LiveEvent, liveEvents } from './liveEvents.ts';
import type { Log } from './log.ts';
import type { CompiledOperation } from './plan.ts';
import { createRecentEvents, type RecentEvents } from './recentEvents.ts';
import type { Call } from './subgraphCall.ts';

/** Somebody who reads a live operation. */
export type LiveReader = {
  /** Called in order, never after `end` nor once it has left. */
  next(event: LiveEvent): void;
  /** It is over: completed, or failed with an error that is still to be masked. */
  end(error: unknown): void;
};
export type LiveStreams = {
  /** Begins to read. Returns how to leave. */
  join(admitted: AdmittedOperation, call: Call, reader: LiveReader): () => void;
  /** Streams upstream, however many read each. */
  readonly open: number;
};

type Stream = {
  readonly recent: RecentEvents;
  readonly readers: Set<Reader>;
  /** It brings what comes from now on; one that begins at a cursor may still be bringing what is long past. */
  isLive: boolean;
  readonly stop: AbortController;
};
type Reader = LiveReader & { readonly call: Call; stream: Stream };
/** Streams of one operation for one set of rights, at different places. */
type Group = Set<Stream>;

/**
 * Subscribers of equal subscriptions and equal rights share one stream upstream, and one execution per event
 * (decision 0012). Who comes with a cursor reads on from what is remembered of a stream that is past it, or has a
 * stream of its own that ends where it meets the others.
 */
export const createLiveStreams = (parts: {
  readonly subgraphs: Readonly<Record<string, Subgraph>>;
  readonly log: Log;
  readonly share: boolean;
}): LiveStreams => {
  const groups = new Map<CompiledOperation, Map<string, Group>>();
  let open = 0;

  const begin = (admitted: AdmittedOperation, call: Call, after: unknown, group: Group, forget: () => void): Stream => {
    const stop = new AbortController();
    const stream: Stream = {
      recent: createRecentEvents(after),
      readers: new Set(),
      isLive: after === undefined || after === null,
      stop,
    };
    group.add(stream);
    open += 1;
    const over = (error: unknown): void => {
      if (!group.delete(stream)) return;
      open -= 1;
      if (group.size === 0) forget();
      const readers = [...stream.readers];
      stream.readers.clear();
      for (const reader of readers) reader.end(error);
      stop.abort(new Error('the stream is over'));
    };
    stop.signal.addEventListener('abort', () => over(null), { once: true });
    const run = async (): Promise<void> => {
      for await (const event of liveEvents(admitted, after, parts, {
        ...call,
        observed: undefined,
        signal: stop.signal,
      })) {
        if (stop.signal.aborted) return;
        stream.recent.add(event);
        for (const reader of stream.readers) deliver(reader, event);
        meetOthers(stream, event, group);
      }
    };
    run().then(() => over(null), over);
    return stream;
  };

  return {
    join: (admitted, call, { next, end }) => {
      const { compiled, variables } = admitted;
      const { resumption } = compiled;
      const after = resumption?.firstAfter(variables);
      const byKey = groups.get(compiled) ?? new Map<string, Group>();
      groups.set(compiled, byKey);
      const key = parts.share ? keyOf(admitted, call) : crypto.randomUUID();
      const group = byKey.get(key) ?? new Set<Stream>();
      byKey.set(key, group);
      const forget = (): void => {
        byKey.delete(key);
        if (byKey.size === 0 && groups.get(compiled) === byKey) groups.delete(compiled);
      };
      const stream = joinable(group, after, resumption !== null) ?? begin(admitted, call, after, group, forget);
      const reader: Reader = { next, end, call, stream };
      stream.readers.add(reader);
      for (const event of stream.recent.after(after) ?? []) deliver(reader, event);
      return () => {
        if (!reader.stream.readers.delete(reader) || reader.stream.readers.size > 0) return;
        reader.stream.stop.abort(new Error('nobody reads the stream any more'));
      };
    },
    get open() {
      return open;
    },
  };
};

/** Errors are each reader's: whatever one does, the others go on. */
const deliver = (reader: Reader, event: LiveEvent): void => {
  if (!reader.stream.readers.has(reader)) return;
  for (const { extensions } of event.answer?.errors ?? []) reader.call.observed?.failed(String(extensions?.['code']));
  reader.next(event);
};

/** A stream that brings everything after this cursor, or everything from now on. */
const joinable = (group: Group, after: unknown, isResumable: boolean): Stream | undefined =>
  [...group].find(({ recent, isLive }) => {
    // Without cursors nobody can say what a first event was (a snapshot?), so nobody may miss it.
    if (!isResumable) return recent.isEmpty;
    return after === undefined || after === null ? isLive : recent.after(after) !== null;
  });

/** Where another stream has brought this event too, the two are at the same place: the readers of both read on there. */
const meetOthers = (stream: Stream, { cursor }: LiveEvent, group: Group): void => {
  if (cursor === null || group.size === 1) return;
  for (const other of group) {
    const missed = other === stream ? null : other.recent.after(cursor);
    if (missed === null) continue;
    other.isLive ||= stream.isLive;
    const readers = [...stream.readers];
    stream.readers.clear();
    for (const reader of readers) {
      reader.stream = other;
      other.readers.add(reader);
      for (const event of missed) deliver(reader, event);
    }
    stream.stop.abort(new Error('the stream has met another'));
    return;
  }
};

/**
 * Everything that can change an answer beside the operation: variables but where to begin, rights, headers passed on.
 * Who exactly it is and when the token ends is not part of it: no subscription of ours answers by that, and each
 * reader's own credential is watched.
 */
const keyOf = ({ variables, compiled }: AdmittedOperation, { actor, headers }: Call): string => {
  const places = compiled.resumption?.placeVariables;
  const given = Object.entries(variables).filter(([name]) => !places?.has(name));
  if (actor === null) return JSON.stringify([given, null, headers]);
  const { kind, tenantId, role, scopes, policies, partnerId, conversationId } = actor;
  const rights = [kind, tenantId, role, scopes.toSorted(), policies?.toSorted(), partnerId, conversationId];
  return JSON.stringify([given, rights, headers]);
};
