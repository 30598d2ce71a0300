/**
 * What Row Level Security through our driver adapter costs: the same Prisma queries by `openDatabase` (role and tenant set
 * for each, policies on) and by Prisma's own adapter as a superuser, whom no policy concerns (`where` names the tenant
 * there). On PostgreSQL of Debian's package: with one client, with ten, and with one a round trip of 4 ms away. Blocks of
 * both alternate, and ratios are medians over the rounds.
 *
 * npm run bench:rls [-- --rounds 15]
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openPool, type Pool } from '@parley/kernel/database';
import { migrate } from '@parley/kernel/migrate';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { contexts } from '../contexts.ts';
import { startPostgres } from '../deploy/services/postgres.ts';
import { PrismaClient } from '../subgraphs/sales/generated/prisma/client.ts';
import { openSalesDatabase } from '../subgraphs/sales/infrastructure/database.ts';
import { bench } from './lib/bench.ts';
import { openDistance } from './lib/distance.ts';
import { machine, median, percentile } from './lib/machine.ts';
import { watchOthers } from './lib/processes.ts';
import { type Rows, seedConversations } from './rls/rows.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);
const roundTripMs = 4;

type Query = (client: PrismaClient, rows: Rows, index: number) => Promise<unknown>;
/** Each names its tenant, so that both sides send the same statement. */
const queries: Readonly<Record<string, Query>> = {
  'one row by its key': (client, { tenantId, conversations }, index) =>
    client.conversation.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id: conversations[index % conversations.length] as string } },
    }),
  'a page of 20 rows': (client, { tenantId, conversations }, index) =>
    client.turn.findMany({
      where: { tenantId, conversationId: conversations[index % conversations.length] as string },
      orderBy: { sequence: 'asc' },
      take: 20,
    }),
  '20 rows and their relation': (client, { tenantId }) =>
    client.conversation.findMany({
      where: { tenantId },
      orderBy: { createdAt: 'desc' },
      take: 20,
      include: { turns: { take: 2, orderBy: { sequence: 'desc' } } },
    }),
  'one row updated': (client, { tenantId, conversations }, index) =>
    client.conversation.update({
      where: { tenantId_id: { tenantId, id: conversations[index % conversations.length] as string } },
      data: { locale: 'en-US' },
    }),
  'a transaction of 3 statements': (client, { tenantId, conversations }, index) => {
    const id = conversations[index % conversations.length] as string;
    return client.$transaction(async (tx) => {
      await tx.conversation.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } });
      await tx.conversation.update({ where: { tenantId_id: { tenantId, id } }, data: { locale: 'en-US' } });
      await tx.conversation.count({ where: { tenantId } });
    });
  },
};

/** Milliseconds of each query of one block, sent by so many clients that each wait for their answer. */
const block = async (
  run: (index: number) => Promise<unknown>,
  { clients, each }: { clients: number; each: number },
): Promise<{ times: number[]; tookMs: number }> => {
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let index = 0; index < each; index++) {
        const sent = performance.now();
        await run(client * each + index);
        times.push(performance.now() - sent);
      }
    }),
  );
  return { times, tookMs: performance.now() - began };
};

await bench(170, async ({ closing }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
  closing(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const server = await startPostgres({ folder, cacheFolder: folder });
  closing(server.stop);
  const { DATABASE_URL: appUrl = '', DATABASE_ADMIN_URL: adminUrl = '' } = server.env;
  await migrate(adminUrl, contexts);
  const rows = await seedConversations(adminUrl);
  const distance = await openDistance(server.port, roundTripMs);
  closing(distance.close);

  /** Both ways to the database, through one port. */
  const sidesAt = (port: number): Record<'on' | 'off', PrismaClient> => {
    const at = (url: string): Pool => {
      const moved = new URL(url);
      moved.port = String(port);
      const pool = openPool(moved.toString(), { max: 10 });
      closing(() => pool.end());
      return pool;
    };
    const database = openSalesDatabase(at(appUrl));
    closing(database.close);
    // Named statements as ours are, so that the difference is what sets role and tenant, and the policies.
    const names = new Map<string, string>();
    const adapter = new PrismaPg(at(adminUrl), {
      statementNameGenerator: ({ sql }) => names.get(sql) ?? names.set(sql, `bench_${names.size}`).get(sql) ?? '',
    });
    const off = new PrismaClient({ adapter });
    closing(() => off.$disconnect());
    return { on: database.forTenant(rows.tenantId), off };
  };

  const near = sidesAt(server.port);
  const far = sidesAt(distance.port);
  const probe = new pg.Client({
    connectionString: Object.assign(new URL(adminUrl), { port: String(distance.port) }).toString(),
  });
  await probe.connect();
  closing(() => probe.end());
  const { times } = await block(() => probe.query('SELECT 1'), { clients: 1, each: 100 });
  console.log(machine());
  const {
    rows: [version],
  } = await probe.query<{ server_version: string }>('SHOW server_version');
  console.log(
    `PostgreSQL ${version?.server_version}; far away SELECT 1 takes ${percentile(times, 50).toFixed(2)} ms\n`,
  );

  const places = [
    { name: 'one client', sides: near, clients: 1, each: 100 },
    { name: 'ten clients', sides: near, clients: 10, each: 20 },
    { name: `one client, ${roundTripMs} ms away`, sides: far, clients: 1, each: 15 },
  ] as const;
  console.log(`${''.padEnd(52)} p50 on, ms  p50 off, ms  on/off (least–most)  rounds × queries`);
  const others = await watchOthers();
  for (const { name, sides, clients, each } of places)
    for (const [what, query] of Object.entries(queries)) {
      const ratios: number[] = [];
      const p50s: Record<'on' | 'off', number[]> = { on: [], off: [] };
      // The first round is for connections, plans and compiled code.
      for (let round = 0; round <= rounds; round++) {
        const took = { on: 0, off: 0 };
        for (const side of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
          const one = await block((index) => query(sides[side], rows, index), { clients, each });
          took[side] = one.tookMs;
          if (round > 0) p50s[side].push(percentile(one.times, 50));
        }
        if (round > 0) ratios.push(took.on / took.off);
      }
      const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
      console.log(
        `${`${name}: ${what}`.padEnd(52)} ${median(p50s.on).toFixed(3).padStart(10)} ${median(p50s.off).toFixed(3).padStart(11)} ${`${median(ratios).toFixed(2)}× (${range})`.padStart(20)}  ${rounds} × ${clients * each}`,
      );
    }
  console.log(`\n${(await others()).toFixed(0)}% of the cores taken by others`);
});
