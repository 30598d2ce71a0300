import type { Batch, Consumer } from 'kafkajs';
import type { Backlog } from './backlog.ts';

type Message = Batch['messages'][number];
const sentAt = (message: Message | undefined): Date | null =>
  message === undefined ? null : new Date(Number(message.timestamp));

/** How far a consumer group is behind in the partitions that this process has, by what its consumer sees of them. */
export const kafkaBacklog = (backlog: Backlog, group: string, topics: readonly string[]) => {
  let assigned: ReadonlySet<string> = new Set();
  const waitsSince = (topic: string, partition: number | null, since: Date | null): void =>
    backlog.set({ stage: 'consumer', topic, group, partition }, since);
  /** What the broker has not told of by then is not there; who has no partition waits for nothing. */
  const heardAt = (now: Date | null): void => {
    for (const topic of topics) waitsSince(topic, null, now);
  };
  const heard = (): void => heardAt(assigned.size > 0 ? new Date() : null);
  heardAt(new Date());

  return {
    /** Follows what the consumer is told. */
    watch: (consumer: Consumer): void => {
      consumer.on(consumer.events.FETCH, heard);
      // While its handlers are at work there is no fetch.
      consumer.on(consumer.events.HEARTBEAT, heard);
      consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
        const now = new Set(
          Object.entries(memberAssignment).flatMap(([topic, of]) => of.map((n) => JSON.stringify([topic, n]))),
        );
        // What waits in the others is told by whoever has them now.
        for (const lost of assigned) if (!now.has(lost)) waitsSince(...(JSON.parse(lost) as [string, number]), null);
        assigned = now;
        heard();
      });
    },
    begun: ({ topic, partition, messages }: Batch): void => waitsSince(topic, partition, sentAt(messages[0])),
    /** Its offset is committed. */
    done: (batch: Batch): void =>
      waitsSince(batch.topic, batch.partition, batch.offsetLag() === '0' ? null : sentAt(batch.messages.at(-1))),
  };
};
