import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startFixture } from '../fixture/gateway.ts';

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

describe('GraphiQL', () => {
  test('in development it is served from here alone, under a policy, and GraphQL stays what it was', async () => {
    const running = await startFixture();
    for (const path of ['/graphiql', '/graphql', '/graphql?query={motd}']) {
      const page = await running.send('GET', path, { headers: browser });
      assert.equal(page.status, 200);
      assert.match(page.headers['content-type'] ?? '', /^text\/html/);
      assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
      assert.doesNotMatch(page.text, /https?:|<script>/);
      for (const [, file = ''] of page.text.matchAll(/(?:src|href)="(\/graphiql\/[^"]+)"/g)) {
        const { status, headers, text } = await running.send('GET', file);
        assert.equal(status, 200, file);
        assert.match(headers['content-type'] ?? '', file.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
        assert.ok(text.length > 100);
      }
    }
    for (const worker of ['editorWorkerService', 'json', 'graphql'])
      assert.equal((await running.send('GET', `/graphiql/${worker}.js`)).status, 200);
    for (const path of ['/graphiql/nope.js', '/graphiql/__proto__', '/graphiqlx', '/graphiql/../x'])
      assert.equal((await running.send('GET', path)).status, 404, path);
    assert.equal((await running.send('GET', '/graphql')).status, 400);
    assert.deepEqual((await running.post({ query: '{ motd }' }, browser)).body, { data: { motd: 'hello' } });
    await running.gateway.close();
  });

  test('A24: it is not there in production, nor where introspection is off', async () => {
    for (const env of [
      { NODE_ENV: 'production' },
      { NODE_ENV: 'production', GATEWAY_INTROSPECTION: 'true' },
      { GATEWAY_INTROSPECTION: 'false' },
    ]) {
      const running = await startFixture({ env });
      assert.equal((await running.send('GET', '/graphiql', { headers: browser })).status, 404);
      assert.equal((await running.send('GET', '/graphiql/app.js')).status, 404);
      assert.doesNotMatch((await running.send('GET', '/graphql', { headers: browser })).text, /<html/);
      await running.gateway.close();
    }
  });
});
