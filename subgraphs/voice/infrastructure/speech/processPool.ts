import { type ChildProcess, fork } from 'node:child_process';
import { SpeechClosed, SpeechFailed } from './speechSynthesizer.ts';

/** What the pool sends its child, and what the child answers; the child says `{ ready: true }` once, first. */
export type ChildRequest<Payload> = { readonly id: number; readonly payload: Payload };
export type ChildAnswer<Result> =
  | { readonly ready: true }
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: string };

export type ProcessPoolOptions = {
  readonly module: URL;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  /** The child's whole environment: nothing of ours is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly startTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** From asking to answer, waiting and the retry included. */
  readonly deadlineMs?: number;
  readonly maxWaiting?: number;
};

export type ProcessPool<Payload, Result> = {
  /** Resolves when the first child can work; rejects with SpeechFailed when none will. */
  ready(): Promise<void>;
  run(payload: Payload, options: { readonly priority: number; readonly signal?: AbortSignal }): Promise<Result>;
  /** Process ids of the children alive now, for measurement and tests. */
  pids(): readonly number[];
  close(): Promise<void>;
};

type Job<Payload, Result> = {
  readonly order: number;
  readonly priority: number;
  readonly payload: Payload;
  attempts: number;
  settled: boolean;
  resolve(result: Result): void;
  reject(error: Error): void;
};
type Slot<Payload, Result> = {
  child: ChildProcess | null;
  ready: boolean;
  job: Job<Payload, Result> | null;
  timer: NodeJS.Timeout | null;
  failures: number;
};

const backOffMs = (failures: number): number => (failures <= 1 ? 0 : Math.min(5_000, 50 * 2 ** failures));
/** A child that has not come up this many times in a row fails whoever waits, instead of letting them wait out. */
const hopeless = 4;

/**
 * A few child processes, one request each at a time, the most urgent first. A child that crashes or hangs is replaced,
 * with back-off, and its request is tried once more. A child ends with its parent: the IPC channel closes even on kill -9.
 */
export const createProcessPool = <Payload, Result>(options: ProcessPoolOptions): ProcessPool<Payload, Result> => {
  const startTimeoutMs = options.startTimeoutMs ?? 20_000;
  const requestTimeoutMs = options.requestTimeoutMs ?? 5_000;
  const deadlineMs = options.deadlineMs ?? 15_000;
  const maxWaiting = options.maxWaiting ?? 1_000;
  const waiting: Job<Payload, Result>[] = [];
  const slots: Slot<Payload, Result>[] = Array.from({ length: options.size ?? 1 }, () => ({
    child: null,
    ready: false,
    job: null,
    timer: null,
    failures: 0,
  }));
  const firstReady = Promise.withResolvers<void>();
  firstReady.promise.catch(() => {});
  let orders = 0;
  let closed = false;

  const enqueue = (job: Job<Payload, Result>): void => {
    const at = waiting.findIndex(
      (other) => other.priority > job.priority || (other.priority === job.priority && other.order > job.order),
    );
    waiting.splice(at === -1 ? waiting.length : at, 0, job);
  };

  const setTimer = (slot: Slot<Payload, Result>, run: () => void, ms: number): void => {
    if (slot.timer) clearTimeout(slot.timer);
    slot.timer = setTimeout(run, ms);
    slot.timer.unref();
  };

  const pump = (): void => {
    for (const slot of slots) {
      if (!slot.ready || slot.job || !slot.child) continue;
      const job = waiting.shift();
      if (!job) return;
      const { child } = slot;
      slot.job = job;
      job.attempts += 1;
      setTimer(slot, () => child.kill('SIGKILL'), requestTimeoutMs);
      child.send({ id: job.order, payload: job.payload } satisfies ChildRequest<Payload>, (error) => {
        if (error) child.kill('SIGKILL');
      });
    }
  };

  const lost = (slot: Slot<Payload, Result>, cause: string): void => {
    const { job } = slot;
    slot.child = null;
    slot.ready = false;
    slot.job = null;
    slot.failures += 1;
    if (slot.timer) clearTimeout(slot.timer);
    if (closed) return;
    if (job && !job.settled) {
      if (job.attempts < 2) enqueue(job);
      else job.reject(new SpeechFailed(`the speech process was lost twice: ${cause}`));
    }
    if (slot.failures >= hopeless && slots.every((other) => !other.ready)) {
      const error = new SpeechFailed(`the speech process does not start: ${cause}`);
      firstReady.reject(error);
      for (const waitingJob of waiting.splice(0)) waitingJob.reject(error);
    }
    setTimer(slot, () => start(slot), backOffMs(slot.failures));
  };

  const start = (slot: Slot<Payload, Result>): void => {
    if (closed) return;
    let stderr = '';
    const child = fork(options.module, options.args ?? [], {
      env: { ...options.env },
      execArgv: [...(options.execArgv ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    slot.child = child;
    // Idle children never hold the parent open; whoever waits for an answer does, through its deadline timer.
    child.unref();
    child.channel?.unref();
    const errors = child.stderr as (NodeJS.ReadableStream & { unref?(): void }) | null;
    errors?.unref?.();
    errors?.on('data', (text: Buffer) => {
      stderr = (stderr + text.toString('utf8')).slice(-2_000);
    });
    setTimer(slot, () => child.kill('SIGKILL'), startTimeoutMs);
    child.on('message', (message) => {
      const answer = message as ChildAnswer<Result>;
      if (slot.timer) clearTimeout(slot.timer);
      if ('ready' in answer) {
        slot.ready = true;
        firstReady.resolve();
        pump();
        return;
      }
      const { job } = slot;
      if (!job || job.order !== answer.id) return;
      slot.job = null;
      slot.failures = 0;
      if ('error' in answer) job.reject(new SpeechFailed(answer.error));
      else job.resolve(answer.result);
      pump();
    });
    let gone = false;
    const end = (cause: string): void => {
      if (gone) return;
      gone = true;
      lost(slot, `${cause}${stderr ? `: ${stderr.trim()}` : ''}`);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  };

  for (const slot of slots) start(slot);

  return {
    async ready() {
      const hold = setTimeout(() => {}, 2 ** 31 - 1);
      await firstReady.promise.finally(() => clearTimeout(hold));
    },
    pids: () => slots.flatMap((slot) => slot.child?.pid ?? []),
    run(payload, { priority, signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      if (closed) return Promise.reject(new SpeechClosed());
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (waiting.length >= maxWaiting) return Promise.reject(new SpeechFailed('too many sentences are waiting'));
      const settle = (act: () => void): void => {
        if (job.settled) return;
        job.settled = true;
        clearTimeout(deadline);
        signal?.removeEventListener('abort', abort);
        const at = waiting.indexOf(job);
        if (at !== -1) waiting.splice(at, 1);
        act();
      };
      const job: Job<Payload, Result> = {
        order: ++orders,
        priority,
        payload,
        attempts: 0,
        settled: false,
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
      };
      // What the child is already saying is left to finish: a sentence takes it a few milliseconds.
      const abort = (): void => settle(() => reject(signal?.reason));
      const deadline = setTimeout(() => job.reject(new SpeechFailed(`no speech within ${deadlineMs} ms`)), deadlineMs);
      signal?.addEventListener('abort', abort, { once: true });
      enqueue(job);
      pump();
      return promise;
    },
    async close() {
      if (closed) return;
      closed = true;
      const error = new SpeechClosed();
      firstReady.reject(error);
      for (const job of waiting.splice(0)) job.reject(error);
      await Promise.all(
        slots.map(async ({ child, job, timer }) => {
          if (timer) clearTimeout(timer);
          job?.reject(error);
          if (!child || child.exitCode !== null || child.signalCode !== null) return;
          const exited = new Promise((resolve) => child.once('exit', resolve));
          child.ref();
          child.kill('SIGKILL');
          await exited;
        }),
      );
    },
  };
};
