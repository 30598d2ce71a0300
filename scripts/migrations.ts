/**
 * `npm run migrations -- check`: every context's migrations lead to exactly its schema.prisma, or exit 1.
 * `npm run migrations -- draft CONTEXT NAME`: writes the missing SQL as a new migration, to be read and completed by hand.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import { contexts } from '../contexts.ts';
import { diffToSchema } from './prismaSchemaEngine.ts';

const [command, name, title] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'parley-migrations-'));
const { chmod } = await import('node:fs/promises');
await chmod(folder, 0o755);
const postgres = await startEmbeddedPostgres(path.join(folder, 'postgres'));
let failed = false;
try {
  await bootstrap(postgres.url);
  for (const context of contexts) {
    if (command === 'draft' && context.name !== name) continue;
    await migrate(postgres.url, [context]);
    const script = await diffToSchema(postgres.url, context.schema, context.schemaFile);
    if (command === 'draft') {
      if (script === '') console.log('Nothing to migrate.');
      else {
        const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
        const target = path.join(context.folder, `${stamp}_${title ?? 'change'}`);
        await mkdir(target, { recursive: true });
        await writeFile(path.join(target, 'migration.sql'), `${script}\n`);
        console.log(
          `Wrote ${path.relative('.', target)}/migration.sql. Read it; add grants and policies for new tables.`,
        );
      }
    } else if (script === '') console.log(`${context.name}: schema.prisma and migrations agree`);
    else {
      failed = true;
      console.error(`${context.name}: schema.prisma is ahead of the migrations by\n${script}`);
    }
  }
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
