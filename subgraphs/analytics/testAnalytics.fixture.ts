import { randomUUID } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import { openPool } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { salesTopic } from '@parley/sales/events';
import pg from 'pg';
import { testDatabase } from '../../test/testkit/database.ts';
import { onSalesEvent } from './application/onSalesEvent.ts';
import { openAnalyticsDatabase } from './infrastructure/database.ts';
import { startAnalytics } from './server.ts';

/** A caller of an organization who may read its numbers. */
export const analyst = (tenantId: string): Actor => ({
  kind: 'USER',
  id: randomUUID(),
  tenantId,
  role: 'ANALYST',
  scopes: ['analytics:read'],
  partnerId: null,
  conversationId: null,
  sessionId: null,
  expiresAt: null,
});

/** Analytics alone on a database of its own, fed by hand over the bus. `statements` counts what reaches its tables. */
export const startedAnalytics = async () => {
  const database = await testDatabase();
  const pool = openPool(database.url, { max: 8, waitMs: 20_000 });
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  const bus = inProcessBus();
  const pubsub = memoryPubSub();
  const log = createLog({ level: 'silent', service: 'test' });
  const clock = () => new Date('2026-11-30T00:00:00Z');
  const statements: string[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const [first] = args;
      const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
      if (text.includes('analytics')) if (!text.startsWith('BEGIN')) statements.push(text);
      return query(...args);
    }) as typeof client.query;
  });
  const analytics = await startAnalytics({ pool, bus, pubsub, log, clock });
  const tables = openAnalyticsDatabase(pool);

  const ask = async <T>(actor: Actor | null, query: string, variables: Record<string, unknown> = {}): Promise<T> => {
    const { data, errors } = await analytics.subgraph.execute({ query, variables, actor, requestId: 'test' });
    if (errors?.length) throw new Error(JSON.stringify(errors));
    // As on the wire.
    return JSON.parse(JSON.stringify(data)) as T;
  };
  return {
    analytics,
    pool,
    pubsub,
    statements,
    /** Answers' data; an error is thrown. */
    ask,
    /** The metrics of one conversation, as the gateway asks for them. */
    metricsOf: async (actor: Actor, conversationId: string, selection: string): Promise<unknown> => {
      const { _entities } = await ask<{ _entities: { metrics: unknown }[] }>(
        actor,
        `query($of: [_Any!]!) { _entities(representations: $of) { ... on Conversation { metrics { ${selection} } } } }`,
        { of: [{ __typename: 'Conversation', id: conversationId }] },
      );
      return _entities[0]?.metrics;
    },
    performanceOf: async (actor: Actor, agentId: string, selection: string, args = ''): Promise<unknown> => {
      const { _entities } = await ask<{ _entities: { performance: unknown }[] }>(
        actor,
        `query($of: [_Any!]!) { _entities(representations: $of) { ... on Agent { performance${args} { ${selection} } } } }`,
        { of: [{ __typename: 'Agent', id: agentId }] },
      );
      return _entities[0]?.performance;
    },
    /** Straight to the reaction, without the consumer that would set aside what it throws on. */
    deliver: async (events: readonly StoredEvent[]) => {
      for (const event of events) await onSalesEvent({ database: tables, pubsub, log, clock }, event);
    },
    /** As the bus does. */
    publish: (events: readonly StoredEvent[]) => bus.publish(salesTopic, events),
    /** All rows of a table in a fixed order, seen by the administrator. */
    rows: async (
      table: 'conversation' | 'turn' | 'received_event' | 'dead_letter',
    ): Promise<Record<string, unknown>[]> =>
      (await admin.query<Record<string, unknown>>(`SELECT * FROM analytics.${table} t ORDER BY to_jsonb(t)::text`))
        .rows,
    admin,
    stop: async () => {
      await analytics.stop();
      await tables.close();
      await pubsub.close();
      await pool.end();
      await admin.end();
      await database.drop();
    },
  };
};
export type StartedAnalytics = Awaited<ReturnType<typeof startedAnalytics>>;
