/**
 * `npm test [-- FILE …]`: one PostgreSQL for the whole run, a migrated template database in it that each test file
 * copies, then Node's own test runner. Nothing outside a temporary folder is touched.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { startTestPostgres } from '../test/testkit/database.ts';

const started = Date.now();
const asked = process.argv.slice(2);
// Tests that need a browser are run by .ci/run, those that need servers by `npm run test:services`.
const all = () =>
  globSync([
    'kernel/**/*.test.ts',
    'gateway/**/*.test.ts',
    'subgraphs/**/*.test.ts',
    'client/**/*.test.ts',
    'console/src/**/*.test.ts',
    'scripts/**/*.test.ts',
    'test/*.test.ts',
    'test/scenarios/**/*.test.ts',
  ])
    .filter(
      (file) => !file.includes('node_modules') && !/(?:(?:console|graphiql)\.e2e|\.services)\.test\.ts$/.test(file),
    )
    .sort();
const files = asked.length > 0 ? asked : all();

const postgres = await startTestPostgres();
console.log(`PostgreSQL with a migrated template is up after ${Date.now() - started} ms; ${files.length} test files`);
const child = spawn(process.execPath, ['--test', '--test-force-exit', '--test-timeout=120000', ...files], {
  stdio: 'inherit',
  env: { ...process.env, ...postgres.environment },
});
const code = await new Promise<number>((resolve) => child.on('exit', (exit) => resolve(exit ?? 1)));
await postgres.stop();
process.exitCode = code;
