import path from 'node:path';
import { ConfigError, integer, readConfig } from '@parley/kernel/config';
import type { KafkaOptions } from '@parley/kernel/kafkaBus';
import { z } from 'zod';

const schema = z.object({
  PORT: integer(0, 65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  WORKERS: integer(1, 256).default(1),
  DATA_DIR: z.string().default('.data'),
  NODE_ENV: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL_SIZE: integer(6, 200).default(10),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(100, 600_000).default(8000),
  DATABASE_WAIT_MS: integer(50, 60_000).default(1000),
  REHEARSAL: z.enum(['on', 'off']).default('on'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'expected host:port, host:port …')))
    .optional(),
  EVENTS_LATE_SECONDS: integer(1, 86_400).default(60),
  KAFKA_CLIENT_ID: z.string().optional(),
  KAFKA_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,60}$/, 'expected letters, digits, dots, - and _')
    .optional(),
  KAFKA_PARTITIONS: integer(1, 1000).optional(),
  KAFKA_REPLICATION: integer(1, 10).optional(),
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().optional(),
});

/** What the whole platform is told by its environment; each outside engine is switched on by its own variable alone. */
export type PlatformConfig = {
  readonly port: number;
  readonly host: string;
  /** Processes that share the port. */
  readonly workers: number;
  /** Where browsers reach us, without a slash at the end; null: `http://host:port` */
  readonly publicUrl: string | null;
  /** absolute */
  readonly dataDir: string;
  readonly logLevel: string;
  /** null: PostgreSQL of our own in `dataDir` */
  readonly database: { readonly url: string; readonly adminUrl: string | null } | null;
  readonly poolSize: number;
  /** A statement that takes longer is cancelled. */
  readonly statementTimeoutMs: number;
  /** How long a free connection is waited for. */
  readonly connectionWaitMs: number;
  /** Whether conversations are rehearsed after the start, so that the first real one is fast. */
  readonly rehearsal: boolean;
  readonly redisUrl: string | null;
  readonly kafka: KafkaOptions | null;
  /** How long an event may wait, to be sent or to be taken, before the log warns. */
  readonly eventsLateMs: number;
};

/** @throws ConfigError, one line that names the variable; also for an engine that is only half configured */
export const platformConfig = (environment: Readonly<Record<string, string | undefined>>): PlatformConfig => {
  const given = readConfig(schema, environment);
  const needs = (name: keyof typeof given, other: keyof typeof given) => {
    if (given[name] !== undefined && given[other] === undefined)
      throw new ConfigError(`${other} is missing: ${name} is set and is of no use without it`);
  };
  needs('DATABASE_ADMIN_URL', 'DATABASE_URL');
  needs('KAFKA_CLIENT_ID', 'KAFKA_BROKERS');
  needs('KAFKA_PREFIX', 'KAFKA_BROKERS');
  needs('KAFKA_PARTITIONS', 'KAFKA_BROKERS');
  needs('KAFKA_REPLICATION', 'KAFKA_BROKERS');
  needs('KAFKA_USERNAME', 'KAFKA_BROKERS');
  needs('KAFKA_USERNAME', 'KAFKA_PASSWORD');
  needs('KAFKA_PASSWORD', 'KAFKA_USERNAME');
  return {
    port: given.PORT,
    host: given.HOST,
    workers: given.WORKERS,
    publicUrl: given.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    dataDir: path.resolve(given.DATA_DIR),
    logLevel: given.LOG_LEVEL ?? (given.NODE_ENV === 'production' ? 'info' : 'warn'),
    database:
      given.DATABASE_URL === undefined ? null : { url: given.DATABASE_URL, adminUrl: given.DATABASE_ADMIN_URL ?? null },
    poolSize: given.DATABASE_POOL_SIZE,
    statementTimeoutMs: given.DATABASE_STATEMENT_TIMEOUT_MS,
    connectionWaitMs: given.DATABASE_WAIT_MS,
    rehearsal: given.REHEARSAL === 'on',
    redisUrl: given.REDIS_URL ?? null,
    eventsLateMs: given.EVENTS_LATE_SECONDS * 1000,
    kafka:
      given.KAFKA_BROKERS === undefined
        ? null
        : {
            brokers: given.KAFKA_BROKERS,
            clientId: given.KAFKA_CLIENT_ID ?? 'parley',
            prefix: given.KAFKA_PREFIX ?? '',
            partitions: given.KAFKA_PARTITIONS ?? 12,
            replication: given.KAFKA_REPLICATION ?? null,
            sasl:
              given.KAFKA_USERNAME && given.KAFKA_PASSWORD
                ? { username: given.KAFKA_USERNAME, password: given.KAFKA_PASSWORD }
                : null,
          },
  };
};
