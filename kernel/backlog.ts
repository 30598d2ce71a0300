import type { Log } from './log.ts';

/** Where events wait: in a context's outbox to be sent, or in a topic's partition for a consumer group. */
export type BacklogPlace =
  | { readonly stage: 'outbox'; readonly topic: string }
  | {
      readonly stage: 'consumer';
      readonly topic: string;
      readonly group: string;
      /** null: of all, since the broker does not let itself be asked. */
      readonly partition: number | null;
    };
export type Waiting = BacklogPlace & { readonly oldestSeconds: number };

/** How far those who carry events are behind (K16). */
export type Backlog = {
  /** Since when the oldest event there waits; null: none does. */
  set(place: BacklogPlace, since: Date | null): void;
  /** Every place there is, as of now; 0 where nothing waits. */
  read(): readonly Waiting[];
  close(): void;
};

export type BacklogOptions = {
  /** How long an event may wait before somebody should know. */
  readonly lateMs?: number;
  readonly checkMs?: number;
};

/** Who is late is told again this often. */
const repeatMs = 60_000;

/** Keeps what waits, and warns while something waits too long. */
export const createBacklog = (log?: Log, { lateMs = 60_000, checkMs = 5000 }: BacklogOptions = {}): Backlog => {
  const places = new Map<string, { place: BacklogPlace; since: Date | null; warnedAt: number | null }>();
  const age = (since: Date | null): number => (since === null ? 0 : Math.max(0, Date.now() - since.getTime()));

  const check = (): void => {
    for (const entry of places.values()) {
      const oldestSeconds = Math.round(age(entry.since) / 1000);
      if (age(entry.since) > lateMs) {
        if (entry.warnedAt !== null && Date.now() - entry.warnedAt < repeatMs) continue;
        entry.warnedAt = Date.now();
        log?.warn({ ...entry.place, oldestSeconds }, 'events wait');
      } else if (entry.warnedAt !== null) {
        entry.warnedAt = null;
        log?.info(entry.place, 'events wait no longer');
      }
    }
  };
  const timer = setInterval(check, checkMs).unref();
  return {
    set: (place, since) => {
      const key = JSON.stringify(place);
      const known = places.get(key);
      if (known) known.since = since;
      else places.set(key, { place, since, warnedAt: null });
    },
    read: () => [...places.values()].map(({ place, since }) => ({ ...place, oldestSeconds: age(since) / 1000 })),
    close: () => clearInterval(timer),
  };
};

export const backlogMetric = {
  name: 'parley_events_oldest_seconds',
  help: 'How long the oldest event has waited, in an outbox or for a consumer group',
} as const;
export const backlogLabels = (
  place: BacklogPlace,
): Readonly<Record<'stage' | 'topic' | 'group' | 'partition', string>> =>
  place.stage === 'outbox'
    ? { stage: place.stage, topic: place.topic, group: '', partition: '' }
    : {
        stage: place.stage,
        topic: place.topic,
        group: place.group,
        partition: place.partition === null ? 'all' : String(place.partition),
      };

/** In Prometheus' text format, of a process that has nothing else to tell. */
export const backlogText = (backlog: Backlog): string => {
  const { name, help } = backlogMetric;
  const lines = backlog.read().map((waiting) => {
    const labels = Object.entries(backlogLabels(waiting)).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return `${name}{${labels.join(',')}} ${waiting.oldestSeconds}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
};
