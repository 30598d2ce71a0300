import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '../../apart/services.ts';
import { launchPlatformProcess } from '../testkit/platformProcess.ts';

/** A service's process that is started again whenever it ends, as its orchestrator would. */
export type Supervised = {
  /** Resolves when it is ready for the first time. */
  readonly ready: Promise<void>;
  /** Ends it and leaves it away for so long. Resolves when it is ready again. */
  end(how: 'SIGKILL' | 'SIGTERM', awayMs: number): Promise<void>;
  pause(forMs: number): Promise<void>;
  /** For good, as its operator would. @returns its exit code */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
};

const restMs = 300;

/**
 * @param within see launchPlatformProcess
 * @param onEnd what it printed, and how it ended where it had been ready and was not to end so
 */
export const supervise = (
  service: ServiceName,
  environment: Record<string, string>,
  within: readonly string[],
  onEnd: (output: string, unasked: string | null) => void,
): Supervised => {
  let stopping = false;
  let awayUntil = 0;
  let asked: NodeJS.Signals | null = null;
  let current = launchPlatformProcess(environment, [service], within);

  // One loop alone starts it: however it ended, there are never two.
  const running = (async () => {
    for (;;) {
      const { child, output, ready } = current;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const wasReady = await ready.then(
        () => true,
        () => false,
      );
      const ended = child.exitCode ?? child.signalCode;
      const isFine =
        stopping || !wasReady || (asked === 'SIGKILL' ? ended === 'SIGKILL' : asked !== null && ended === 0);
      onEnd(output(), isFine ? null : `${asked === null ? 'ended by itself' : `ended on ${asked}`} with ${ended}`);
      asked = null;
      if (stopping) return;
      await delay(Math.max(restMs, awayUntil - Date.now()));
      if (stopping) return;
      current = launchPlatformProcess(environment, [service], within);
    }
  })();

  const isReady = async (): Promise<void> => {
    for (;;) {
      const launched = current;
      const came = await launched.ready.then(
        () => true,
        () => false,
      );
      if ((came && launched === current) || stopping) return;
      await delay(50);
    }
  };
  return {
    ready: isReady(),
    end: async (how, awayMs) => {
      asked = how;
      awayUntil = Date.now() + awayMs;
      const ended = current;
      await (how === 'SIGKILL' ? ended.kill() : ended.stop());
      while (current === ended && !stopping) await delay(50);
      await isReady();
    },
    pause: async (forMs) => {
      const { child } = current;
      child.kill('SIGSTOP');
      await delay(forMs);
      child.kill('SIGCONT');
    },
    stop: async () => {
      stopping = true;
      const code = await current.stop();
      await running;
      return code;
    },
    kill: async () => {
      stopping = true;
      await current.kill();
    },
  };
};
