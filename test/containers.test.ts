import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readAgentConfig } from '@parley/agent/config';
import { readAuthConfig } from '@parley/auth/config';
import { gatewayConfig } from '@parley/gateway/config';
import { audioOrigin, voiceConfig } from '@parley/voice/config';
import { parse } from 'yaml';
import { apartConfig } from '../apart/config.ts';
import { isServiceName, type ServiceName, services, subgraphNames } from '../apart/services.ts';
import { platformConfig } from '../config.ts';
import { nodeFlags } from '../deploy/nodeFlags.ts';
import { s3Version } from '../deploy/services/s3.ts';
import { longestStopMs } from '../start.ts';

type Container = {
  readonly image: string;
  readonly command?: string | readonly string[];
  readonly environment: Readonly<Record<string, string | number>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
};

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFile(`${root}/${file}`, 'utf8');
/** What Compose puts in place of `${NAME:?}` and `${NAME:-default}`, each secret as `openssl rand -hex 24` makes them. */
const interpolate = (text: string): string =>
  text.replaceAll(/\$\{[A-Z0-9_]+:\?\}/g, '0123456789abcdef'.repeat(3)).replaceAll(/\$\{[A-Z0-9_]+:-([^}]*)\}/g, '$1');

describe('deploy/compose.yaml', () => {
  let text: string;
  let dockerfile: string;
  let containers: Readonly<Record<string, Container>>;
  let packageJson: { version: string; dependencies: Record<string, string>; scripts: Record<string, string> };
  before(async () => {
    text = await read('deploy/compose.yaml');
    dockerfile = await read('deploy/Dockerfile');
    containers = (parse(interpolate(text), { merge: true }) as { services: Record<string, Container> }).services;
    packageJson = JSON.parse(await read('package.json')) as typeof packageJson;
  });
  const container = (name: string): Container => {
    const found = containers[name];
    assert.ok(found, `${name} is not in compose.yaml`);
    return found;
  };
  const serviceNames = Object.keys(services) as ServiceName[];
  const environmentOf = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(container(name).environment).map(([key, value]) => [key, String(value)]));

  test('starts the gateway and every subgraph of supergraph.yaml, and nothing else of ours', async () => {
    const { subgraphs } = parse(await read('supergraph.yaml')) as { subgraphs: Record<string, object> };
    const ours = Object.entries(containers).filter(
      ([name, { image }]) => image.startsWith('parley:') && name !== 'migrate',
    );
    assert.deepEqual(ours.map(([name]) => name).sort(), ['gateway', ...Object.keys(subgraphs)].sort());
    for (const [name, { command }] of ours) {
      assert.ok(isServiceName(name));
      assert.deepEqual(command, [name]);
    }
  });

  test('sets only variables that the configurations read', async () => {
    const known = new Set(
      [...(await read('.env.example')).matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name),
    );
    for (const name of [...serviceNames, 'migrate'])
      for (const variable of Object.keys(container(name).environment))
        assert.ok(known.has(variable), `${variable} of ${name} is read by nobody`);
  });

  for (const name of serviceNames)
    test(`gives ${name} settings that it starts with: every engine on, every service it calls known`, () => {
      const environment = environmentOf(name);
      const platform = platformConfig(environment);
      const apart = apartConfig(name, platform, environment, new Map());
      assert.ok(platform.database !== null && platform.kafka !== null && platform.redisUrl !== null);
      assert.equal(platform.database.adminUrl, null, 'the administrator is known to the migration alone');
      assert.ok(voiceConfig(environment).s3 !== null);
      assert.deepEqual([...apart.urls.keys()].sort(), [...services[name].calls].sort());
      for (const readSettings of [gatewayConfig, readAuthConfig, readAgentConfig, audioOrigin])
        readSettings(environment);
    });

  test('has every subgraph listen where the others call it, at its port of supergraph.yaml, and asked there whether it is ready', async () => {
    const { subgraphs } = parse(await read('supergraph.yaml')) as {
      subgraphs: Record<string, { routing_url: string }>;
    };
    for (const name of subgraphNames) {
      const { port } = new URL(subgraphs[name]?.routing_url ?? '');
      const environment = environmentOf(name);
      assert.equal(environment[`SUBGRAPH_${name.toUpperCase()}_URL`], `http://${name}:${port}`);
      assert.deepEqual(apartConfig(name, platformConfig(environment), environment, new Map()).listen, {
        host: '0.0.0.0',
        port: Number(port),
      });
      assert.deepEqual(container(name).healthcheck?.test, ['CMD', 'node', 'deploy/ready.ts', port]);
    }
  });

  test('publishes a port for each gateway, the first where links lead to', () => {
    const { port, publicUrl } = platformConfig(environmentOf('gateway'));
    assert.deepEqual(container('gateway').healthcheck?.test, ['CMD', 'node', 'deploy/ready.ts', String(port)]);
    const [, first, last, target] =
      /^127\.0\.0\.1:(\d+)-(\d+):(\d+)$/.exec(container('gateway').ports?.[0] ?? '') ?? [];
    const { replicas } = (containers['gateway'] as Container & { deploy: { replicas: number } }).deploy;
    assert.equal(Number(last) - Number(first) + 1, replicas);
    assert.equal(Number(target), port);
    assert.equal(publicUrl, `http://localhost:${first}`);
    const { publicEndpoint, endpoint } = voiceConfig(environmentOf('gateway')).s3 ?? {};
    const s3Port = new URL(endpoint ?? '').port;
    assert.equal(publicEndpoint, `http://localhost:${s3Port}`);
    assert.deepEqual(container('s3').ports, [`127.0.0.1:${s3Port}:${s3Port}`]);
  });

  test('asks engines for where they are: names and ports agree with the addresses given to the services', () => {
    const { DATABASE_URL = '', REDIS_URL = '', KAFKA_BROKERS = '', S3_ENDPOINT = '' } = environmentOf('sales');
    for (const url of [DATABASE_URL, REDIS_URL, S3_ENDPOINT, `kafka://${KAFKA_BROKERS}`])
      assert.ok(containers[new URL(url).hostname], `${new URL(url).hostname} is no container`);
    const kafka = container('kafka').environment;
    assert.equal(kafka['KAFKA_ADVERTISED_LISTENERS'], `PLAINTEXT://${KAFKA_BROKERS}`);
    assert.equal(new URL(DATABASE_URL).pathname, `/${container('postgres').environment['POSTGRES_DB']}`);
    assert.equal(new URL(DATABASE_URL).password, container('postgres').environment['APP_LOGIN_PASSWORD']);
    assert.equal(new URL(environmentOf('migrate')['DATABASE_ADMIN_URL'] ?? '').host, new URL(DATABASE_URL).host);
  });

  test('pins the versions that the tests run on', async () => {
    const bill = await read('deploy/services/kafka/pom.xml');
    const [, kafka] = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([\d.]+)</.exec(bill) ?? [];
    assert.equal(container('kafka').image, `apache/kafka:${kafka}`);
    assert.equal(container('s3').image, `versity/versitygw:${s3Version}`);
    for (const name of [...serviceNames, 'migrate'])
      assert.equal(container(name).image, `parley:${packageJson.version}`);
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    assert.equal(bases.length, 2);
    for (const base of bases) assert.equal(base, `node:${packageJson.dependencies['node']}-bookworm-slim`);
    for (const { image } of Object.values(containers)) assert.match(image, /^[a-z/]+:v?\d+\.\d+(\.\d+)?(-bookworm)?$/);
    assert.match(container('postgres').image, /^postgres:(1[5-9]|[2-9]\d)\./);
    assert.match(container('redis').image, /^redis:7\./);
  });

  test('runs what npm start runs, as a user who may change nothing', () => {
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
    assert.equal(`exec ${(JSON.parse(entrypoint) as string[]).join(' ')}`, packageJson.scripts['start']);
    assert.equal(`exec node ${nodeFlags.join(' ')} main.ts`, packageJson.scripts['start']);
    assert.equal([...dockerfile.matchAll(/^USER (\S+)/gm)].at(-1)?.[1], 'node');
    for (const name of [...serviceNames, 'migrate']) {
      const { read_only, cap_drop, security_opt } = container(name);
      assert.deepEqual(
        { read_only, cap_drop, security_opt },
        { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
        name,
      );
    }
  });

  test('waits for a process that is told to stop for longer than it may take', () => {
    const { limits } = gatewayConfig(environmentOf('gateway'));
    assert.ok(limits.unreadyMs + limits.drainMs < longestStopMs);
    for (const name of serviceNames)
      assert.ok(Number.parseInt(container(name).stop_grace_period ?? '', 10) * 1000 > longestStopMs, name);
  });

  test('starts the subgraphs after the migration, and the gateway after the subgraphs', () => {
    for (const name of subgraphNames) {
      assert.equal(container(name).depends_on?.['migrate']?.condition, 'service_completed_successfully');
      assert.equal(container('gateway').depends_on?.[name]?.condition, 'service_healthy');
    }
  });

  test('names no secret, and docs/operations.md says how to make each of them', async () => {
    const required = new Set([...text.matchAll(/\$\{([A-Z0-9_]+):\?\}/g)].map(([, name]) => name));
    const [, made = ''] = /^for name in ([A-Z0-9_ ]+)/m.exec(await read('docs/operations.md')) ?? [];
    assert.deepEqual(made.trim().split(/\s+/).sort(), [...required].sort());
    for (const [, name, value] of text.matchAll(/^ +(\w*(?:PASSWORD|SECRET|KEY)\w*): (.*)$/gm))
      assert.match(value ?? '', /^\$\{[A-Z0-9_]+:\?\}$/, `${name} is written down`);
  });
});

describe('deploy/ready.ts', () => {
  const asked = (port: number) =>
    new Promise<number>((resolve) => {
      execFile(process.execPath, ['deploy/ready.ts', String(port)], { cwd: root }, (error) =>
        resolve(Number(error?.code ?? 0)),
      );
    });

  test('says no for a service that is not ready or not there, and yes for one that is', async () => {
    let status = 503;
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/health/ready' ? status : 404).end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal(await asked(port), 1);
    status = 204;
    assert.equal(await asked(port), 0);
    server.close();
    await once(server, 'close');
    assert.equal(await asked(port), 1);
  });
});
