import { kafkaBus } from '@parley/kernel/kafkaBus';
import { createLog } from '@parley/kernel/log';

/** A consumer that takes events in, says which, and never comes to commit that: until somebody ends it. */
const [broker = '', prefix = '', topic = ''] = process.argv.slice(2);
const bus = kafkaBus(
  { brokers: [broker], clientId: 'dying', sasl: null, prefix, partitions: 4, replication: null },
  createLog({ level: 'silent', service: 'dying' }),
);
await bus.consume('seer', [topic], async (events) => {
  console.log(events.map(({ version }) => version).join(' '));
  await new Promise(() => {});
});
setInterval(() => {}, 2 ** 30);
