import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyTurnUpdate, type Transcript, type TurnUpdate, transcriptOf } from './transcript.ts';

const turn = (
  id: string,
  sequence: number,
  state: 'STREAMING' | 'COMPLETED' | 'INTERRUPTED' | 'FAILED' = 'STREAMING',
) => ({
  id,
  sequence,
  state,
  role: 'AGENT' as const,
  interrupted: state === 'INTERRUPTED',
  spokenText: state === 'INTERRUPTED' ? 'It' : null,
  inReplyTo: null,
  intent: null,
  sentiment: null,
  objection: null,
  latency: null,
  createdAt: '2026-11-22T10:00:00Z',
});
let position = 0;
const update = (kind: TurnUpdate['kind'], of: TurnUpdate['turn'], textDelta: string | null = null): TurnUpdate => {
  position += 1;
  return { cursor: `c${position}`, kind, textDelta, turn: of };
};
const empty = transcriptOf([], null);
const after = (updates: readonly TurnUpdate[], from: Transcript = empty) => updates.reduce(applyTurnUpdate, from);

describe('applyTurnUpdate', () => {
  test("joins a turn's deltas", () => {
    const updates = [
      update('STARTED', turn('a', 1)),
      update('DELTA', turn('a', 1), 'It costs '),
      update('DELTA', turn('a', 1), '29 €.'),
    ];
    const state = after([...updates, update('COMPLETED', turn('a', 1, 'COMPLETED'))]);
    assert.deepEqual(
      state.turns.map(({ text, state }) => [text, state]),
      [['It costs 29 €.', 'COMPLETED']],
    );
  });

  test('keeps turns in their sequence, however they interleave', () => {
    const state = after([
      update('STARTED', turn('b', 2)),
      update('STARTED', turn('a', 1)),
      update('DELTA', turn('b', 2), 'x'),
    ]);
    assert.deepEqual(
      state.turns.map(({ id }) => id),
      ['a', 'b'],
    );
  });

  test('goes on from a stored turn that was still streaming', () => {
    const stored = transcriptOf([{ ...turn('a', 1), text: 'It co' }], 'c0');
    assert.equal(after([update('DELTA', turn('a', 1), 'sts')], stored).turns[0]?.text, 'It costs');
  });

  test('F17 keeps what was said and what was heard of an interrupted turn', () => {
    const updates = [
      update('STARTED', turn('a', 1)),
      update('DELTA', turn('a', 1), 'It costs'),
      update('COMPLETED', turn('a', 1, 'COMPLETED')),
    ];
    const [interrupted] = after([...updates, update('INTERRUPTED', turn('a', 1, 'INTERRUPTED'))]).turns;
    assert.deepEqual([interrupted?.text, interrupted?.spokenText, interrupted?.interrupted], ['It costs', 'It', true]);
  });

  test('shows a failed turn with the text it got to', () => {
    const state = after([
      update('STARTED', turn('a', 1)),
      update('DELTA', turn('a', 1), 'It'),
      update('FAILED', turn('a', 1, 'FAILED')),
    ]);
    assert.deepEqual(
      state.turns.map(({ text, state }) => [text, state]),
      [['It', 'FAILED']],
    );
  });

  test('tells a turn anew that starts anew, and ignores an update it has applied', () => {
    const delta = update('DELTA', turn('a', 1), 'It');
    const state = after([update('STARTED', turn('a', 1)), delta, delta]);
    assert.equal(state.turns[0]?.text, 'It');
    assert.equal(after([update('STARTED', turn('a', 1))], state).turns[0]?.text, '');
  });
});
