import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClientLog, check, type StoredConversation } from './crash/checker.ts';

/** A conversation in which all is well: one message, one reply in two DELTAs and two chunks, a cut in between. */
const good = (): { log: ClientLog; stored: StoredConversation } => {
  const update = (position: number, kind: string, textDelta: string | null, turnId: string, text: string) => ({
    position,
    cursor: `c${position}`,
    kind,
    textDelta,
    turnId,
    text,
  });
  const updates = [
    update(1, 'STARTED', null, 'customer', ''),
    update(2, 'DELTA', 'Hi', 'customer', 'Hi'),
    update(3, 'COMPLETED', null, 'customer', 'Hi'),
    update(4, 'STARTED', null, 'agent', ''),
    update(5, 'DELTA', 'Hello. ', 'agent', 'Hello. '),
    update(6, 'DELTA', 'How are you?', 'agent', 'Hello. How are you?'),
    update(7, 'COMPLETED', null, 'agent', 'Hello. How are you?'),
  ];
  const chunks = [
    {
      id: 'a1',
      cursor: 'a1',
      position: 1,
      turnId: 'agent',
      sequence: 1,
      isFinal: false,
      text: 'Hello.',
      playable: true,
    },
    {
      id: 'a2',
      cursor: 'a2',
      position: 2,
      turnId: 'agent',
      sequence: 2,
      isFinal: true,
      text: 'How are you?',
      playable: true,
    },
  ];
  const turn = { state: 'COMPLETED', clientMessageId: null, inReplyTo: null };
  return {
    log: {
      conversationId: 'c',
      acknowledged: [{ clientMessageId: 'm', text: 'Hi', turnId: 'customer', sequence: 1 }],
      updates,
      chunks,
      cuts: [{ updates: 5, chunks: 0 }],
      streamsCompleted: true,
    },
    stored: {
      id: 'c',
      pendingReplies: 0,
      turns: [
        { ...turn, id: 'customer', sequence: 1, role: 'CUSTOMER', text: 'Hi', clientMessageId: 'm' },
        { ...turn, id: 'agent', sequence: 2, role: 'AGENT', text: 'Hello. How are you?', inReplyTo: 'customer' },
      ],
      updates,
      chunks,
      eventVersions: [1, 2, 3],
      unsentEvents: 0,
      metrics: { turnCount: 2, interruptionCount: 0, talkRatio: 0.5 },
      rebuiltMetrics: { turnCount: 2, interruptionCount: 0, talkRatio: 0.5 },
    },
  };
};
type Good = ReturnType<typeof good>;
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

const broken: Record<string, (parts: Mutable<Good>) => void> = {
  'an acknowledged turn is lost': ({ stored }) => void stored.turns.shift(),
  'an acknowledged turn has another text': ({ log }) => {
    at(log.acknowledged, 0).text = 'Ho';
  },
  'an acknowledged turn moved': ({ log }) => {
    at(log.acknowledged, 0).sequence = 3;
  },
  'the conversation is lost': (parts) => {
    parts.stored = null as never;
  },
  'one message made two turns': ({ stored }) =>
    void stored.turns.push(
      { ...at(stored.turns, 0), id: 'again', sequence: 3 },
      { ...at(stored.turns, 1), id: 'r', sequence: 4, inReplyTo: 'again' },
    ),
  'a gap in the sequences': ({ stored }) => {
    at(stored.turns, 1).sequence = 3;
  },
  'a missing reply': ({ stored }) => void stored.turns.pop(),
  'two replies': ({ stored }) => void stored.turns.push({ ...at(stored.turns, 1), id: 'other', sequence: 3 }),
  'a reply to nothing': ({ stored }) => {
    at(stored.turns, 1).inReplyTo = null;
  },
  'a turn left streaming': ({ stored }) => {
    at(stored.turns, 1).state = 'STREAMING';
  },
  'a failed reply': ({ stored }) => {
    at(stored.turns, 1).state = 'FAILED';
  },
  'a reply still waited for': ({ stored }) => {
    stored.pendingReplies = 1;
  },
  'a gap in the log': ({ stored }) => void stored.updates.splice(4, 1),
  'a DELTA logged twice': ({ stored }) => {
    stored.updates = stored.updates.toSpliced(5, 0, at(stored.updates, 4));
  },
  'a DELTA delivered twice': ({ log }) => {
    log.updates = log.updates.toSpliced(5, 0, at(log.updates, 4));
  },
  'a DELTA delivered twice under another cursor': ({ log }) => {
    log.updates = log.updates.toSpliced(5, 0, { ...at(log.updates, 4), cursor: 'other' });
  },
  'a DELTA not delivered': ({ log }) => {
    log.updates = log.updates.toSpliced(4, 1);
  },
  'updates out of order': ({ log }) => {
    log.updates = [at(log.updates, 0), at(log.updates, 2), at(log.updates, 1), ...log.updates.slice(3)];
  },
  'the end not delivered': ({ log }) => {
    log.updates = log.updates.slice(0, -1);
  },
  'an update of nothing': ({ log }) => {
    log.updates = [...log.updates, { ...at(log.updates, 0), turnId: 'nobody', cursor: 'x' }];
  },
  'text delivered before a cut was changed': ({ log }) => {
    log.updates = log.updates.map((update) =>
      update.cursor === 'c5' ? { ...update, textDelta: 'Howdy. ', text: 'Howdy. ' } : update,
    );
  },
  'a turn’s text that is not its DELTAs': ({ log }) => {
    log.updates = log.updates.map((update) => (update.cursor === 'c6' ? { ...update, text: 'How are you?' } : update));
  },
  'an audio chunk stored twice': ({ stored }) => {
    stored.chunks = [...stored.chunks, { ...at(stored.chunks, 1), id: 'a3', position: 3 }];
  },
  'an audio chunk missing in the store': ({ stored }) => {
    stored.chunks = stored.chunks.slice(1);
  },
  'two final chunks': ({ stored }) => {
    stored.chunks = stored.chunks.map((chunk) => ({ ...chunk, isFinal: true }));
  },
  'no final chunk': ({ stored }) => {
    stored.chunks = stored.chunks.map((chunk) => ({ ...chunk, isFinal: false }));
  },
  'audio that leaves words out': ({ stored }) => {
    stored.chunks = stored.chunks.map((chunk) => ({ ...chunk, text: 'Hello.' }));
  },
  'audio that cannot be played': ({ stored }) => {
    stored.chunks = stored.chunks.map((chunk) => ({ ...chunk, playable: false }));
  },
  'a chunk delivered twice': ({ log }) => {
    log.chunks = [...log.chunks, at(log.chunks, 1)];
  },
  'a chunk not delivered': ({ log }) => {
    log.chunks = log.chunks.slice(0, 1);
  },
  'chunks out of order': ({ log }) => {
    log.chunks = log.chunks.toReversed();
  },
  'a chunk delivered that is not stored': ({ log }) => {
    log.chunks = [...log.chunks, { ...at(log.chunks, 1), id: 'ghost' }];
  },
  'a gap in the events': ({ stored }) => {
    stored.eventVersions = [1, 3];
  },
  'an event never sent': ({ stored }) => {
    stored.unsentEvents = 1;
  },
  'analytics missed it': ({ stored }) => {
    stored.metrics = null;
  },
  'analytics counted twice': ({ stored }) => {
    stored.metrics = { turnCount: 3, interruptionCount: 0 };
  },
  'a rebuild that changes numbers': ({ stored }) => {
    stored.rebuiltMetrics = { turnCount: 2, interruptionCount: 0, talkRatio: 0.4 };
  },
  'a stream that does not end': ({ log }) => {
    log.streamsCompleted = false;
  },
};
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

describe('the checker of the crash run', () => {
  test('is content with a conversation in which all is well', () => {
    const { log, stored } = good();
    assert.deepEqual(check(log, stored), []);
  });

  test('allows a replay to merge DELTAs', () => {
    const { log, stored } = good();
    const updates = log.updates.flatMap((update) =>
      update.cursor === 'c5' ? [] : [update.cursor === 'c6' ? { ...update, textDelta: update.text } : update],
    );
    assert.deepEqual(check({ ...log, updates }, stored), []);
  });

  test('allows a turn that was cut short to have no last chunk', () => {
    const { log, stored } = good();
    const interrupted = {
      position: 8,
      cursor: 'c8',
      kind: 'INTERRUPTED',
      textDelta: null,
      turnId: 'agent',
      text: 'Hello. How are you?',
    };
    const counted = { turnCount: 2, interruptionCount: 1 };
    assert.deepEqual(
      check(
        { ...log, updates: [...log.updates, interrupted], chunks: log.chunks.slice(0, 1) },
        {
          ...stored,
          turns: stored.turns.map((turn) => (turn.role === 'AGENT' ? { ...turn, state: 'INTERRUPTED' } : turn)),
          updates: [...stored.updates, interrupted],
          chunks: stored.chunks.slice(0, 1),
          metrics: counted,
          rebuiltMetrics: counted,
        },
      ),
      [],
    );
  });

  for (const [what, breakIt] of Object.entries(broken)) {
    test(`sees ${what}`, () => {
      const parts = structuredClone(good()) as Mutable<Good>;
      breakIt(parts);
      assert.notDeepEqual(check(parts.log as ClientLog, parts.stored as StoredConversation), []);
    });
  }
});
