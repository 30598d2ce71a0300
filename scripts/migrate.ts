/**
 * `npm run migrate`: makes roles and applies what is missing, under a lock, so that two at once do not meet. Reads
 * DATABASE_ADMIN_URL. `-- --check` only says what is missing, and exits 1 where there is something.
 */
import { bootstrap, migrate, pendingMigrations } from '@parley/kernel/migrate';
import { contexts } from '../contexts.ts';

const [option, ...more] = process.argv.slice(2);
const url = process.env['DATABASE_ADMIN_URL'];
if ((option !== undefined && option !== '--check') || more.length > 0) {
  console.error('npm run migrate [-- --check]');
  process.exit(2);
}
if (!url) {
  console.error('DATABASE_ADMIN_URL is missing: the login that makes roles and owns the tables');
  process.exit(2);
}
try {
  const list = option === '--check' ? await pendingMigrations(url, contexts) : await apply(url);
  for (const name of list) console.log(option === '--check' ? `missing ${name}` : `applied ${name}`);
  if (list.length === 0) console.log('The database has every migration of this version.');
  else if (option === '--check') process.exitCode = 1;
} catch (error) {
  console.error(`migrate: ${(error as Error).message || (error as { code?: string }).code}`);
  process.exitCode = 1;
}

async function apply(adminUrl: string): Promise<string[]> {
  await bootstrap(adminUrl);
  return migrate(adminUrl, contexts);
}
