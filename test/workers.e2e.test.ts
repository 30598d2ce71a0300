import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { createAgent, post, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { watch } from './testkit/live.ts';
import { type MiniRedis, startMiniRedis } from './testkit/miniRedis.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { freePort, type PlatformProcess, refusedStart, startPlatformProcess } from './testkit/platformProcess.ts';

type Update = { kind: string; turn: { role: string; text: string } };
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  kind turn { role text } } }`;

/** The processes a process has started that run our own program. */
const workersOf = async (pid: number): Promise<number[]> => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
  const isWorker = async (child: number) => (await readFile(`/proc/${child}/cmdline`, 'utf8')).includes('main.ts');
  const checked = await Promise.all(
    children.filter(Boolean).map(async (child) => ((await isWorker(child)) ? child : 0)),
  );
  return checked.filter(Boolean);
};

describe('one worker per core', () => {
  let database: TestDatabase;
  let redis: MiniRedis;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let platform: PlatformProcess;
  before(async () => {
    database = await testDatabase();
    redis = await startMiniRedis();
    folder = await temporaryFolder();
    platform = await startPlatformProcess({
      WORKERS: '2',
      PORT: await freePort(),
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      DATA_DIR: folder.path,
    });
  });
  after(async () => {
    await platform?.stop();
    await folder?.remove();
    await redis?.stop();
    await database?.drop();
  });

  test('every subscriber, whichever worker it is at, hears what a message sent to any of them brings', async () => {
    const { url } = platform;
    assert.equal((await workersOf(platform.child.pid ?? 0)).length, 2);
    const owner = await signUp(url);
    const { agentId } = await createAgent(url, owner.accessToken);
    const { conversation, visitorToken } = await startConversation(url, owner.accessToken, agentId);
    const { id } = conversation;
    // Connections go to the workers in turn.
    const clients = Array.from({ length: 4 }, () => socket(url, visitorToken));
    const lives = clients.map((client) =>
      watch<Update>(client, 'conversationTurns', turns, { id, after: conversation.turnsCursor }),
    );
    await delay(500);
    await sendMessage(url, visitorToken, id, 'How much is the Pro plan?');
    for (const live of lives) {
      const done = await live.until(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT', 'a reply');
      assert.match(done.turn.text, /49/);
    }
    await Promise.all(clients.map((client) => client.dispose()));
  });

  test('M01: a worker that dies is replaced, and the port is served all the while', async () => {
    const primary = platform.child.pid ?? 0;
    const [victim = 0, other = 0] = await workersOf(primary);
    process.kill(victim, 'SIGKILL');
    await delay(200);
    for (let n = 0; n < 10; n++) assert.equal((await post(platform.url, '{ __typename }')).status, 200);
    for (const deadline = Date.now() + 20_000; ; await delay(200)) {
      const now = await workersOf(primary);
      if (now.length === 2 && now.includes(other) && !now.includes(victim)) break;
      assert.ok(Date.now() < deadline, 'not replaced');
    }
  });

  test('M02: all end when it is told to', async () => {
    const workers = await workersOf(platform.child.pid ?? 0);
    assert.equal(await platform.stop(), 0);
    for (const worker of workers) assert.throws(() => process.kill(worker, 0));
  });
});

describe('M14 workers that could not work together', () => {
  const [DATABASE_URL, REDIS_URL] = ['postgres://a@127.0.0.1:1/x', 'redis://127.0.0.1:1'];
  for (const [asked, environment, name] of [
    [[], {}, 'DATABASE_URL'],
    [[], { DATABASE_URL }, 'REDIS_URL'],
    [[], { DATABASE_URL, REDIS_URL, PORT: '0' }, 'PORT'],
    [['sales'], { DATABASE_URL, REDIS_URL }, 'WORKERS'],
    [['gateway'], {}, 'REDIS_URL'],
    // Said by the first worker, once.
    [[], { DATABASE_URL, REDIS_URL, AGENT_INDEXED_PASSAGES: 'many' }, 'AGENT_INDEXED_PASSAGES'],
  ] as const)
    test(`stop the start of ${asked[0] ?? 'everything'} with one line that names ${name}`, async () => {
      const { code, output } = await refusedStart(
        { PORT: await freePort(), WORKERS: '2', LOG_LEVEL: 'silent', ...environment },
        20_000,
        asked,
      );
      assert.equal(code, 1, output);
      assert.match(output, new RegExp(`^parley: .*\\b${name}\\b.*\\n$`));
    });
});
