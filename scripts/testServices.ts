/**
 * `npm run test:services [-- FILE …]`: what touches a store, on the real engines (`deploy/services`): first every
 * integration and end-to-end test in one process on PostgreSQL, Redis, Kafka and S3 of packages; then the journeys again
 * with the six services apart; then what only real engines can show (`*.services.test.ts`). Fails where an engine cannot
 * be had.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { startServices } from '../deploy/services/services.ts';
import { prepareTemplate } from '../test/testkit/database.ts';

const find = (...patterns: string[]) =>
  globSync(patterns)
    .filter((file) => !file.includes('node_modules') && !/(console|graphiql)\.e2e\.test\.ts$/.test(file))
    .sort();

const starting = startServices({ onStarted: console.log });
// The servers run by themselves, so that they are stopped in order: also when the tests are broken off.
let tests: ChildProcess | null = null;
const breakOff = async (): Promise<never> => {
  tests?.kill('SIGTERM');
  await starting.then(({ stop }) => stop()).catch(() => {});
  process.exit(130);
};
process.once('SIGINT', breakOff).once('SIGTERM', breakOff);
const services = await starting;
const databases = await prepareTemplate(services.env['DATABASE_ADMIN_URL'] ?? '');
const engines = { ...databases, TEST_ENGINES: JSON.stringify(services.env) };

const run = async (title: string, files: readonly string[], environment: Record<string, string>): Promise<boolean> => {
  console.log(`\n=== ${title}: ${files.length} test files`);
  tests = spawn(
    process.execPath,
    ['--disable-warning=TimeoutNegativeWarning', '--test', '--test-force-exit', '--test-timeout=180000', ...files],
    { stdio: 'inherit', env: { ...process.env, ...environment } },
  );
  return (await new Promise((resolve) => tests?.on('exit', resolve))) === 0;
};

const journeys = ['journey', 'tenantAttacks', 'hostileInput', 'clients'].map((name) => `test/${name}.e2e.test.ts`);
const asked = process.argv.slice(2);
const distributed = { ...engines, TEST_PLATFORM: 'distributed' };
const only = (files: readonly string[]) => (asked.length === 0 ? files : files.filter((file) => asked.includes(file)));
let passed = true;
for (const [title, files, environment] of [
  [
    'one process on the engines',
    find('subgraphs/**/*.int.test.ts', 'test/*.int.test.ts', 'test/*.e2e.test.ts'),
    engines,
  ],
  ['six processes on the engines', journeys, distributed],
  [
    'what only the engines can show',
    find('{kernel,gateway,subgraphs,test,deploy}/**/*.services.test.ts'),
    { ...engines, ...services.env },
  ],
] as const)
  if (only(files).length > 0) passed = (await run(title, only(files), environment)) && passed;
await services.stop();
process.exit(passed ? 0 : 1);
