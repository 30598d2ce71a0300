/**
 * `npm run start:distributed`: the gateway and the five subgraphs as six processes on this machine, on the engines named by
 * DATABASE_URL and the others, or else on those of `npm run services`, started with it. What dies is started again. PORT
 * is the gateway's; the subgraphs listen on Unix sockets that nobody else may open. `-- --gateways 2` starts more than one
 * gateway, each on the next port; `--replicas 2` more than one of each subgraph.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/kernel/config';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import { type ServiceName, subgraphNames } from '../apart/services.ts';
import { platformConfig } from '../config.ts';
import { contexts } from '../contexts.ts';
import { nodeFlags } from './nodeFlags.ts';
import { type Services, startServices } from './services/services.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** How long after a process died another takes its place. */
const restMs = 500;

type Supervised = { readonly name: string; readonly ready: Promise<void>; stop(): Promise<void> };

/** A process that is started again whenever it ends; one that never became ready ends everything. */
const supervise = (name: string, service: ServiceName, environment: NodeJS.ProcessEnv): Supervised => {
  let child: ChildProcess;
  let stopping = false;
  let wasReady = false;
  const prefix = `${name.padEnd(10)} | `;
  let exited: Promise<unknown> = Promise.resolve();
  const ready = new Promise<void>((resolve, reject) => {
    const start = () => {
      child = spawn(process.execPath, [...nodeFlags, 'main.ts', service], {
        cwd: root,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Ctrl-C reaches us alone: they are stopped in order.
        detached: true,
      });
      exited = once(child, 'exit');
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          process.stdout.write(text.replace(/\n$/, '').replace(/^/gm, prefix).concat('\n'));
          if (!/^Stop with/m.test(text)) return;
          wasReady = true;
          resolve();
        });
      child.once('exit', (code, signal) => {
        if (stopping) return;
        if (!wasReady) return reject(new Error(`${name} ended with ${code ?? signal} before it was ready`));
        console.error(`${prefix}ended with ${code ?? signal}; started again`);
        setTimeout(() => !stopping && start(), restMs);
      });
    };
    start();
  });
  ready.catch(() => {});
  return {
    name,
    ready,
    stop: async () => {
      stopping = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
};

/** @throws ConfigError */
const countOf = (option: string, given: string): number => {
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1 || count > 16)
    throw new ConfigError(`--${option} ${given} is not a number from 1 to 16`);
  return count;
};

const stops: (() => Promise<unknown>)[] = [];
let stopping: Promise<never> | null = null;
/** Once: npm and a process group deliver the same signal twice, and whoever ends in between leaves the others behind. */
const stop = (code: number): Promise<never> => {
  stopping ??= (async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
    process.exit(code);
  })();
  return stopping;
};
process.on('SIGINT', () => void stop(0)).on('SIGTERM', () => void stop(0));

try {
  const { values } = parseArgs({
    options: { gateways: { type: 'string', default: '1' }, replicas: { type: 'string', default: '1' } },
  });
  const [gateways, replicas] = [countOf('gateways', values.gateways), countOf('replicas', values.replicas)];
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-sockets-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  let engines: Services['env'] = {};
  if (!process.env['DATABASE_URL']) {
    const starting = startServices({ onStarted: console.log });
    stops.push(() =>
      starting.then(
        (services) => services.stop(),
        () => {},
      ),
    );
    const services = await starting;
    engines = services.env;
  }
  const environment = { ...process.env, ...engines };
  const config = platformConfig(environment);
  if (config.database?.adminUrl) {
    await bootstrap(config.database.adminUrl);
    const applied = await migrate(config.database.adminUrl, contexts);
    console.log(applied.length === 0 ? 'migrations: nothing to do' : `migrations: ${applied.join(', ')}`);
  }
  const places = subgraphNames.flatMap((name) =>
    Array.from({ length: replicas }, (_, index) => {
      const numbered = replicas === 1 ? name : `${name} ${index + 1}`;
      return { service: name, name: numbered, listen: `unix:${folder}/${numbered.replace(' ', '-')}.sock` };
    }),
  );
  // Roles and tables are made once, here: the services hold no right to.
  const shared: NodeJS.ProcessEnv = {
    ...environment,
    DATABASE_ADMIN_URL: '',
    PUBLIC_URL: config.publicUrl ?? `http://${config.host}:${config.port}`,
    SUBGRAPH_SECRET: environment['SUBGRAPH_SECRET'] || randomBytes(32).toString('base64url'),
    ...Object.fromEntries(
      subgraphNames.map((name) => [
        `SUBGRAPH_${name.toUpperCase()}_URL`,
        places.flatMap(({ service, listen }) => (service === name ? [listen] : [])).join(','),
      ]),
    ),
  };
  // Told to stop meanwhile: nothing more is begun.
  if (stopping !== null) await stopping;
  const running = [
    ...places.map(({ service, name, listen }) => supervise(name, service, { ...shared, SUBGRAPH_LISTEN: listen })),
    ...Array.from({ length: gateways }, (_, index) =>
      supervise(gateways === 1 ? 'gateway' : `gateway ${index + 1}`, 'gateway', {
        ...shared,
        PORT: String(config.port + index),
      }),
    ),
  ];
  // The gateways go first, so that nobody calls a subgraph that is gone.
  const isGateway = ({ name }: Supervised) => name.startsWith('gateway');
  stops.push(async () => {
    await Promise.all(running.filter(isGateway).map((one) => one.stop()));
    await Promise.all(running.filter((one) => !isGateway(one)).map((one) => one.stop()));
  });
  await Promise.all(running.map(({ ready }) => ready));
  // Their last words are on their way.
  await delay(50);
  console.log(
    `\nparley is ready, distributed over ${running.length} processes: ${shared['PUBLIC_URL']}/\nStop with Ctrl-C.`,
  );
} catch (error) {
  console.error(`parley: ${error instanceof Error ? error.message : error}`);
  await stop(1);
}
