/** Numbers from a seed, the same ones every time (mulberry32). */
export const generator = (from: number) => () => {
  from = (from + 0x6d2b79f5) | 0;
  let t = Math.imul(from ^ (from >>> 15), 1 | from);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

/** Two of those whom everybody waits for. */
export const processNames = [
  'gateway',
  'gateway2',
  'auth',
  'auth2',
  'sales',
  'sales2',
  'agent',
  'voice',
  'analytics',
] as const;
export type ProcessName = (typeof processNames)[number];
export const serverNames = ['postgres', 'redis', 'kafka', 's3'] as const;
export type ServerName = (typeof serverNames)[number];
/** `<who> to <what>`: the link over which one process reaches one store, or everybody one process or Kafka. */
export type LinkName = string;
const called = processNames.filter((name) => !name.startsWith('gateway'));
export const linkNames: readonly LinkName[] = [
  'all to kafka',
  ...called.map((name) => `all to ${name}`),
  ...processNames.map((name) => `${name} to redis`),
  ...called.map((name) => `${name} to postgres`),
  'voice to s3',
];

/** `durationMs`: how long it lasts, or how long what was ended stays away. */
export type Fault = {
  /** since the run began */
  readonly atMs: number;
  readonly durationMs: number;
} & (
  | { readonly kind: 'kill' | 'pause' | 'replace' | 'isolate'; readonly process: ProcessName }
  | { readonly kind: 'kill server' | 'pause server'; readonly server: ServerName }
  | { readonly kind: 'partition' | 'cut'; readonly link: LinkName }
  | { readonly kind: 'slow'; readonly link: LinkName; readonly slowMs: number }
);

const targetOf = (fault: Fault): string =>
  'process' in fault ? fault.process : 'server' in fault ? fault.server : fault.link;
export const describeFault = (fault: Fault): string =>
  `${(fault.atMs / 1000).toFixed(1).padStart(6)} s  ${fault.kind} ${targetOf(fault)}${'slowMs' in fault ? ` by ${fault.slowMs} ms` : ''} for ${(fault.durationMs / 1000).toFixed(1)} s`;

const kinds = [
  ['kill', 30],
  ['pause', 14],
  ['replace', 10],
  ['isolate', 8],
  ['kill server', 12],
  ['pause server', 6],
  ['partition', 10],
  ['cut', 6],
  ['slow', 12],
] as const;

/** The same for the same seed: faults that overlap, but never two at once on one target. */
export const makeSchedule = (seed: number, count: number, pauseMs: number): Fault[] => {
  const random = generator(seed);
  const between = (least: number, most: number) => Math.floor(least + random() * (most - least));
  const oneOf = <T>(list: readonly T[]): T => list[between(0, list.length)] as T;
  const busyUntil = new Map<string, number>();
  const faults: Fault[] = [];
  let atMs = 0;
  while (faults.length < count) {
    atMs += between(pauseMs / 3, (pauseMs * 5) / 3);
    let left = random() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    const [kind] = kinds.find(([, weight]) => {
      left -= weight;
      return left < 0;
    }) ?? ['kill'];
    const fault = ((): Fault => {
      switch (kind) {
        case 'kill':
          return { kind, atMs, durationMs: between(200, 2500), process: oneOf(processNames) };
        case 'pause':
          return { kind, atMs, durationMs: between(500, 8000), process: oneOf(processNames) };
        case 'isolate':
          return { kind, atMs, durationMs: between(500, 6000), process: oneOf(processNames) };
        case 'replace':
          return { kind, atMs, durationMs: between(100, 500), process: oneOf(processNames) };
        case 'kill server':
          return { kind, atMs, durationMs: between(200, 3000), server: oneOf(serverNames) };
        case 'pause server':
          // PostgreSQL is many processes: what a pause of it looks like, its links show.
          return { kind, atMs, durationMs: between(500, 5000), server: oneOf(['redis', 'kafka', 's3'] as const) };
        case 'slow':
          return { kind, atMs, durationMs: between(1000, 5000), link: oneOf(linkNames), slowMs: between(20, 400) };
        default:
          return { kind, atMs, durationMs: between(500, 6000), link: oneOf(linkNames) };
      }
    })();
    const target = targetOf(fault);
    if ((busyUntil.get(target) ?? 0) > atMs) continue;
    // Some time to come back before the next one.
    busyUntil.set(target, atMs + fault.durationMs + 4000);
    faults.push(fault);
  }
  return faults;
};
