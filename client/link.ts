import { type Backoff, pause, waitBefore } from './backoff.ts';
import { type Connection, type ConnectionOptions, type Ending, openConnection } from './connection.ts';
import { GraphqlFailure, isUnauthenticated, unauthenticated } from './errors.ts';
import type { Credentials } from './session.ts';

export type LinkState = 'idle' | 'connecting' | 'live' | 'reconnecting';

/** Keeps one connection for all live operations while there are any: dials, waits, dials again. */
export type Link = {
  /** The connection as soon as there is one. Throws only what trying again cannot mend, or the signal's reason. */
  connection(signal: AbortSignal): Promise<Connection>;
  /** Says that a live operation needs the link, and returns how to say that it no longer does. */
  hold(): () => void;
  readonly state: LinkState;
  onState(listener: (state: LinkState) => void): () => void;
  close(): void;
};

export type LinkOptions = Omit<ConnectionOptions, 'authorization'> & {
  readonly credentials: Credentials;
  readonly backoff: Backoff;
  /** The socket stays open this long after the last operation has left it. */
  readonly lingerMs: number;
};

/** Who we are was refused; a renewed token may be accepted. */
const authenticationCodes: readonly number[] = [4401, 4403];
/** We speak wrongly; so we would the next time. */
const hopelessCodes: readonly number[] = [4004, 4005, 4400, 4406];
const healthyMs = 5000;

export const createLink = (options: LinkOptions): Link => {
  const { credentials, backoff, lingerMs, ...connectionOptions } = options;
  const listeners = new Set<(state: LinkState) => void>();
  let state: LinkState = 'idle';
  let current: Promise<Connection> | null = null;
  let live: Connection | null = null;
  let holders = 0;
  let failures = 0;
  let rejected: string | undefined;
  let lingering: ReturnType<typeof setTimeout> | undefined;
  let stop = new AbortController();

  const become = (next: LinkState): void => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener(next);
  };

  const dial = async (signal: AbortSignal): Promise<Connection> => {
    for (;;) {
      become(failures === 0 ? 'connecting' : 'reconnecting');
      if (failures > 0) await pause(waitBefore(failures, backoff), signal);
      signal.throwIfAborted();
      let token: string | null = null;
      try {
        token = await credentials.bearer(rejected);
        const connection = await openConnection({
          ...connectionOptions,
          authorization: token === null ? null : `Bearer ${token}`,
        });
        rejected = undefined;
        if (signal.aborted) connection.close();
        signal.throwIfAborted();
        watch(connection, token);
        become('live');
        return connection;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof GraphqlFailure && isUnauthenticated(error)) throw error;
        failures += 1;
        if (isEnding(error)) judge(error, token);
      }
    }
  };

  /** Notes what an ending says of the token. @throws GraphqlFailure when another attempt would end the same way */
  const judge = ({ code, reason }: Ending, token: string | null): void => {
    if (hopelessCodes.includes(code))
      throw new GraphqlFailure([
        { message: reason || 'The live connection was refused.', extensions: { code: `CLOSED_${code}` } },
      ]);
    if (!authenticationCodes.includes(code)) return;
    if (token === null || rejected !== undefined) throw unauthenticated();
    rejected = token;
  };

  const watch = (connection: Connection, token: string | null): void => {
    const since = Date.now();
    live = connection;
    const renewal = token === null ? null : credentials.renewableAt(token);
    const renewing = renewal === null ? undefined : setTimeout(() => void replace(connection, token), renewal - since);
    connection.ended.then(({ code }) => {
      clearTimeout(renewing);
      if (live !== connection) return;
      live = null;
      current = null;
      if (authenticationCodes.includes(code) && token !== null) rejected = token;
      failures = Date.now() - since > healthyMs ? 1 : failures + 1;
      become(holders > 0 ? 'reconnecting' : 'idle');
    });
  };

  /**
   * Before the server would end a connection with its token: the next is opened beside it, and what is subscribed goes
   * on there, each after its last cursor. Where that fails the old one is kept for as long as it lasts.
   */
  const replace = async (old: Connection, token: string | null): Promise<void> => {
    if (holders === 0) return;
    try {
      const renewed = await credentials.bearer();
      if (renewed === null || renewed === token || live !== old) return;
      const connection = await openConnection({ ...connectionOptions, authorization: `Bearer ${renewed}` });
      if (live !== old) return connection.close();
      current = Promise.resolve(connection);
      watch(connection, renewed);
    } catch {
      return;
    }
    old.close();
  };

  const close = (): void => {
    clearTimeout(lingering);
    stop.abort(new DOMException('The client was closed.', 'AbortError'));
    stop = new AbortController();
    const closing = live;
    live = null;
    current = null;
    closing?.close();
    failures = 0;
    become('idle');
  };

  return {
    connection: (signal) => {
      if (current === null) {
        const dialled = dial(stop.signal);
        current = dialled;
        dialled.catch(() => {
          if (current === dialled) current = null;
        });
      }
      return untilAborted(current, signal);
    },
    hold: () => {
      clearTimeout(lingering);
      holders += 1;
      return () => {
        holders -= 1;
        if (holders === 0) lingering = setTimeout(close, lingerMs);
      };
    },
    get state() {
      return state;
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
};

const isEnding = (error: unknown): error is Ending =>
  typeof error === 'object' &&
  error !== null &&
  !(error instanceof Error) &&
  'code' in error &&
  typeof error.code === 'number';

const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
