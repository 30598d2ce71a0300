import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '@parley/kernel/actor';
import { isOutage } from '@parley/kernel/outage';
import { sentenceSplitter } from '@parley/kernel/sentences';
import type { Turn } from '../generated/prisma/client.ts';
import { speakSentence } from '../infrastructure/speech.ts';
import type { Sales } from './sales.ts';

/** Speaks a turn's text as it grows, one finished sentence after the other. */
export type Speaker = {
  /** More of the turn's stored text. */
  say(text: string): void;
  /** The text is whole: the last sentence is marked final. Resolves when all audio is made or has failed. */
  finish(): Promise<Spoken>;
  /** The turn was cut short: what is not spoken yet never will be. */
  stop(): Promise<Spoken>;
};
/** Milliseconds of audio made, and from the message's arrival to the first of it (null: there is none). */
export type Spoken = { durationMs: number; timeToFirstAudio: number | null };

/** How long a sentence stands back behind the first words of other replies. */
const firstMayWaitMs = 60;
const laterMayWaitMs = 250;
/** How long a sentence is asked for while voice is away, and while it says that it failed. */
const awayPatienceMs = 600_000;
const failedPatienceMs = 10_000;
const mostRestMs = 2000;

/**
 * The same text always gives the same sentences with the same sequence, and voice makes a (turn, sequence) once: after
 * a crash the whole text can be said again and only what is missing is made.
 */
export const speakReply = (
  sales: Sales,
  actor: Actor,
  turn: Turn,
  options: {
    voiceId: () => Promise<string | null>;
    locale: string;
    receivedAt: Date;
    /** The turn before has been spoken. */
    after: Promise<unknown>;
    signal: AbortSignal;
  },
): Speaker => {
  const splitter = sentenceSplitter();
  const spoken: Spoken = { durationMs: 0, timeToFirstAudio: turn.timeToFirstAudio };
  let sequence = 0;
  let stopped = false;
  let work: Promise<unknown> = options.after;

  const speak = (text: string, isFinal: boolean) => {
    const number = ++sequence;
    work = work.then(async () => {
      await sales.foreground.clear(number === 1 ? firstMayWaitMs : laterMayWaitMs);
      if (stopped || options.signal.aborted) return;
      const { conversationId, id: turnId } = turn;
      const { locale } = options;
      const made = await insist(number, async () => {
        const voiceId = await options.voiceId();
        const sentence = { conversationId, turnId, sequence: number, text, voiceId, locale, isFinal };
        return speakSentence(sales.voice, actor, sentence);
      });
      if (made === null || made.durationMs === 0) return;
      spoken.durationMs += made.durationMs;
      spoken.timeToFirstAudio ??= sales.clock().getTime() - options.receivedAt.getTime();
    });
  };
  /** A voice that is away comes back: what it was asked for is asked again, and made once. Null: it never will be. */
  const insist = async <T>(sequence: number, ask: () => Promise<T>): Promise<T | null> => {
    const since = performance.now();
    for (let attempt = 1; !stopped && !options.signal.aborted; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const patience = isOutage(error) ? awayPatienceMs : failedPatienceMs;
        const given = { err: error, turnId: turn.id, sequence, attempt };
        if (performance.now() - since > patience) {
          sales.log.error(given, 'a sentence could not be spoken; its text stands');
          return null;
        }
        sales.log.warn(given, 'a sentence is asked for again');
        await delay(Math.min(200 * attempt, mostRestMs), undefined, { signal: options.signal }).catch(() => {});
      }
    }
    return null;
  };
  /** A sentence is held back until the next begins: only then is it known not to be the last. */
  let held: string | null = null;
  const next = (text: string) => {
    if (held !== null) speak(held, false);
    held = text;
  };

  return {
    say: (text) => {
      for (const sentence of splitter.push(text)) next(sentence);
      // What follows has begun, or the splitter would not have let go.
      if (held !== null) speak(held, false);
      held = null;
    },
    finish: async () => {
      for (const sentence of splitter.flush()) next(sentence);
      if (held !== null) speak(held, true);
      held = null;
      await work;
      return spoken;
    },
    stop: async () => {
      stopped = true;
      await work;
      return spoken;
    },
  };
};
