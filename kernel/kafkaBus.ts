import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, type Consumer, type EachBatchPayload, Kafka, type LogEntry, logLevel } from 'kafkajs';
import { type Backlog, createBacklog } from './backlog.ts';
import { byAggregate, type EventBus, type EventHandler, eachOf } from './bus.ts';
import type { StoredEvent } from './event.ts';
import { kafkaBacklog } from './kafkaBacklog.ts';
import type { Log } from './log.ts';

export type KafkaOptions = {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly sasl: { readonly username: string; readonly password: string } | null;
  /** Before the names of topics and consumer groups, where several platforms share a cluster; e.g. `parley.` */
  readonly prefix: string;
  /** Of a topic that has to be made; one that exists keeps what it has. */
  readonly partitions: number;
  /** Copies of a topic that has to be made; null leaves it to the broker. */
  readonly replication: number | null;
};

/** So many aggregates of one batch are handled at a time: each takes a connection of the database. */
const atOnce = 4;
/** How long a broker or a handler that failed is left alone. */
const restMs = 1000;
/** A consumer that is silent for so long is taken for dead, and another gets its partitions. */
const sessionMs = 10_000;

/** A consumer that neither fetches nor beats for so long is replaced. */
const silenceMs = 3 * sessionMs;
const leaveMs = 2000;

/** kafkajs prints on its own unless told where to. It tells of every answer that is not yet the one wanted; what comes of it, we say. */
const logTo =
  (log: Log) =>
  ({ log: { message, ...details } }: LogEntry) =>
    log.info({ kafka: details }, message);

/**
 * The bus on Kafka. One topic per context, keyed by aggregate so that an aggregate's events stay in order. The producer is
 * idempotent, waits for all in-sync replicas and keeps one request in flight. A consumer's offset is committed after its
 * handler's transactions; consumers dedupe by id and version, so a second delivery changes nothing, and Kafka's own
 * exactly-once is not relied on. Nothing waits for the broker: while it is away events stay in the outbox, and consumers
 * go on where they were.
 */
export const kafkaBus = (options: KafkaOptions, log: Log, backlog: Backlog = createBacklog(log)): EventBus => {
  const kafka = new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    logLevel: logLevel.ERROR,
    logCreator: () => logTo(log),
    connectionTimeout: 3000,
    requestTimeout: 15_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 },
    ...(options.sasl === null ? {} : { ssl: true, sasl: { mechanism: 'scram-sha-512', ...options.sasl } }),
  });

  const nameOf = (topicOrGroup: string): string => `${options.prefix}${topicOrGroup}`;
  const made = new Map<string, Promise<unknown>>();
  /** A topic that is missing is made, once per process. */
  const topicReady = (topic: string): Promise<unknown> => {
    let making = made.get(topic);
    if (making === undefined) {
      making = makeTopic(kafka.admin(), nameOf(topic), options).catch((error: unknown) => {
        made.delete(topic);
        throw error;
      });
      made.set(topic, making);
    }
    return making;
  };

  const openProducer = async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  };
  let producing: ReturnType<typeof openProducer> | null = null;
  /** One that failed has lost its place in the broker's sequence: the next one begins its own. */
  const forgetProducer = async (failed: ReturnType<typeof openProducer>) => {
    if (producing === failed) producing = null;
    await failed.then((producer) => producer.disconnect()).catch(() => {});
  };

  const consumers = new Set<() => Promise<void>>();
  return {
    backlog,
    publish: async (topic, events) => {
      await topicReady(topic);
      producing ??= openProducer();
      const used = producing;
      try {
        const producer = await used;
        await producer.send({ topic: nameOf(topic), acks: -1, messages: events.map(toMessage) });
      } catch (error) {
        await forgetProducer(used);
        throw error;
      }
      return events.map(({ id }) => id);
    },
    consume: async (group, topics, handler) => {
      const stop = startConsuming(kafka, { group, topics, handler, topicReady, nameOf, backlog, log });
      consumers.add(stop);
      return async () => {
        consumers.delete(stop);
        await stop();
      };
    },
    close: async () => {
      await Promise.all([...consumers].map((stop) => stop()));
      if (producing !== null) await forgetProducer(producing);
      backlog.close();
    },
  };
};

const toMessage = (event: StoredEvent) => ({
  key: event.aggregateId,
  value: JSON.stringify(event),
  headers: { type: event.type },
});

const makeTopic = async (admin: Admin, topic: string, { partitions, replication }: KafkaOptions): Promise<void> => {
  try {
    await admin.connect();
    await admin.createTopics({
      topics: [
        { topic, numPartitions: partitions, ...(replication === null ? {} : { replicationFactor: replication }) },
      ],
      waitForLeaders: true,
    });
  } catch (error) {
    // Another process was faster.
    if ((error as { type?: string }).type !== 'TOPIC_ALREADY_EXISTS') throw error;
  } finally {
    await admin.disconnect().catch(() => {});
  }
};

type Consuming = {
  readonly group: string;
  readonly topics: readonly string[];
  readonly handler: EventHandler;
  readonly topicReady: (topic: string) => Promise<unknown>;
  readonly nameOf: (topicOrGroup: string) => string;
  readonly backlog: Backlog;
  readonly log: Log;
};

/** Follows topics for as long as it is not stopped, whatever happens to the broker. @returns what stops it */
const startConsuming = (
  kafka: Kafka,
  { group, topics, handler, topicReady, nameOf, backlog, log }: Consuming,
): (() => Promise<void>) => {
  const stopping = new AbortController();
  let consumer = null as Consumer | null;
  const behind = kafkaBacklog(backlog, group, topics.map(nameOf));

  const handle = async (batch: EachBatchPayload): Promise<void> => {
    const { messages } = batch.batch;
    behind.begun(batch.batch);
    const lists = byAggregate(messages.map(({ value }) => readEvent(value)));
    const beat = setInterval(() => void batch.heartbeat().catch(() => {}), sessionMs / 10);
    try {
      await eachOf(lists, atOnce, (list) => handler(list));
    } finally {
      clearInterval(beat);
    }
    const last = messages.at(-1);
    if (last === undefined || batch.isStale()) return;
    batch.resolveOffset(last.offset);
    await batch.commitOffsetsIfNecessary(batch.uncommittedOffsets());
    behind.done(batch.batch);
  };

  /** Follows the topics until it is told to stop, or something ends it. @throws what did */
  const follow = async (): Promise<void> => {
    for (const topic of topics) await topicReady(topic);
    const opened = kafka.consumer({
      groupId: nameOf(group),
      sessionTimeout: sessionMs,
      rebalanceTimeout: 3 * sessionMs,
      heartbeatInterval: sessionMs / 10,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
      // A handler that fails is tried again for as long as it takes: what is to be given up, it gives up itself.
      retry: {
        retries: Number.MAX_SAFE_INTEGER,
        initialRetryTime: restMs,
        maxRetryTime: restMs,
        // It would not after every crash, nor tell: a new one is made below.
        restartOnFailure: async () => false,
      },
    });
    consumer = opened;
    behind.watch(opened);
    const ended = endOf(opened, stopping.signal);
    ended.catch(() => {});
    await opened.connect();
    await opened.subscribe({ topics: topics.map(nameOf), fromBeginning: true });
    await opened.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 3,
      eachBatch: handle,
    });
    await ended;
  };

  /** Whatever still hangs there delivers nothing that a handler does not know. */
  const leave = async (): Promise<void> => {
    await Promise.race([consumer?.disconnect().catch(() => {}), delay(leaveMs, undefined, { ref: false })]);
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        log.warn({ err: error, group }, 'Kafka cannot be followed; it is tried again');
        await leave();
        await delay(restMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  })();
  return async () => {
    stopping.abort();
    await running;
    await leave();
  };
};

/** Resolves once told to stop; rejects when the consumer has crashed, was stopped, or shows no sign of life. */
const endOf = (consumer: Consumer, stop: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    let aliveAt = Date.now();
    const { CRASH, STOP, FETCH, HEARTBEAT, GROUP_JOIN } = consumer.events;
    for (const sign of [FETCH, HEARTBEAT, GROUP_JOIN] as const)
      consumer.on(sign, () => {
        aliveAt = Date.now();
      });
    const watch = setInterval(() => {
      if (Date.now() - aliveAt > silenceMs) end(() => reject(new Error(`no sign of life for ${silenceMs} ms`)));
    }, restMs).unref();
    const end = (settle: () => void) => {
      clearInterval(watch);
      stop.removeEventListener('abort', onStop);
      settle();
    };
    const onStop = () => end(resolve);
    consumer.on(CRASH, ({ payload }) => end(() => reject(payload.error)));
    consumer.on(STOP, () => end(() => reject(new Error('the consumer was stopped'))));
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop);
  });

/** What cannot be read is handed on as it came, so that it is set aside with its text. */
const readEvent = (value: Buffer | null): StoredEvent => {
  const text = value?.toString() ?? '';
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null) return read as StoredEvent;
  } catch {
    // Below.
  }
  return { text } as unknown as StoredEvent;
};
