import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

type Relay = { server: Server; url: string; cut: () => number; refuse: (isDown: boolean) => void };

/** A TCP relay in front of the platform, so that a test can cut every connection there is. */
const startRelay = async (port: () => number): Promise<Relay> => {
  const sockets = new Set<Socket>();
  let isDown = false;
  const server = createServer((near) => {
    if (isDown) return near.destroy();
    const far = connect(port(), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = (): number => {
    const { size } = sockets;
    for (const socket of sockets) socket.destroy();
    return size;
  };
  const refuse = (next: boolean): void => {
    isDown = next;
  };
  return { server, cut, refuse, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

describe('the console', () => {
  let folder: string;
  let platform: ChildProcess;
  let relay: Relay;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    assert.ok(existsSync(executablePath), `no browser at ${executablePath}: install chromium, or set CHROMIUM`);
    await build({ configFile: path.join(root, 'console/vite.config.ts'), logLevel: 'error' });
    folder = await mkdtemp(path.join(tmpdir(), 'parley-console-'));
    // PostgreSQL does not run as root; whoever it runs as must reach its folder.
    await chmod(folder, 0o755);
    const port = await freePort();
    relay = await startRelay(() => port);
    platform = spawn(process.execPath, ['main.ts'], {
      cwd: root,
      env: { ...process.env, PORT: String(port), DATA_DIR: path.join(folder, 'data'), PUBLIC_URL: relay.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        printed += String(chunk);
        if (printed.includes('is ready')) resolve();
      };
      platform.stdout?.on('data', read);
      platform.stderr?.on('data', read);
      platform.once('exit', () => reject(new Error(`the platform did not start\n${printed}`)));
    });
    browser = await chromium.launch({ executablePath, args: switches });
    context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
  });

  after(async () => {
    await browser?.close();
    relay?.server.close();
    relay?.cut();
    if (platform && platform.exitCode === null) {
      platform.kill('SIGTERM');
      await once(platform, 'exit');
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const message = () => page.getByLabel('Message to the agent');
  const replies = () => page.locator('.turn.agent');
  const say = async (text: string): Promise<void> => {
    await message().fill(text);
    await message().press('Enter');
  };
  const words = async (): Promise<string[]> => page.locator('.turn .words').allInnerTexts();

  test('shows what is wrong at the field it is wrong in', async () => {
    await page.goto(relay.url);
    await page.getByRole('tab', { name: 'Create account' }).click();
    await page.getByLabel('Organization').fill('Harbour Desk');
    await page.getByLabel('Email').fill('owner@example.com');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.locator('.field', { hasText: 'Password' }).locator('.note.error').waitFor();
  });

  test('signs up and creates an agent that knows the example price list', async () => {
    await page.getByLabel('Password').fill('seven quiet harbour lanterns');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Create your first agent' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Alex');
    await page.getByRole('button', { name: 'English example' }).click();
    await page.getByRole('button', { name: 'Create agent' }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('status', { name: 'Live connection' }).filter({ hasText: 'Live' }).waitFor();
  });

  test('streams the words of a reply, with its sources and its latency marks', async () => {
    const lengths = page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const seen: number[] = [];
          const look = (): void => {
            const turn = document.querySelector('.turn.agent');
            const length = turn?.querySelector('.words')?.textContent?.length ?? 0;
            if (length > 0 && length !== seen.at(-1)) seen.push(length);
            if (turn?.getAttribute('data-state') === 'COMPLETED') resolve(seen);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    await say('How much is the Business plan per month?');
    assert.ok((await lengths).length > 2, 'the reply came in pieces');
    await replies().first().filter({ hasText: '79' }).waitFor();
    for (const mark of ['First word', 'First sound', 'Complete']) await replies().first().getByText(mark).waitFor();
    await replies().first().locator('.citations summary').click();
    await replies().first().locator('blockquote', { hasText: '79 euros' }).waitFor();
  });

  test('shows what was understood of the customer', async () => {
    await page.locator('.turn.customer .signals .chip').first().waitFor();
  });

  test('plays the reply as it comes', async () => {
    const position = await page.waitForFunction(() => {
      const audio = document.querySelector<HTMLAudioElement>('audio[data-sequence]');
      return audio !== null && audio.currentTime > 0.1 ? audio.currentTime : false;
    });
    assert.ok(Number(await position.jsonValue()) > 0);
    await page.locator('.voiceState[data-playing=true]').waitFor();
    await page.locator('.turn.agent mark').first().waitFor();
  });

  test('F17 marks a turn that was stopped as interrupted', async () => {
    await page.getByRole('button', { name: 'Stop' }).click();
    await replies().first().getByText('Interrupted').waitFor();
    await page.locator('.voiceState[data-playing=false]').waitFor();
    assert.equal(await page.locator('audio').count(), 0);
  });

  test('keeps the session and the transcript over a reload', async () => {
    const before = await words();
    await page.reload();
    await replies().first().waitFor();
    assert.deepEqual(await words(), before);
    await page.getByRole('status', { name: 'Live connection' }).filter({ hasText: 'Live' }).waitFor();
  });

  test('F02 recovers from a cut socket with nothing lost and nothing doubled', async () => {
    const before = await replies().count();
    await say('Can I try it free of charge?');
    await replies().nth(before).waitFor();
    relay.refuse(true);
    assert.ok(relay.cut() > 0);
    const badge = page.getByRole('status', { name: 'Live connection' });
    await badge.filter({ hasText: 'Reconnecting' }).waitFor();
    relay.refuse(false);
    await badge.filter({ hasText: 'Live' }).waitFor();
    await page.locator('.turn.agent[data-state=COMPLETED], .turn.agent[data-state=INTERRUPTED]').nth(before).waitFor();
    const live = await words();
    await page.reload();
    await replies().nth(before).waitFor();
    assert.deepEqual(await words(), live, 'as the store has it');
  });

  test('N20 shows markup in a message as the text it is', async () => {
    const text = '<img src=x onerror="document.title=1"><b>bold</b>';
    await say(text);
    await page.locator('.turn.customer', { hasText: text }).last().waitFor();
    assert.equal(await page.locator('.turns img, .turns b').count(), 0);
    assert.equal(await page.title(), 'Parley');
  });

  test('the example of the client package runs as its README says', async () => {
    const example = spawn(process.execPath, ['client/example.ts', `${relay.url}/graphql`], { cwd: root });
    let said = '';
    example.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    const [code] = await once(example, 'exit');
    assert.equal(code, 0);
    assert.match(said, /customer: What does the Business plan cost\?\n.*agent: .*79 euros/s);
  });

  test('ends a conversation with its outcome, and lists it', async () => {
    await page.getByRole('button', { name: 'End…' }).click();
    await page.getByLabel('Follow-up scheduled').check();
    await page.getByRole('button', { name: 'End conversation' }).click();
    await page.getByText('This conversation has ended.').waitFor();
    await page.locator('.conversationLink', { hasText: 'Follow up scheduled' }).waitFor();
    assert.equal(await message().count(), 0);
  });

  test('breaks none of the rules of its content security policy', () => {
    assert.deepEqual(complaints, []);
  });
});
