/**
 * What carries events in a process of its own: `sales` (the relay of its outbox), `analytics` (who projects them) or
 * `both` in one. Its environment is the platform's. Each message it is sent says that something was committed.
 */
import { startAnalytics } from '@parley/analytics/server';
import { openPool } from '@parley/kernel/database';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import { redisPubSub } from '@parley/kernel/redisPubSub';
import { salesTopic } from '@parley/sales/events';
import { platformConfig } from '../../config.ts';

const [role = 'both'] = process.argv.slice(2);
const config = platformConfig(process.env);
const log = createLog({ level: 'warn', service: `bench-${role}` });
const pool = openPool(config.database?.url ?? '', { max: config.poolSize });
const bus = config.kafka === null ? inProcessBus(log) : kafkaBus(config.kafka, log);
const pubsub = config.redisUrl === null ? memoryPubSub() : redisPubSub(config.redisUrl, log);
const analytics = role === 'sales' ? null : await startAnalytics({ pool, bus, pubsub, log, clock: () => new Date() });
const relay = role === 'analytics' ? null : startOutboxRelay({ pool, schema: 'sales', topic: salesTopic, bus, log });

const stop = async () => {
  await relay?.stop();
  await analytics?.stop();
  await bus.close();
  await pubsub.close();
  await pool.end();
  process.exit();
};
process.on('message', () => relay?.wake());
process.once('disconnect', () => void stop());
// Ctrl-C reaches the benchmark too, which ends us.
process.on('SIGINT', () => {});
process.send?.('ready');
