/**
 * `npm run services`: every outside engine on loopback, from packages, until Ctrl-C. `-- install` installs what is missing
 * first and ends; `-- --folder DIR` keeps their data there. What the platform is told to use them is written to
 * `.services/env`.
 */
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPackages } from './packages.ts';
import { ServerUnavailable } from './server.ts';
import { startServices } from './services.ts';

const environmentFile = fileURLToPath(new URL('../../.services/env', import.meta.url));
try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { folder: { type: 'string' } } });
  if (positionals[0] === 'install') {
    installPackages();
    process.exit(0);
  }
  if (positionals.length > 0)
    throw new TypeError(`${positionals.join(' ')} is not known: npm run services [-- install]`);
  const starting = startServices({ ...values, onStarted: console.log });
  let stopping = false;
  // Also while they start: what runs by itself has to be ended.
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const services = await starting.catch(() => null);
    await services?.stop();
    await rm(environmentFile, { force: true });
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const services = await starting;
  await writeFile(
    environmentFile,
    Object.entries(services.env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  console.log(`
They are told to the platform by: set -a; . .services/env; set +a; npm start
Six services on them: npm run start:distributed
Logs and data: ${services.folder}
Stop with Ctrl-C.`);
  setInterval(() => {}, 2 ** 30);
} catch (error) {
  console.error(
    error instanceof ServerUnavailable || error instanceof TypeError ? `services: ${error.message}` : error,
  );
  process.exit(1);
}
