import { ConfigError } from '@parley/kernel/config';
import { createLog } from '@parley/kernel/log';
import { platformConfig } from './config.ts';
import { startPlatform } from './platform.ts';

const [what, ...rest] = process.argv.slice(2);
if (what !== undefined || rest.length > 0) {
  console.error(`parley: unknown argument ${what}. Start everything with: npm start`);
  process.exit(2);
}

try {
  const started = Date.now();
  const config = platformConfig(process.env);
  const log = createLog({ level: config.logLevel, service: 'parley' });
  const fatal = (error: unknown) => {
    log.fatal({ err: error }, 'unexpected; ending so that a fresh process can take over');
    process.exit(1);
  };
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal);

  const platform = await startPlatform(config, process.env, log);
  console.log(`parley is ready after ${((Date.now() - started) / 1000).toFixed(1)} s
  console   ${platform.url}/
  GraphQL   ${platform.url}/graphql   (HTTP and WebSocket)
  health    ${platform.url}/health/ready
  data      ${config.dataDir}
Stop with Ctrl-C.`);

  let stoppingSince = 0;
  const stop = async (signal: NodeJS.Signals) => {
    // npm and a process group deliver the same signal twice; only a later one means "at once".
    if (stoppingSince > 0) return Date.now() - stoppingSince > 1000 ? process.exit(1) : undefined;
    stoppingSince = Date.now();
    log.info({ signal }, 'stopping');
    const forced = setTimeout(() => process.exit(1), 25_000);
    await platform.stop();
    clearTimeout(forced);
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  console.error(`parley: ${error instanceof ConfigError ? error.message : ((error as Error).stack ?? error)}`);
  process.exit(1);
}
