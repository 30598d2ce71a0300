import { Kafka, type LogEntry, logLevel, type Producer } from 'kafkajs';
import type { EventBus } from './bus.ts';
import type { StoredEvent } from './event.ts';
import type { Log } from './log.ts';

/** kafkajs prints on its own unless told where to. */
const logTo =
  (log: Log) =>
  ({ log: { message, ...details } }: LogEntry) =>
    log.warn({ kafka: details }, message);

/**
 * The bus on Kafka. One topic per context, keyed by aggregate so that an aggregate's events stay in order; the producer
 * is idempotent, waits for all in-sync replicas and keeps one request in flight. A consumer's offset is committed after
 * its handler's transaction; consumers dedupe by event id, so a second delivery changes nothing.
 */
export const kafkaBus = async (
  options: {
    brokers: readonly string[];
    clientId: string;
    sasl: { username: string; password: string } | null;
  },
  log: Log,
): Promise<EventBus> => {
  const kafka = new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    logLevel: logLevel.ERROR,
    logCreator: () => logTo(log),
    ...(options.sasl === null ? {} : { ssl: true, sasl: { mechanism: 'scram-sha-512', ...options.sasl } }),
  });
  const producer: Producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: true });
  await producer.connect();
  const stops = new Set<() => Promise<void>>();
  return {
    publish: async (topic, events) => {
      await producer.send({
        topic,
        acks: -1,
        messages: events.map((event) => ({
          key: event.aggregateId,
          value: JSON.stringify(event),
          headers: { type: event.type },
        })),
      });
    },
    consume: async (group, topics, handler) => {
      const consumer = kafka.consumer({ groupId: group });
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, partition, message }) => {
          if (message.value !== null) await handler(JSON.parse(message.value.toString()) as StoredEvent);
          await consumer.commitOffsets([{ topic, partition, offset: (BigInt(message.offset) + 1n).toString() }]);
        },
      });
      const stop = async () => {
        stops.delete(stop);
        await consumer.disconnect();
      };
      stops.add(stop);
      return stop;
    },
    close: async () => {
      await Promise.all([...stops].map((stop) => stop()));
      await producer.disconnect();
    },
  };
};
