/** Runs after `npm ci`: makes the code that is generated and not committed (Prisma clients) and builds the console. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { contexts } from '../contexts.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => fileURLToPath(import.meta.resolve(name));

const generate = async (schemaFile: string) => {
  // `generate` never calls the schema engine, but the CLI would download one unless it is pointed at some executable.
  const env = {
    ...process.env,
    PATH: `${root}node_modules/.bin:${process.env['PATH']}`,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  await run(process.execPath, [bin('prisma/build/index.js'), 'generate', '--schema', schemaFile], { cwd: root, env });
};
const buildConsole = async () => {
  if (!existsSync(`${root}console/index.html`)) return;
  await run(process.execPath, [`${root}node_modules/vite/bin/vite.js`, 'build', '--logLevel', 'warn'], {
    cwd: `${root}console`,
  });
};

try {
  for (const { schemaFile } of contexts) await generate(schemaFile);
  await buildConsole();
} catch (error) {
  const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
  console.error(`Preparing the project failed: ${message}\n${stdout}${stderr}`);
  process.exit(1);
}
