import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { startFixture } from '../gateway/fixture/gateway.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

test('GraphiQL runs in a browser: it asks this server alone, breaks no policy of its page, and shows an answer', async (t) => {
  assert.ok(existsSync(executablePath), `no browser at ${executablePath}: install chromium, or set CHROMIUM`);
  const { gateway } = await startFixture();
  const browser = await chromium.launch({ executablePath, args: switches });
  t.after(async () => {
    await browser.close();
    await gateway.close();
  });
  const page = await browser.newPage();
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(gateway.url).origin) elsewhere.push(request.url().slice(0, 100));
  });
  page.on('console', (message) => {
    if (/policy|refused to/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));

  const ask = async (query: string): Promise<void> => {
    await page.goto(`${gateway.url}?query=${encodeURIComponent(query)}`);
    await page.click('.graphiql-execute-button', { timeout: 60_000 });
  };
  const shown = (text: string) =>
    page.waitForFunction((wanted) => document.querySelector('.result-window')?.textContent?.includes(wanted), text, {
      timeout: 60_000,
    });
  await ask('{ conversation(id: "c1") { owner { name } } }');
  await shown('"Ada"');
  assert.deepEqual(
    { elsewhere: elsewhere.filter((url) => !/^(blob|data):/.test(url)), complaints },
    { elsewhere: [], complaints: [] },
  );
});
