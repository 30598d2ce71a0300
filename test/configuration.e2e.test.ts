import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@parley/kernel/config';
import { platformConfig } from '../config.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { refusedStart } from './testkit/platformProcess.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('M14 a wrong configuration', { concurrency: 2 }, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  type Case = [what: string, environment: Record<string, string>, variable: string];
  const cases: Case[] = [
    ['a port that is none', { PORT: 'four thousand' }, 'PORT'],
    ['an administrator without a database', { DATABASE_ADMIN_URL: 'postgres://a@127.0.0.1/x' }, 'DATABASE_URL'],
    ['a Redis that is none', { REDIS_URL: 'http://127.0.0.1:6379' }, 'REDIS_URL'],
    ['a Kafka user without a password', { KAFKA_BROKERS: 'a:9092', KAFKA_USERNAME: 'u' }, 'KAFKA_PASSWORD'],
    ['a bucket without a key', { S3_BUCKET: 'parley', S3_REGION: 'eu-central-1' }, 'S3_ACCESS_KEY_ID'],
    ['links that never expire', { AUDIO_LINK_SECONDS: '999999' }, 'AUDIO_LINK_SECONDS'],
    ['a cheap password hash', { PASSWORD_MEMORY_KIB: '8' }, 'PASSWORD_MEMORY_KIB'],
    ['an index that is no number', { AGENT_INDEXED_PASSAGES: 'many' }, 'AGENT_INDEXED_PASSAGES'],
    ['a body limit that is no number', { GATEWAY_BODY_BYTES: 'big' }, 'GATEWAY_BODY_BYTES'],
  ];
  const others: Case[] = [
    ['a port out of range', { PORT: '70000' }, 'PORT'],
    ['a level that is none', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    ['a public URL that is none', { PUBLIC_URL: 'parley.example.com' }, 'PUBLIC_URL'],
    ['a database that is none', { DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL'],
    ['a pool of none', { DATABASE_POOL_SIZE: '0' }, 'DATABASE_POOL_SIZE'],
    ['a Kafka password without a user', { KAFKA_BROKERS: 'a:9092', KAFKA_PASSWORD: 'p' }, 'KAFKA_USERNAME'],
    ['a Kafka user without brokers', { KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }, 'KAFKA_BROKERS'],
    ['a broker without a port', { KAFKA_BROKERS: 'a' }, 'KAFKA_BROKERS'],
  ];
  for (const [what, environment, name] of cases) {
    test(`stops the start with one line that names ${name}: ${what}`, async () => {
      const { code, output } = await refusedStart({ PORT: '0', DATA_DIR: `${folder.path}/${name}`, ...environment });
      assert.equal(code, 1, output);
      assert.match(output, new RegExp(`^parley: .*\\b${name}\\b.*\\n$`), 'one line, naming the variable');
      // What was given is not printed back: it may be a secret.
      for (const value of Object.values(environment))
        if (/\/\/|^p$/.test(value)) assert.ok(value === 'p' || !output.includes(value), output);
    });
  }

  for (const [what, environment, name] of others) {
    test(`is refused in one line that begins with ${name}: ${what}`, () => {
      assert.throws(
        () => platformConfig(environment),
        (error: Error) => error instanceof ConfigError && new RegExp(`^${name} [^\\n]+$`).test(error.message),
      );
    });
  }

  test('stops the start with one line that names PORT: it is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, output } = await refusedStart({ PORT: String(port), DATA_DIR: `${folder.path}/taken` });
    taken.close();
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`^parley: PORT ${port} is in use.*\\n$`));
  });

  test('stops the start with one line that names DATABASE_URL: nobody answers there', async () => {
    const { code, output } = await refusedStart({
      PORT: '0',
      DATA_DIR: `${folder.path}/away`,
      DATABASE_URL: 'postgres://app_login:hunter2@127.0.0.1:1/parley',
    });
    assert.equal(code, 1, output);
    assert.match(output, /^parley: .*\bDATABASE_URL\b.*\n$/);
    assert.doesNotMatch(output, /hunter2/);
  });
});

describe('.env.example', () => {
  const variables = async () => {
    const files = globSync(
      ['config.ts', 'apart/config.ts', 'gateway/config.ts', 'kernel/**/config.ts', 'subgraphs/*/config.ts'],
      {
        cwd: root,
      },
    );
    assert.ok(files.length >= 5, String(files));
    const names = new Set<string>();
    for (const file of files) {
      const text = await readFile(`${root}/${file}`, 'utf8');
      for (const [, name] of text.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)) if (name !== undefined) names.add(name);
    }
    return [...names].sort();
  };
  const example = () => readFile(`${root}/.env.example`, 'utf8');

  test('lists every variable the configurations read, and no other', async () => {
    const listed = [...(await example()).matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), await variables());
    assert.equal(new Set(listed).size, listed.length, 'one is listed twice');
  });

  test('runs as it stands', async () => {
    const lines = [...(await example()).matchAll(/^([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(
      ([, name, value]) => [name, value] as const,
    );
    assert.doesNotThrow(() => platformConfig(Object.fromEntries(lines)));
  });
});
