import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '@parley/kernel/actor';
import type { AdmittedOperation } from '../admission/admit.ts';
import { unlessAborted } from '../calls/deadline.ts';
import type { Call } from '../calls/subgraphCall.ts';
import type { JsonAnswer } from '../execution/engine.ts';
import type { RunAdmitted } from '../execution/sharedRuns.ts';
import type { AnswerStore } from './answerStore.ts';

/** hit: answered from the store. miss: run and kept. refused: run, and not fit to be kept. */
export type CacheOutcome = 'hit' | 'miss' | 'refused';
export type CacheSettings = {
  readonly store: AnswerStore;
  /** Larger answers are not kept. */
  readonly answerBytes: number;
  readonly onOutcome?: (outcome: CacheOutcome) => void;
  readonly now?: () => number;
};

/** How far the clocks of two gateways may be apart where a caller reads what it has just written. */
const skewMs = 1000;
/** A mutation surely has ended by then. */
const writingMs = 15_000;
/** How long another gateway's run is waited for before this one runs too, and how often it is looked for. */
const othersMs = 2000;
const lookMs = 20;

/**
 * Queries that @cacheControl lets be kept are answered from the store: for the same operation, variables, headers and
 * rights of the same organization (of a PRIVATE answer: the same caller), and begun after what the caller last changed.
 * Who comes while the answer is made waits for it, in this process and at other gateways. Answers with errors are not
 * kept. Admission comes before: what a caller may not have, or has no points for, it does not get from here either.
 */
export const createCachedRuns = (run: RunAdmitted, settings: CacheSettings): RunAdmitted => {
  const { store, answerBytes, onOutcome, now = Date.now } = settings;
  const flights = new Map<string, Promise<JsonAnswer>>();

  /** `answer`: null where there is none, or none that the caller may be given. */
  const look = async (key: string, writer: string): Promise<{ answer: JsonAnswer | null; wroteAt: number }> => {
    const { stored, wroteAt } = await store.find(key, writer);
    if (stored === null || (wroteAt > 0 && stored.begunAt <= wroteAt + skewMs)) return { answer: null, wroteAt };
    onOutcome?.('hit');
    return { answer: { json: stored.json, answer: null }, wroteAt };
  };
  const runAndKeep = async (admitted: AdmittedOperation, call: Call, key: string, forMs: number) => {
    const begunAt = now();
    // It is everybody's: whoever asked first may leave.
    const answer = await run(admitted, { ...call, signal: undefined });
    const isFit = answer.answer === null && answer.json.length <= answerBytes;
    onOutcome?.(isFit ? 'miss' : 'refused');
    if (isFit) await store.keep(key, { json: answer.json, begunAt }, forMs);
    return answer;
  };
  const makeOnce = async (admitted: AdmittedOperation, call: Call, key: string, forMs: number): Promise<JsonAnswer> => {
    const writer = writerOf(call);
    for (const until = now() + othersMs; ; await delay(lookMs)) {
      const done = await store.lead(key, othersMs);
      try {
        // Whoever led before may have made it since it was looked for.
        const { answer } = await look(key, writer);
        if (answer !== null) return answer;
        if (done === null && now() < until) continue;
        return await runAndKeep(admitted, call, key, forMs);
      } finally {
        void done?.();
      }
    }
  };
  const mutate: RunAdmitted = async (admitted, call) => {
    const forMs = admitted.engine.loaded.hints.longestSeconds * 1000;
    if (forMs === 0 || call.actor === null) return run(admitted, call);
    const writer = writerOf(call);
    // Said beforehand, beside the work: whoever reads by the time the answer is there must not wait for a store.
    const [ended] = await Promise.allSettled([
      run(admitted, call),
      store.wrote(writer, now() + writingMs, forMs + writingMs),
    ]);
    void store.wrote(writer, now(), forMs);
    if (ended.status === 'rejected') throw ended.reason;
    return ended.value;
  };

  return async (admitted, call) => {
    const { operation } = admitted;
    if (operation.node.operation === 'mutation') return mutate(admitted, call);
    const { caching } = operation;
    if (caching === null || call.actor === null || call.fresh) return run(admitted, call);
    const key = keyOf(admitted, call.actor, call.headers, caching.isPrivate);
    const { answer, wroteAt } = await look(key, writerOf(call));
    if (answer !== null) return answer;
    // Who has just written does not join what was begun before.
    const flightKey = `${key} ${wroteAt}`;
    let flight = flights.get(flightKey);
    if (flight === undefined) {
      // Not all of them run out at the same moment.
      const forMs = caching.maxAgeSeconds * 1000 * (0.9 + Math.random() / 10);
      flight = makeOnce(admitted, call, key, forMs).finally(() => flights.delete(flightKey));
      flight.catch(() => {});
      flights.set(flightKey, flight);
    }
    return unlessAborted(flight, call.signal);
  };
};

const writerOf = ({ actor }: Call): string => `${actor?.tenantId}:${actor?.kind}:${actor?.id}`;

/** Everything that can change the answer beside the caller's name, the organization in plain sight (I26). */
const keyOf = (
  { engine, operation, variables }: AdmittedOperation,
  actor: Actor,
  headers: Call['headers'],
  isPrivate: boolean,
): string => {
  const { kind, id, tenantId, role, scopes, policies, partnerId, conversationId, sessionId } = actor;
  const rights = [kind, role, scopes.toSorted(), policies?.toSorted() ?? null, partnerId, conversationId];
  const what = [engine.loaded.fingerprint, operation.shape, variables, headers ?? null];
  return `${tenantId}:${hash('sha256', JSON.stringify([what, rights, isPrivate ? [id, sessionId] : null]), 'base64url')}`;
};
