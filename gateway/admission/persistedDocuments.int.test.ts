import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { authSchema } from '../fixture/authSchema.ts';
import { type Reply, type Running, sha256, startFixture } from '../fixture/gateway.ts';
import { openSocket } from '../fixture/socket.ts';
import { composeFixture } from '../fixture/supergraph.ts';
import { watchFile } from '../planning/watchedFile.ts';
import { readManifest } from './trustedDocuments.ts';

const codeOf = ({ body }: Reply): unknown => body.errors?.[0]?.extensions?.code;
const manifestOf = (...bodies: string[]): string =>
  JSON.stringify(Object.fromEntries(bodies.map((body) => [`sha256:${sha256(body)}`, body])));
const idOf = (body: string) => ({ documentId: `sha256:${sha256(body)}` });
const preflight = { 'apollo-require-preflight': '1' };

describe('J: published documents', () => {
  let running: Running;
  afterEach(() => running.gateway.close());

  test('with free text switched off only what is published runs, by whatever transport; a known text is as good as its hash', async () => {
    running = await startFixture({
      env: { GATEWAY_PERSISTED_ONLY: 'true' },
      trustedDocuments: manifestOf('{ version }', 'subscription { count(to: 1) }'),
    });
    assert.deepEqual((await running.post(idOf('{ version }'))).body, { data: { version: '1' } });
    assert.deepEqual((await running.post({ query: '{ version }' })).body, { data: { version: '1' } });
    const refused = await running.post({ query: '{ motd }' });
    assert.equal(refused.status, 403);
    assert.equal(codeOf(refused), 'PERSISTED_QUERY_ONLY');
    const paired = {
      query: '{ motd }',
      extensions: { persistedQuery: { version: 1, sha256Hash: sha256('{ motd }') } },
    };
    assert.equal(codeOf(await running.post(paired)), 'PERSISTED_QUERY_ONLY');
    assert.equal(
      codeOf(await running.send('GET', '/graphql?query={motd}', { headers: preflight })),
      'PERSISTED_QUERY_ONLY',
    );
    const streamed = await running.post({ query: '{ motd }' }, { accept: 'text/event-stream' });
    assert.match(streamed.text, /PERSISTED_QUERY_ONLY/);
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    socket.send({ type: 'subscribe', id: '1', payload: { query: '{ motd }' } });
    assert.match(JSON.stringify(await socket.next()), /"error".*PERSISTED_QUERY_ONLY/);
    socket.send({ type: 'subscribe', id: '2', payload: idOf('subscription { count(to: 1) }') });
    assert.deepEqual((await socket.next()).payload, { data: { count: 1 } });
    const authorization = `Bearer ${await running.issuer.sign()}`;
    running.publish('{ motd }');
    assert.deepEqual((await running.post({ query: '{ motd }' }, { authorization })).body, { data: { motd: 'hello' } });
    socket.socket.terminate();
  });

  test('however a document is named, it is the one that runs; other extensions are of no matter', async () => {
    running = await startFixture({ trustedDocuments: manifestOf('{ version }') });
    const persistedQuery = { version: 1, sha256Hash: sha256('{ version }') };
    const named = [
      { query: '{ version }' },
      { query: '{ version }', extensions: { persistedQuery, other: {} } },
      { query: '{ version }', extensions: null, operationName: null },
      { query: '', extensions: { persistedQuery } },
      { query: '{ version }', ...idOf('{ version }'), extensions: { persistedQuery } },
    ];
    for (const body of named) assert.deepEqual((await running.post(body)).body, { data: { version: '1' } });
    const search = new URLSearchParams({ query: '{ version }', extensions: JSON.stringify({ persistedQuery }) });
    const got = await running.send('GET', `/graphql?${search}`, { headers: preflight });
    assert.deepEqual(got.body, { data: { version: '1' } });
    // Whatever stands beside a text is the client's business, as it is in a POST.
    const unknownVersion = { persistedQuery: { ...persistedQuery, version: 2 } };
    search.set('extensions', JSON.stringify(unknownVersion));
    assert.deepEqual((await running.send('GET', `/graphql?${search}`, { headers: preflight })).body, got.body);
    assert.deepEqual((await running.post({ query: '{ version }', extensions: unknownVersion })).body, got.body);
    const nowhere = await running.post({ query: 5, ...idOf('{ version }'), extensions: '{}' });
    assert.match(nowhere.text, /`extensions` in a POST body should be/);
    for (const extensions of ['{}', []]) {
      const refused = await running.post({ query: '{ version }', extensions });
      assert.equal(refused.status, 400);
      assert.match(refused.text, /`extensions` in a POST body (must|should) be/);
    }
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, index) => running.post({ query: index % 2 ? '{ version }' : '{ motd }' })),
    );
    for (const [index, { body }] of many.entries())
      assert.deepEqual(body.data, index % 2 ? { version: '1' } : { motd: 'hello' });
  });

  test('J06 another manifest is taken over while running, whole or not at all', async () => {
    running = await startFixture({ trustedDocuments: manifestOf('{ version }') });
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-manifest-'));
    const file = path.join(folder, 'documents.json');
    const errors: unknown[] = [];
    const log = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (details: object) => void errors.push(details),
    };
    await writeFile(file, manifestOf('{ version }'));
    const watched = watchFile(file, manifestOf('{ version }'), running.gateway.loadTrustedDocuments, log);
    await writeFile(file, manifestOf('{ motd }'));
    await watched.check();
    assert.deepEqual((await running.post(idOf('{ motd }'))).body, { data: { motd: 'hello' } });
    assert.equal(codeOf(await running.post(idOf('{ version }'))), 'PERSISTED_QUERY_NOT_FOUND');
    for (const bad of ['not json', '[]', '{"sha256:00":"{ version }"}', manifestOf('{'), '{"format":"other"}']) {
      await writeFile(file, bad);
      await watched.check();
      assert.deepEqual((await running.post(idOf('{ motd }'))).body, { data: { motd: 'hello' } }, bad);
    }
    assert.equal(errors.length, 5);
    watched.close();
    await rm(folder, { recursive: true });
  });

  test('a manifest as Apollo writes it', () => {
    const text = JSON.stringify({
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: sha256('{ motd }'), name: 'Motd', type: 'query', body: '{ motd }' }],
    });
    assert.deepEqual([...readManifest(text)], [[sha256('{ motd }'), '{ motd }']]);
  });

  test('J08 when the schema changes, published and trusted documents are checked again: their callers and the log are told', async () => {
    running = await startFixture({ trustedDocuments: manifestOf('query Greeting { motd }', '{ version }') });
    running.publish('query Partners { motd }', 'partner-1');
    const headers = { authorization: `Bearer ${running.addApiKey(['persisted'], 'partner-1')}` };
    assert.equal((await running.post(idOf('query Partners { motd }'), headers)).status, 200);
    const changed = composeFixture({ auth: authSchema.replace('motd: String', 'motto: String') });
    await running.gateway.loadSupergraph(changed);
    const warning = running.log.find(({ message }) => message.startsWith('trusted documents that do not fit'));
    assert.match(JSON.stringify(warning?.details), /"count":1.*Greeting.*Cannot query field/);
    for (const [body, sent] of [
      ['query Greeting { motd }', {}],
      ['query Partners { motd }', headers],
    ] as const) {
      const reply = await running.post(idOf(body), sent);
      assert.equal(reply.status, 400);
      assert.equal(codeOf(reply), 'GRAPHQL_VALIDATION_FAILED');
      assert.match(
        reply.body.errors[0].message,
        /published document does not fit the schema any more: .*motd.* Publish it anew/,
      );
    }
    assert.equal(running.log.filter(({ message }) => message === 'a published document is unfit').length, 1);
    assert.equal((await running.post(idOf('{ version }'))).status, 200);
  });

  test('J09 by GET too: one answer for each partner, which no cache may keep for another', async () => {
    running = await startFixture();
    const body = '{ viewer { name } motd }';
    for (const partner of ['partner-1', 'partner-2']) running.publish(body, partner);
    const get = (partner: string, accept = 'application/json') => {
      const authorization = `Bearer ${running.addApiKey(['persisted'], partner)}`;
      return running.send('GET', `/graphql?documentId=sha256:${sha256(body)}`, {
        headers: { ...preflight, accept, authorization },
      });
    };
    for (const reply of [await get('partner-1'), await get('partner-2'), await get('partner-3')]) {
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.match(String(reply.headers.vary), /authorization/i);
      assert.equal(reply.headers['etag'], undefined);
    }
    assert.equal((await get('partner-2')).body.data.motd, 'hello');
    assert.equal(codeOf(await get('partner-3')), 'PERSISTED_QUERY_NOT_FOUND');
  });

  test('J02 E47 over event streams as over HTTP: no free text for a key of published documents', async () => {
    running = await startFixture();
    const body = '{ conversations(first: 2) { id } }';
    running.publish(body, 'partner-1');
    const authorization = `Bearer ${running.addApiKey(['persisted'], 'partner-1')}`;
    for (const accept of ['application/json', 'text/event-stream']) {
      const send = (request: object) => running.post(request, { authorization, accept });
      assert.match((await send({ query: body })).text, /PERSISTED_QUERY_ONLY/);
      assert.match((await send(idOf(body))).text, /"conversations":\[/);
    }
  });
});
