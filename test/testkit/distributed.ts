import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type ServiceName, subgraphNames } from '../../apart/services.ts';
import type { TestDatabase } from './database.ts';
import { freePort, type PlatformProcess, startPlatformProcess } from './platformProcess.ts';

/** The six services as processes. `processes` may be replaced when one was ended and started again. */
export type DistributedPlatform = {
  readonly url: string;
  readonly processes: Map<ServiceName, PlatformProcess>;
  /** What each of them is told. */
  readonly environment: Readonly<Record<string, string>>;
  start(name: ServiceName): Promise<void>;
  /** Resolves when every event so far has been taken by those who follow it. */
  drained(): Promise<void>;
  stop(): Promise<void>;
};

export const startDistributed = async (
  environment: Record<string, string>,
  database: TestDatabase,
): Promise<DistributedPlatform> => {
  const port = await freePort();
  const shared = {
    DATABASE_POOL_SIZE: '6',
    SUBGRAPH_SECRET: 'services that run apart know this one',
    ...Object.fromEntries(
      subgraphNames.map((name) => [
        `SUBGRAPH_${name.toUpperCase()}_URL`,
        `unix:${environment['DATA_DIR']}/${name}.sock`,
      ]),
    ),
    ...environment,
    PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  };
  const processes = new Map<ServiceName, PlatformProcess>();
  const start = async (name: ServiceName) => {
    const listen = name === 'gateway' ? {} : { SUBGRAPH_LISTEN: `unix:${environment['DATA_DIR']}/${name}.sock` };
    processes.set(name, await startPlatformProcess({ ...shared, ...listen }, [name]));
  };
  const stop = async () => {
    await processes.get('gateway')?.stop();
    await Promise.all([...processes.values()].map((one) => one.stop()));
  };
  try {
    // In no particular order: each waits for nobody.
    await Promise.all((['gateway', ...subgraphNames] as const).map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    processes,
    environment: shared,
    start,
    drained: () => untilTaken(database.adminUrl),
    stop,
  };
};

const untaken = `SELECT
    (SELECT count(*) FROM sales.event WHERE sent_at IS NULL)
    + (SELECT count(*) FROM sales.event e WHERE NOT EXISTS (SELECT FROM analytics.received_event r WHERE r.id = e.id))
    + (SELECT count(*) FROM (SELECT tenant_id, aggregate_id, max(version) AS version FROM sales.event
        WHERE type IN ('sales.TurnReceived', 'sales.TurnVoiced', 'sales.TurnFailed', 'sales.ConversationEnded') GROUP BY 1, 2) told
        LEFT JOIN voice.conversation_audio a ON a.tenant_id = told.tenant_id AND a.conversation_id = told.aggregate_id
        WHERE a.sales_version IS DISTINCT FROM told.version)
  AS left`;

export const untilTaken = async (adminUrl: string, patienceMs = 60_000): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    for (const deadline = Date.now() + patienceMs; ; await delay(50)) {
      const { rows } = await admin.query<{ left: string }>(untaken);
      if (rows[0]?.left === '0') return;
      if (Date.now() > deadline) throw new Error(`${rows[0]?.left} events were not taken`);
    }
  } finally {
    await admin.end();
  }
};
