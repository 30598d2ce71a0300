/**
 * `npm run events -- outbox | dead-letters | requeue | replay`: looks after events on their way. Reads DATABASE_URL and
 * acts as the narrow roles of the relays; what it asks for is done by the running platform within seconds.
 */
import { parseArgs } from 'node:util';
import { isUuid } from '@parley/kernel/database';
import type { Schema } from '@parley/kernel/eventStore';
import pg from 'pg';

const usage = `npm run events -- outbox                           what waits to be sent, by service
npm run events -- dead-letters [FILTERS] [--json]  what could not be taken, and why
npm run events -- requeue FILTERS | --all          tries what could not be taken again
npm run events -- replay SERVICE [FILTERS]         sends what was sent already once more; who follows it takes each event once
FILTERS: --service voice|analytics  --tenant ID  --aggregate ID  --id ID  --reason FAILED|UNKNOWN_VERSION|UNREADABLE  --since TIME (replay)`;

const publishers: Readonly<Record<string, Schema>> = {
  auth: 'identity',
  sales: 'sales',
  voice: 'voice',
  agent: 'agent',
};
const followers: Readonly<Record<string, Schema>> = { voice: 'voice', analytics: 'analytics' };

class Misused extends Error {}
const { values: given, positionals } = readGiven();

function readGiven() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        service: text,
        tenant: text,
        aggregate: text,
        id: text,
        reason: text,
        since: text,
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

/** Conditions and their values, e.g. `tenant_id = $1::uuid`. */
const filters = (
  names: readonly ('tenant' | 'aggregate' | 'id' | 'reason' | 'since')[],
): { where: string; values: string[] } => {
  const column = { tenant: 'tenant_id', aggregate: 'aggregate_id', id: 'id', reason: 'reason', since: 'occurred_at' };
  const values: string[] = [];
  const conditions = names.flatMap((name) => {
    const value = given[name];
    if (value === undefined) return [];
    if (name === 'since' && Number.isNaN(Date.parse(value)))
      throw new Misused(`--since ${value} is no time, e.g. 2026-11-26T10:00Z`);
    if (name !== 'since' && name !== 'reason' && !isUuid(value)) throw new Misused(`--${name} ${value} is no id`);
    values.push(value);
    if (name === 'since') return [`${column[name]} >= $${values.length}::timestamptz`];
    return [`${column[name]} = $${values.length}${name === 'reason' ? '' : '::uuid'}`];
  });
  return { where: conditions.length === 0 ? 'true' : conditions.join(' AND '), values };
};

const chosen = (of: Readonly<Record<string, Schema>>, name: string | undefined): [string, Schema][] => {
  if (name === undefined) return Object.entries(of);
  const schema = of[name];
  if (schema === undefined) throw new Misused(`${name} is none of ${Object.keys(of).join(', ')}`);
  return [[name, schema]];
};

/** One transaction in the role that may do it, and nothing else. */
const as = async <T>(client: pg.Client, role: string, work: () => Promise<T>): Promise<T> => {
  await client.query(`BEGIN; SET LOCAL ROLE ${pg.escapeIdentifier(role)}`);
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
};

type Letter = {
  service: string;
  failedAt: Date;
  reason: string;
  tries: number;
  type: string;
  tenantId: string;
  aggregateId: string;
  version: number;
  id: string;
  requeued: boolean;
  detail: string;
};

const commands: Readonly<Record<string, (client: pg.Client) => Promise<void>>> = {
  outbox: async (client) => {
    for (const [name, schema] of chosen(publishers, given.service)) {
      const { rows } = await as(client, `${schema}_relay`, () =>
        client.query<{ unsent: number; oldest: Date | null }>(
          `SELECT count(*)::int AS unsent, min(occurred_at) AS oldest FROM ${schema}.event WHERE sent_at IS NULL`,
        ),
      );
      const [{ unsent, oldest } = { unsent: 0, oldest: null }] = rows;
      console.log(
        `${name.padEnd(10)} ${unsent} unsent${oldest === null ? '' : `, the oldest of ${oldest.toISOString()}`}`,
      );
    }
  },
  'dead-letters': async (client) => {
    const letters: Letter[] = [];
    for (const [name, schema] of chosen(followers, given.service)) {
      const { where, values } = filters(['tenant', 'aggregate', 'id', 'reason']);
      const { rows } = await as(client, `${schema}_relay`, () =>
        client.query<Letter>(
          `SELECT '${name}' AS service, failed_at AS "failedAt", reason, tries, type, tenant_id AS "tenantId", aggregate_id AS "aggregateId",
             version, id, requeued_at IS NOT NULL AS requeued, detail
           FROM ${schema}.dead_letter WHERE ${where} ORDER BY failed_at, tenant_id, aggregate_id, version LIMIT 1000`,
          values,
        ),
      );
      letters.push(...rows);
    }
    if (given.json) console.log(JSON.stringify(letters, null, 2));
    else if (letters.length === 0) console.log('No event is set aside.');
    else
      for (const letter of letters)
        console.log(
          `${letter.failedAt.toISOString()} ${letter.service} ${letter.reason}${letter.requeued ? ' (requeued)' : ''} ${letter.type || 'unreadable'} ` +
            `tenant ${letter.tenantId} aggregate ${letter.aggregateId} version ${letter.version} id ${letter.id} tries ${letter.tries}\n  ${letter.detail}`,
        );
  },
  requeue: async (client) => {
    const { where, values } = filters(['tenant', 'aggregate', 'id', 'reason']);
    if (values.length === 0 && given.service === undefined && !given.all)
      throw new Misused('requeue needs a filter, or --all');
    for (const [name, schema] of chosen(followers, given.service)) {
      const { rowCount } = await as(client, `${schema}_relay`, () =>
        client.query(
          `UPDATE ${schema}.dead_letter SET requeued_at = now() WHERE reason <> 'UNREADABLE' AND (tenant_id, aggregate_id) IN (
             SELECT tenant_id, aggregate_id FROM ${schema}.dead_letter WHERE ${where})`,
          values,
        ),
      );
      console.log(`${name.padEnd(10)} ${rowCount} requeued, each with all events of its aggregate that wait`);
    }
  },
  replay: async (client) => {
    const [, name] = positionals;
    if (name === undefined) throw new Misused(`replay needs a service: ${Object.keys(publishers).join(', ')}`);
    for (const [service, schema] of chosen(publishers, name)) {
      const { where, values } = filters(['tenant', 'aggregate', 'id', 'since']);
      const { rowCount } = await as(client, `${schema}_relay`, () =>
        client.query(`UPDATE ${schema}.event SET sent_at = NULL WHERE sent_at IS NOT NULL AND ${where}`, values),
      );
      console.log(`${service.padEnd(10)} ${rowCount} events are sent again`);
    }
  },
};

const work = commands[positionals[0] ?? ''];
const url = process.env['DATABASE_URL'];
if (work === undefined) {
  console.error(usage);
  process.exit(2);
}
if (!url) {
  console.error('DATABASE_URL is missing: the database whose events are meant, as the platform is told it');
  process.exit(2);
}
const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
try {
  await client.connect();
  await work(client);
} catch (error) {
  console.error(
    error instanceof Misused
      ? `${error.message}\n${usage}`
      : `events: ${(error as Error).message || (error as { code?: string }).code}`,
  );
  process.exitCode = error instanceof Misused ? 2 : 1;
} finally {
  await client.end().catch(() => {});
}
