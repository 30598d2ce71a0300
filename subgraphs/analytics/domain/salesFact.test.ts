import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tellConversation } from './salesEvents.fixture.ts';
import { readSalesFact } from './salesFact.ts';

const told = () => {
  const conversation = tellConversation({
    tenantId: '00000000-0000-4000-8000-00000000000a',
    agentId: '00000000-0000-4000-8000-0000000000a9',
    startedAt: '2026-11-02T09:00:00.000Z',
  });
  conversation.started();
  conversation.replyStarted(conversation.received(3), { sentiment: 1.0000001 });
  const [started, received, reply] = conversation.events;
  assert.ok(started && received && reply);
  return { started, received, reply };
};
const problemOf = (read: ReturnType<typeof readSalesFact>): string | null =>
  read !== null && 'problem' in read ? read.problem : null;

describe('reading what sales publishes', () => {
  test('only what metrics need is read; sealed text and fields of a later day are not looked at (K14)', () => {
    const { received } = told();
    const read = readSalesFact({ ...received, data: { ...received.data, mood: 'sunny' } });
    assert.ok(read !== null && 'data' in read);
    assert.deepEqual(Object.keys(read.data).sort(), ['conversationId', 'turnId', 'wordCount']);
  });

  test('an event of a kind we do not know changes nothing and is no problem (K14)', () => {
    const { received } = told();
    assert.equal(readSalesFact({ ...received, type: 'sales.HandoffRequested' }), null);
    assert.equal(readSalesFact({ ...received, type: 'constructor' }), null);
  });

  test('a newer schema version, a missing field and a foreign aggregate are problems with a reason (K14)', () => {
    const { received } = told();
    assert.equal(problemOf(readSalesFact({ ...received, schemaVersion: 2 })), 'schema version 2 is not known');
    const { wordCount: _, ...without } = received.data as Record<string, unknown>;
    assert.match(problemOf(readSalesFact({ ...received, data: without })) ?? '', /^wordCount: /);
    assert.equal(
      problemOf(readSalesFact({ ...received, aggregateId: '00000000-0000-4000-8000-0000000000ff' })),
      'conversationId: is not the aggregate',
    );
  });

  test('numbers that no column can hold are problems; a sentiment a rounding error off is not', () => {
    const { received, reply } = told();
    assert.match(
      problemOf(readSalesFact({ ...received, data: { ...received.data, wordCount: 2 ** 31 } })) ?? '',
      /wordCount/,
    );
    assert.match(
      problemOf(readSalesFact({ ...received, data: { ...received.data, wordCount: -1 } })) ?? '',
      /wordCount/,
    );
    const read = readSalesFact(reply);
    assert.ok(read !== null && 'data' in read && 'sentiment' in read.data);
    assert.equal(read.data.sentiment, 1);
  });
});
