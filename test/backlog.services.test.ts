import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { createBacklog, type Waiting } from '@parley/kernel/backlog';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { pino } from 'pino';
import { openLink } from './testkit/faultyLink.ts';
import { createAgent, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform } from './testkit/platform.ts';
import { storedEvent } from './testkit/storedEvents.ts';
import { until } from './testkit/until.ts';

const [broker = ''] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
assert.ok(broker, 'KAFKA_BROKERS says where Kafka is: npm run test:services');

type Line = { msg: string; group?: string; topic?: string; partition?: number | null; oldestSeconds?: number };

describe('events that wait in Kafka', () => {
  const open = (brokers: readonly string[] = [broker]) => {
    const lines: Line[] = [];
    const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line) as Line) });
    const backlog = createBacklog(log, { lateMs: 1500, checkMs: 100 });
    const prefix = `t-${randomBytes(3).toString('hex')}.`;
    const bus = kafkaBus(
      { brokers, clientId: 'test', sasl: null, prefix, partitions: 2, replication: null },
      log,
      backlog,
    );
    const places = (): readonly Waiting[] => backlog.read();
    const late = () =>
      places().filter((place) => place.stage === 'consumer' && place.partition !== null && place.oldestSeconds > 1.5);
    return { bus, lines, places, late };
  };

  test('K16: a consumer that stands still is told of by its partition, in the log and as a number, until it has caught up', async () => {
    const { bus, lines, late } = open();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = 0;
    const stop = await bus.consume('seer', ['k16.events'], async (events) => {
      await held;
      taken += events.length;
    });
    const [tenantId, aggregateId] = [randomUUID(), randomUUID()];
    await bus.publish(
      'k16.events',
      [1, 2, 3].map((version) => storedEvent(tenantId, aggregateId, version)),
    );
    await until('its lag', () => late().length === 1);
    const partition = late().map((place) => (place.stage === 'consumer' ? place.partition : null))[0];
    const find = () => lines.find((line) => line.msg === 'events wait' && line.partition === partition);
    await until('a warning', () => find() !== undefined);
    const warning = find();
    assert.equal(warning?.group, 'seer');
    assert.match(warning?.topic ?? '', /k16\.events$/);
    assert.ok((warning?.oldestSeconds ?? 0) >= 1);
    release();
    await until('all of them', () => taken === 3);
    await until('the end of it', () =>
      lines.some((line) => line.msg === 'events wait no longer' && line.partition === partition),
    );
    assert.deepEqual(late(), []);
    await stop();
    await bus.close();
  });

  test('K16: a consumer whose broker does not answer is told of', async () => {
    const [host = '', port = ''] = broker.split(':');
    const link = await openLink(() => ({ host, port: Number(port) }));
    link.set({ kind: 'silent' });
    const { bus, lines } = open([`127.0.0.1:${link.port}`]);
    const stop = await bus.consume('seer', ['k16.events'], async () => {});
    await until('a warning', () => lines.some(({ msg, partition }) => msg === 'events wait' && partition === null));
    link.set({ kind: 'cut' });
    await stop();
    await bus.close();
    await link.close();
  });

  test('K16: the platform tells of every outbox and every consumer among its metrics', async () => {
    const platform = await startTestPlatform();
    const { accessToken } = await signUp(platform.url);
    const { agentId } = await createAgent(platform.url, accessToken);
    const { conversation } = await startConversation(platform.url, accessToken, agentId);
    await sendMessage(platform.url, accessToken, conversation.id, 'Hello.');
    await platform.drained();
    const ages = async (): Promise<Map<string, number>> => {
      const text = await (await fetch(`${platform.url}/metrics`)).text();
      return new Map(
        text
          .split('\n')
          .filter((line) => line.startsWith('parley_events_oldest_seconds{'))
          .map((line) => [line.slice(0, line.indexOf('}')), Number(line.split(' ').at(-1))]),
      );
    };
    const has = (of: ReadonlyMap<string, number>, ...parts: string[]) =>
      [...of].some(([labels, age]) => parts.every((part) => labels.includes(part)) && age < 60);
    await until('every place', async () => {
      const found = await ages();
      return (
        ['auth.events', 'sales.events', 'voice.events', 'agent.events'].every((topic) =>
          has(found, 'stage="outbox"', `topic="${topic}"`),
        ) && ['analytics', 'voice'].every((group) => has(found, 'stage="consumer"', `group="${group}"`, 'partition="'))
      );
    });
    await platform.stop();
  });
});
