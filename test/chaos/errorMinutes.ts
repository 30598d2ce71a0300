import { setTimeout as delay } from 'node:timers/promises';
import { post } from '../testkit/graphql.ts';
import type { Fault, ProcessName } from './schedule.ts';

/** A fault as it was: milliseconds of `performance.now()`. */
export type Struck = { readonly fault: Fault; readonly from: number; to: number };
type Try = { readonly from: number; readonly to: number; readonly answered: boolean };

/** What the read that is tried needs: one of each. PostgreSQL has no copy. */
const needed: readonly (readonly ProcessName[])[] = [
  ['gateway', 'gateway2'],
  ['auth', 'auth2'],
  ['sales', 'sales2'],
];
/** How long what was struck may take until it does its work again. */
const recoveryMs = 5000;

/** Whether a fault takes this process out of the read's way. */
const takesOut = ({ fault }: Struck, name: ProcessName): boolean => {
  if ('process' in fault) return fault.process === name;
  if (!('link' in fault) || fault.kind === 'slow') return false;
  return fault.link === `all to ${name}` || fault.link === `${name} to postgres`;
};

/** Was there, at some time of the try, no copy left of something that it needs? */
const isExplained = (struck: readonly Struck[], { from, to }: Try): boolean => {
  const during = struck.filter((one) => one.from <= to && one.to + recoveryMs >= from);
  if (during.some(({ fault }) => 'server' in fault && fault.server === 'postgres')) return true;
  return needed.some((copies) => copies.every((name) => during.some((one) => takesOut(one, name))));
};

/** Reads over and over, of one gateway after the other, as a client would. */
export const startReading = (urls: readonly string[], token: string, conversationId: string) => {
  let stopping = false;
  const tries: Try[] = [];
  const query = 'query($id: ID!) { conversation(id: $id) { status } }';
  const answers = async (url: string): Promise<boolean> => {
    const answer = await post(url, query, { id: conversationId }, token, AbortSignal.timeout(2000)).catch(() => null);
    return typeof (answer?.data?.['conversation'] as { status?: string } | null)?.status === 'string';
  };
  const done = (async () => {
    for (let turn = 0; !stopping; turn++) {
      const from = performance.now();
      const order = urls.map((_, index) => urls[(turn + index) % urls.length] ?? '');
      let answered = false;
      for (const url of order) answered ||= await answers(url);
      await delay(100);
      tries.push({ from, to: performance.now(), answered });
    }
  })();
  return {
    stop: async (): Promise<{ tries: readonly Try[]; failed: readonly Try[] }> => {
      stopping = true;
      await done;
      return { tries, failed: tries.filter(({ answered }) => !answered) };
    },
  };
};

const minutes = (tries: readonly Try[]): number => tries.reduce((sum, { from, to }) => sum + to - from, 0) / 60_000;

/** How long reads had no answer: in all, and while a copy of everything they need was there. */
export const errorMinutes = (
  { tries, failed }: { readonly tries: readonly Try[]; readonly failed: readonly Try[] },
  struck: readonly Struck[],
) => {
  const unexplained = failed.filter((one) => !isExplained(struck, one));
  return {
    unexplained,
    text:
      `error minutes: ${minutes(unexplained).toFixed(2)} while a copy of everything was there, ${minutes(failed).toFixed(2)} in all, ` +
      `of ${minutes(tries).toFixed(1)} (${unexplained.length} and ${failed.length} of ${tries.length} reads had no answer from either gateway)`,
  };
};
