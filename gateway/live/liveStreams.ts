import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { GraphQLError } from 'graphql';
import { type AdmittedOperation, admitAgain } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphCall.ts';
import { refusal } from '../errors.ts';
import type { Engine } from '../execution/engine.ts';
import type { Log } from '../log.ts';
import type { CompiledOperation } from '../planning/plan.ts';
import { type LiveEvent, liveEvents } from './liveEvents.ts';
import { createRecentEvents, type RecentEvents } from './recentEvents.ts';

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
  /**
   * Another supergraph is served: each reader goes on by it after its last cursor; what is not there any more, or not
   * for it, ends. A stream without a cursor to go on after is kept while its reader may have the same as before.
   */
  changeTo(engine: Engine): Promise<void>;
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
type Reader = LiveReader & {
  readonly call: Call;
  admitted: AdmittedOperation;
  /** The cursor it is at. */
  last: unknown;
  stream: Stream | null;
};
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

  const attach = (reader: Reader): void => {
    const { admitted, call, last: after } = reader;
    const { compiled } = admitted;
    const byKey = groups.get(compiled) ?? new Map<string, Group>();
    groups.set(compiled, byKey);
    const key = parts.share ? keyOf(admitted, call) : crypto.randomUUID();
    const group = byKey.get(key) ?? new Set<Stream>();
    byKey.set(key, group);
    const forget = (): void => {
      byKey.delete(key);
      if (byKey.size === 0 && groups.get(compiled) === byKey) groups.delete(compiled);
    };
    const isResumable = compiled.resumption !== null;
    const stream = joinable(group, after, isResumable) ?? begin(admitted, call, after, group, forget);
    reader.stream = stream;
    stream.readers.add(reader);
    for (const event of stream.recent.after(after) ?? []) deliver(reader, event);
  };

  const change = (reader: Reader, engine: Engine): void => {
    const { admitted, call, last } = reader;
    try {
      const next = admitAgain(engine, admitted, call);
      const canMove = next.compiled.resumption !== null && last !== undefined && last !== null;
      if (!canMove && hasSameRefusals(next, admitted)) return;
      if (!canMove) throw schemaChanged();
      detach(reader);
      reader.admitted = next;
      attach(reader);
    } catch (error) {
      if (detach(reader)) reader.end(error);
    }
  };

  return {
    join: (admitted, call, { next, end }) => {
      const last = admitted.compiled.resumption?.firstAfter(admitted.variables);
      const reader: Reader = { next, end, call, admitted, last, stream: null };
      attach(reader);
      return () => void detach(reader);
    },
    changeTo: async (engine) => {
      const readers = [...groups.values()]
        .flatMap((byKey) => [...byKey.values()])
        .flatMap((group) => [...group].flatMap((stream) => [...stream.readers]));
      for (const [index, reader] of readers.entries()) {
        if (reader.admitted.engine !== engine && reader.stream?.readers.has(reader)) change(reader, engine);
        if (index % changedAtOnce === changedAtOnce - 1) await nextTurn();
      }
    },
    get open() {
      return open;
    },
  };
};

/** How many readers are looked at before others get their turn. */
const changedAtOnce = 50;

/** Whether it was there to leave. */
const detach = (reader: Reader): boolean => {
  const { stream } = reader;
  if (!stream?.readers.delete(reader)) return false;
  if (stream.readers.size === 0) stream.stop.abort(new Error('nobody reads the stream any more'));
  return true;
};

const hasSameRefusals = (a: AdmittedOperation, b: AdmittedOperation): boolean =>
  JSON.stringify(a.compiled.refusals) === JSON.stringify(b.compiled.refusals);

const schemaChanged = (): GraphQLError =>
  refusal('SUBSCRIPTION_SCHEMA_RELOAD', 'What you may see of this stream has changed. Subscribe again.', 409);

/** Errors are each reader's: whatever one does, the others go on. */
const deliver = (reader: Reader, event: LiveEvent): void => {
  if (!reader.stream?.readers.has(reader)) return;
  reader.last = event.cursor ?? reader.last;
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
