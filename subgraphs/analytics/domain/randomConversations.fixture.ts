import { randomUUID } from 'node:crypto';
import { type Teller, tellConversation } from './salesEvents.fixture.ts';

export type Random = {
  below(limit: number): number;
  chance(part: number): boolean;
  pick<T>(values: readonly [T, ...T[]]): T;
};
/** The same numbers for the same seed (mulberry32). */
export const seeded = (seed: number): Random => {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    chance: (part) => next() < part,
    pick: <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0],
  };
};

const phases = ['GREETING', 'DISCOVERY', 'QUALIFICATION', 'PRESENTATION', 'OBJECTION_HANDLING', 'CLOSING'] as const;
const outcomes = ['CONVERTED', 'LOST', 'FOLLOW_UP_SCHEDULED', 'TRANSFERRED', 'ABANDONED'] as const;

/**
 * A conversation as it may come: messages before replies are done, barge-ins before and after the audio, failures,
 * clocks that jump, and now and then an event that nobody understands.
 */
export const randomConversation = (random: Random, of: { tenantId: string; agentId: string }): Teller => {
  const startedAt = new Date(Date.UTC(2026, 10, 1 + random.below(20), random.below(24), random.below(60)));
  const told = tellConversation({ ...of, startedAt: startedAt.toISOString() });
  if (random.chance(0.3)) told.add('sales.ContactAdded', { contactId: randomUUID() }, 0);
  told.started();
  let seconds = 0;
  const unanswered: string[] = [];
  const replies: string[] = [];
  const step = [
    () => unanswered.push(told.received(random.below(60), seconds)),
    () => unanswered.push(told.received(random.below(60), seconds)),
    () => {
      const question = unanswered.shift();
      if (question === undefined) return;
      const reply = told.replyStarted(
        question,
        {
          intent: {
            name: random.pick(['pricing', 'discount', 'other', 'Ünïcode']),
            confidence: 0.5,
            outOfScope: false,
          },
          sentiment: random.pick([-1, -0.3, -0, 0.1, 0.2, 0.7, 1]),
          objection: random.pick([null, null, 'PRICE', 'TRUST']),
          timeToFirstToken: random.below(2000),
        },
        seconds,
      );
      replies.push(reply);
    },
    () => replies[0] && told.completed(replies[0], random.below(80), random.below(5000), seconds),
    () => {
      const reply = random.chance(0.5) ? replies[0] : replies.shift();
      if (reply)
        told.voiced(reply, random.chance(0.1) ? 0 : random.below(20_000), random.pick([null, 300, 450, 700]), seconds);
    },
    () =>
      replies[0] && random.chance(0.5) && told.interrupted(replies[0], random.below(20_000), random.below(9), seconds),
    () => random.chance(0.2) && told.failed(replies.shift() ?? randomUUID(), seconds),
    () => random.chance(0.4) && told.phase('GREETING', random.pick(phases), seconds),
    () => random.chance(0.2) && told.add('sales.HandoffRequested', { reason: 'PRICE' }, seconds),
    () => random.chance(0.1) && told.add('sales.TurnReceived', { turnId: 'not an id', wordCount: 3 }, seconds),
  ] as const;
  for (let steps = random.below(40); steps > 0; steps--) {
    seconds += random.chance(0.1) ? -random.below(30) : random.below(20);
    random.pick(step)();
  }
  if (random.chance(0.7)) told.ended(random.pick(outcomes), seconds);
  return told;
};
