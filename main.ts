import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { ConfigError } from '@parley/kernel/config';
import { createLog } from '@parley/kernel/log';
import { isPrimary, startWorkers, tellPrimary, workersFor } from './apart/workers.ts';
import { readArguments, usage } from './arguments.ts';
import { platformConfig } from './config.ts';
import { longestStopMs, start } from './start.ts';

const asked = readArguments(process.argv.slice(2));
if (asked === null) {
  console.error(`parley: ${process.argv.slice(2).join(' ')} is not known. ${usage}`);
  process.exit(2);
}

try {
  const started = Date.now();
  const config = platformConfig(process.env);
  // A second start need not compile again, which is a quarter of its time.
  enableCompileCache(path.join(config.dataDir, 'compiled'));
  const log = createLog({
    level: config.logLevel,
    service: asked.service === 'everything' ? 'parley' : `parley-${asked.service}`,
  });
  const fatal = (error: unknown) => {
    log.fatal({ err: error }, 'unexpected; ending so that a fresh process can take over');
    process.exit(1);
  };
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal);

  const workers = workersFor(asked, config, process.env);
  const running =
    workers > 1 && isPrimary() ? await startWorkers(workers, log) : await start(asked, config, process.env, log);
  const name = asked.service === 'everything' ? 'parley' : `parley ${asked.service}`;
  if (!tellPrimary(running.where))
    console.log(`${name} is ready after ${((Date.now() - started) / 1000).toFixed(1)} s
${running.where.map(([what, where]) => `  ${what.padEnd(9)} ${where}`).join('\n')}
Stop with Ctrl-C.`);

  let stoppingSince = 0;
  const stop = async (signal: NodeJS.Signals) => {
    // npm and a process group deliver the same signal twice; only a later one means "at once".
    if (stoppingSince > 0) return Date.now() - stoppingSince > 1000 ? process.exit(1) : undefined;
    stoppingSince = Date.now();
    log.info({ signal }, 'stopping');
    const forced = setTimeout(() => process.exit(1), longestStopMs);
    await running.stop();
    clearTimeout(forced);
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // From a terminal it says that the terminal is gone; to a daemon, that its files have changed.
  process.on('SIGHUP', process.stdout.isTTY ? stop : () => running.reload?.());
} catch (error) {
  console.error(`parley: ${error instanceof ConfigError ? error.message : ((error as Error).stack ?? error)}`);
  process.exit(1);
}
