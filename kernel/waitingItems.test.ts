import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitingItems } from './waitingItems.ts';

describe('items that wait for a reader', () => {
  test('come in order, before or after they are asked for, then the end', async () => {
    let over = 0;
    const items = waitingItems<number>(() => {
      over += 1;
    });
    items.push(1);
    items.push(2);
    assert.deepEqual(
      [await items.stream.next(), await items.stream.next()].map(({ value }) => value),
      [1, 2],
    );
    const third = items.stream.next();
    items.push(3);
    items.end();
    items.push(4);
    assert.equal((await third).value, 3);
    assert.equal((await items.stream.next()).done, true);
    assert.equal(over, 1);
  });

  test('a failure comes after what came before it, once', async () => {
    const items = waitingItems<number>(() => {});
    items.push(1);
    items.fail(new Error('cut'));
    items.fail(new Error('again'));
    assert.equal((await items.stream.next()).value, 1);
    await assert.rejects(items.stream.next(), /cut/);
    assert.equal((await items.stream.next()).done, true);
    await assert.rejects(items.failed, /cut/);
  });

  test('returning frees at once, also while a next waits', async () => {
    let over = 0;
    const items = waitingItems<number>(() => {
      over += 1;
    });
    const waiting = items.stream.next();
    await items.stream.return?.();
    assert.equal((await waiting).done, true);
    assert.equal(over, 1);
  });

  test('F04: a reader that is far behind is cut off, not waited for', async () => {
    const items = waitingItems<number>(() => {});
    for (let n = 0; n < 10_002; n++) items.push(n);
    let read = 0;
    await assert.rejects(async () => {
      for await (const _ of items.stream) read += 1;
    }, /wait for a reader/);
    assert.equal(read, 10_001);
  });
});
