import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Positioned, resumableStream } from './resumableStream.ts';

/** A store, a channel that can lose, double and reorder, and what a subscriber saw. */
const world = (options: { checkMs?: number } = {}) => {
  const log: Positioned[] = [];
  const listeners = new Set<(item: Positioned | null) => void>();
  let complete = false;
  return {
    append: () => log.push({ position: log.length + 1 }),
    tell: (position: number) => {
      for (const listener of listeners) listener({ position });
    },
    hint: () => {
      for (const listener of listeners) listener(null);
    },
    finish: () => {
      complete = true;
    },
    listeners,
    open: (after: number) =>
      resumableStream<Positioned>({
        after,
        checkMs: options.checkMs ?? 60_000,
        read: async (last) => ({ items: log.slice(last, last + 50), more: log.length > last + 50, complete }),
        listen: async (listener) => {
          listeners.add(listener);
          return async () => void listeners.delete(listener);
        },
      }),
  };
};
const take = async (stream: AsyncIterableIterator<Positioned>, count: number) => {
  const seen: number[] = [];
  while (seen.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    seen.push(value.position);
  }
  return seen;
};

test('F02 what was missed is replayed first, then the live tail follows in order', async () => {
  const it = world();
  for (let i = 0; i < 5; i++) it.append();
  const stream = await it.open(2);
  it.append();
  it.tell(6);
  assert.deepEqual(await take(stream, 4), [3, 4, 5, 6]);
  await stream.return?.();
  assert.equal(it.listeners.size, 0);
});

test('F01 F10 F11 lost, doubled and reordered live messages reach the subscriber once and in order', async () => {
  const it = world();
  const stream = await it.open(0);
  for (let i = 0; i < 8; i++) it.append();
  for (const position of [1, 1, 3, 2, 7, 5, 8, 8]) it.tell(position);
  assert.deepEqual(await take(stream, 8), [1, 2, 3, 4, 5, 6, 7, 8]);
  await stream.return?.();
});

test('F06 a last message that was lost is found by the regular look at the store', async () => {
  const it = world({ checkMs: 10 });
  const stream = await it.open(0);
  it.append();
  assert.deepEqual(await take(stream, 1), [1]);
  await stream.return?.();
});

test('F18 it completes after the last stored item, not before', async () => {
  const it = world();
  it.append();
  it.append();
  it.finish();
  const stream = await it.open(0);
  assert.deepEqual(await take(stream, 5), [1, 2]);
});

test('F16 returning while a next is waiting ends it and frees the listener', async () => {
  const it = world();
  const stream = await it.open(0);
  const pending = stream.next();
  await stream.return?.();
  assert.deepEqual(await pending, { value: undefined, done: true });
  assert.equal(it.listeners.size, 0);
});

test('random faults over many seeds never make a gap or a double', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    let state = seed;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const it = world({ checkMs: 5 });
    const after = Math.floor(random() * 5);
    for (let i = 0; i < after; i++) it.append();
    const stream = await it.open(after);
    const reading = take(stream, 40);
    for (let position = after + 1; position <= after + 40; position++) {
      it.append();
      if (random() < 0.7) it.tell(position);
      if (random() < 0.2) it.tell(1 + Math.floor(random() * position));
      if (random() < 0.1) it.hint();
      if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(
      await reading,
      Array.from({ length: 40 }, (_, i) => after + 1 + i),
      `seed ${seed}`,
    );
    await stream.return?.();
  }
});

test('F04 a slow reader leaves the rest in the store and still gets all of it', async () => {
  const it = world();
  const stream = await it.open(0);
  for (let position = 1; position <= 3000; position++) {
    it.append();
    it.tell(position);
  }
  it.finish();
  assert.deepEqual(
    await take(stream, 3001),
    Array.from({ length: 3000 }, (_, i) => i + 1),
  );
});
