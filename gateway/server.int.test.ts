import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { authSchema } from './fixture/authSchema.ts';
import { type Running, startFixture } from './fixture/gateway.ts';
import { openSocket } from './fixture/socket.ts';
import { composeFixture } from './fixture/supergraph.ts';

const codeOf = ({ body }: { body: { errors?: { extensions?: { code?: string } }[] } }) =>
  body.errors?.[0]?.extensions?.code;
const json = { 'content-type': 'application/json' };

describe('A: GraphQL over HTTP', () => {
  let running: Running;
  before(async () => {
    running = await startFixture({
      env: { NODE_ENV: 'production', GATEWAY_ALLOWED_ORIGINS: 'https://console.example' },
      limits: { bodyBytes: 20_000 },
      routes: [{ prefix: '/audio', handle: (_request, response) => void response.end('sound') }],
    });
  });
  after(() => running.gateway.close());

  test('a query through three subgraphs', async () => {
    const { status, body, headers } = await running.post({
      query: 'query($id: ID!) { conversation(id: $id) { status metrics { turnCount } owner { name } } }',
      variables: { id: 'c1' },
    });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      data: { conversation: { status: 'OPEN', metrics: { turnCount: 3 }, owner: { name: 'Ada' } } },
    });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['strict-transport-security'] ?? '', /max-age/);
  });

  test('A03: truncated JSON is a 400 JSON error without path or stack', async () => {
    const reply = await running.post('{"query":');
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.body, {
      errors: [{ message: 'The body is not valid JSON.', extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  test('A04: a body over the limit is a 413, announced or streamed', async () => {
    const body = JSON.stringify({ query: `{ motd } #${'x'.repeat(30_000)}` });
    const announced = await running.send('POST', '/graphql', {
      headers: { ...json, 'content-length': String(body.length) },
      body,
    });
    assert.equal(announced.status, 413);
    const streamed = await running.send('POST', '/graphql', {
      headers: { ...json, 'transfer-encoding': 'chunked' },
      body,
    });
    assert.equal(streamed.status, 413);
    assert.equal(codeOf(streamed), 'PAYLOAD_TOO_LARGE');
  });

  test('A05 A06: compressed bodies and other charsets are a 415', async () => {
    const gzip = gzipSync('{"query":"{ motd }"}');
    assert.equal(
      (await running.send('POST', '/graphql', { headers: { ...json, 'content-encoding': 'gzip' }, body: gzip })).status,
      415,
    );
    for (const charset of ['ibm500', 'utf-7'])
      assert.equal(
        (await running.post('{"query":"{ motd }"}', { 'content-type': `application/json; charset=${charset}` })).status,
        415,
      );
  });

  test('A07 A08 A09: what a page may send without a preflight is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { status } = await running.post('{"query":"mutation { appendAuth(text: \\"x\\") }"}', {
        'content-type': type,
      });
      assert.ok(status === 400 || status === 415, type);
    }
    assert.equal((await running.send('GET', '/graphql?query={motd}')).status, 400);
    const get = await running.send('GET', '/graphql?query={motd}', { headers: { 'apollo-require-preflight': '1' } });
    assert.deepEqual(get.body, { data: { motd: 'hello' } });
    assert.equal(
      (
        await running.send('GET', '/graphql?query={motd}', {
          headers: { 'content-type': 'text/plain', 'apollo-require-preflight': '1' },
        })
      ).status,
      415,
    );
    assert.deepEqual(running.world.log, []);
  });

  test('A10 A29: a mutation by GET, other methods, other paths', async () => {
    const mutation = encodeURIComponent('mutation { appendAuth(text: "x") }');
    assert.equal(
      (await running.send('GET', `/graphql?query=${mutation}`, { headers: { 'apollo-require-preflight': '1' } }))
        .status,
      405,
    );
    for (const method of ['PUT', 'DELETE', 'HEAD', 'TRACE'])
      assert.equal((await running.send(method, '/graphql')).status, 405, method);
    const unknown = await running.send('GET', '/nope');
    assert.equal(unknown.status, 404);
    assert.equal(codeOf(unknown), 'NOT_FOUND');
  });

  test('A11 A15: a batch, and variables that are no object', async () => {
    assert.equal((await running.post([{ query: '{ motd }' }])).status, 400);
    for (const variables of ['x', [1], 1])
      assert.equal((await running.post({ query: '{ motd }', variables })).status, 400);
    for (const body of ['null', '1', '"x"', '{}', '{"query":1}', '{"query":"{motd}","extensions":"x"}'])
      assert.equal((await running.post(body)).status, 400, body);
  });

  test('A12: only configured origins may read answers', async () => {
    const preflight = { 'access-control-request-method': 'POST' };
    const evil = await running.send('OPTIONS', '/graphql', {
      headers: { ...preflight, origin: 'https://evil.example' },
    });
    assert.equal(evil.headers['access-control-allow-origin'], undefined);
    const ours = await running.send('OPTIONS', '/graphql', {
      headers: { ...preflight, origin: 'https://console.example' },
    });
    assert.equal(ours.status, 204);
    assert.equal(ours.headers['access-control-allow-origin'], 'https://console.example');
    assert.match(ours.headers['access-control-allow-headers'] ?? '', /authorization/);
    assert.match(ours.headers['vary'] ?? '', /origin/);
  });

  test('A16 A17: variables named like Object.prototype’s own; numbers out of range', async () => {
    const proto = await running.post(
      '{"query":"query($__proto__: ID!) { user(id: $__proto__) { name } }","variables":{"__proto__":"u2"}}',
    );
    assert.deepEqual(proto.body, { data: { user: { name: 'Brook' } } });
    const missing = await running.post({ query: 'query($constructor: ID!) { user(id: $constructor) { name } }' });
    assert.equal(codeOf(missing), 'BAD_USER_INPUT');
    const big = await running.post(
      '{"query":"query($n: Int) { conversations(first: $n) { id } }","variables":{"n":2147483648}}',
    );
    assert.equal(big.status, 400);
  });

  test('A19: a body that does not come is not waited for', async () => {
    const slow = await startFixture({ limits: { requestTimeoutMs: 200, headersTimeoutMs: 200 } });
    const socket = connect(Number(new URL(slow.gateway.url).port), '127.0.0.1');
    const started = Date.now();
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
    await new Promise((resolve) => socket.on('close', resolve).resume());
    assert.ok(Date.now() - started < 5000);
    await slow.gateway.close();
  });

  test('A23: an unexpected error is masked, its details go to the log under its errorId', async () => {
    running.world.sabotage = () => Promise.reject(new Error('SELECT secret FROM t'));
    const { body, text } = await running.post({ query: '{ motd }' });
    running.world.sabotage = null;
    assert.doesNotMatch(text, /SELECT/);
    const { errorId } = body.errors[0].extensions;
    assert.ok(running.log.some(({ details }) => 'errorId' in details && details.errorId === errorId));
  });

  test('A24 A25 A26: no landing page, no introspection, no suggestions in production', async () => {
    const page = await running.send('GET', '/graphql', { headers: { accept: 'text/html' } });
    assert.doesNotMatch(page.text, /<html/i);
    for (const query of [
      '{ __schema { queryType { name } } }',
      '{ a: __type(name: "User") { name } }',
      '{ ...F } fragment F on Query { __schema { queryType { name } } }',
    ])
      assert.equal(codeOf(await running.post({ query })), 'INTROSPECTION_DISABLED', query);
    assert.deepEqual((await running.post({ query: '{ __typename }' })).body, { data: { __typename: 'Query' } });
    const typo = await running.post({ query: '{ modt }' });
    assert.equal(typo.status, 400);
    assert.doesNotMatch(typo.text, /motd|Did you mean/);
    const role = await running.post({ query: '{ user(idd: "u1") { nam } }' });
    assert.doesNotMatch(role.text, /Did you mean|"name/);
  });

  test('A28: no cache holds an answer for another caller', async () => {
    const { headers } = await running.post(
      { query: '{ motd }' },
      { authorization: `Bearer ${await running.issuer.sign()}` },
    );
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(headers['vary'] ?? '', /authorization/);
  });

  test('A30: media types of the answer', async () => {
    const modern = await running.post({ query: '{ nope }' }, { accept: 'application/graphql-response+json' });
    assert.equal(modern.status, 400);
    assert.match(modern.headers['content-type'] ?? '', /graphql-response\+json/);
    assert.equal((await running.post({ query: '{ motd }' }, { accept: 'image/png' })).status, 406);
  });

  test('C29: debug headers change nothing', async () => {
    const { text } = await running.post(
      { query: '{ motd }' },
      { 'apollo-query-plan-experimental': '1', 'apollo-federation-include-trace': 'ftv1' },
    );
    assert.equal(text.trim(), '{"data":{"motd":"hello"}}');
  });

  test('a request id is taken over where it is one, made up otherwise, and reaches the subgraph', async () => {
    const given = await running.post({ query: '{ motd }' }, { 'x-request-id': 'req-1.a' });
    assert.equal(given.headers['x-request-id'], 'req-1.a');
    assert.equal(running.world.calls.at(-1)?.request.requestId, 'req-1.a');
    const odd = await running.post({ query: '{ motd }' }, { 'x-request-id': 'a b<script>' });
    assert.match(String(odd.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  test('other routes, and health', async () => {
    assert.equal((await running.send('GET', '/audio/1.wav')).text, 'sound');
    assert.equal((await running.send('GET', '/audiox')).status, 404);
    assert.deepEqual((await running.send('GET', '/health/live')).body, { ok: true });
    assert.equal((await running.send('GET', '/health/ready')).status, 200);
    assert.equal((await running.send('POST', '/health/ready')).status, 405);
  });

  test('B15: a wrong input is not echoed, over HTTP', async () => {
    const list = await running.post({ query: `{ user(id: [${'"SECRET",'.repeat(200)}]) { name } }` });
    assert.equal(list.status, 400);
    assert.doesNotMatch(list.text, /SECRET/);
    const variable = await running.post({
      query: 'query($i: SignInInput!) { motd } ',
      variables: { i: { email: 'SECRET' } },
    });
    assert.doesNotMatch(variable.text, /SECRET/);
  });
});

describe('who is calling, over HTTP', () => {
  let running: Running;
  before(async () => {
    running = await startFixture();
  });
  after(() => running.gateway.close());
  const viewer = { query: '{ viewer { name } }' };

  test('an access token', async () => {
    const { status, body } = await running.post(viewer, { authorization: `Bearer ${await running.issuer.sign()}` });
    assert.equal(status, 200);
    assert.deepEqual(body, { data: { viewer: { name: 'Ada' } } });
    const { actor } = running.world.calls.at(-1)?.request ?? {};
    assert.deepEqual(actor && { ...actor, expiresAt: typeof actor.expiresAt }, {
      kind: 'USER',
      id: 'u1',
      tenantId: 'tenant-1',
      role: 'OWNER',
      scopes: ['conversations:read', 'organization:admin'],
      partnerId: null,
      conversationId: null,
      sessionId: 's1',
      expiresAt: 'number',
    });
  });

  test('a visitor token carries its conversation', async () => {
    const token = await running.issuer.sign({
      kind: 'VISITOR',
      role: undefined,
      scope: 'visitor',
      sub: 'c1',
      cid: 'c1',
      sid: undefined,
    });
    await running.post(viewer, { authorization: `bearer ${token}` });
    const { actor } = running.world.calls.at(-1)?.request ?? {};
    assert.equal(actor?.kind, 'VISITOR');
    assert.equal(actor?.conversationId, 'c1');
  });

  test('an API key is looked up by its hash, once in a while; the secret stays here', async () => {
    const secret = running.addApiKey(['conversations:read']);
    running.world.calls.length = 0;
    for (let i = 0; i < 3; i++) {
      const { body } = await running.post({ query: '{ secretNumber }' }, { authorization: `Bearer ${secret}` });
      assert.deepEqual(body, { data: { secretNumber: 42 } });
    }
    const lookups = running.world.calls.filter(({ request }) => request.operationName === 'ApiKeyActor');
    assert.equal(lookups.length, 1);
    assert.equal(lookups[0]?.request.actor, null);
    assert.ok(!JSON.stringify(running.world.calls).includes(secret));
    assert.equal(running.world.calls.at(-1)?.request.actor?.role, null);
  });

  test('a bad credential is a 401, whatever is wrong with it; none at all is nobody', async () => {
    const bad = [
      `Bearer pk_x_${'A'.repeat(43)}`,
      'Bearer x',
      'Basic abc',
      'Bearer',
      'Bearer a b',
      `Bearer ${await running.issuer.sign({ aud: 'other' })}`,
    ];
    const texts = new Set<string>();
    for (const authorization of bad) {
      const reply = await running.post(viewer, { authorization });
      assert.equal(reply.status, 401, authorization);
      assert.equal(reply.headers['www-authenticate'], 'Bearer');
      assert.equal(codeOf(reply), 'UNAUTHENTICATED');
      texts.add(reply.text);
    }
    assert.equal(texts.size, 1);
    assert.equal(codeOf(await running.post(viewer)), 'UNAUTHENTICATED');
    assert.equal((await running.post({ query: '{ motd }' })).status, 200);
  });

  test('G46: two Authorization headers are refused', async () => {
    const token = `Bearer ${await running.issuer.sign()}`;
    assert.equal((await running.post(viewer, { authorization: [token, token] })).status, 401);
  });

  test('C09: identity headers of a client are nothing to us', async () => {
    await running.post({ query: '{ motd }' }, { 'x-tenant-id': 'evil', 'x-user-id': 'evil' });
    assert.equal(running.world.calls.at(-1)?.request.actor, null);
  });

  test('while auth is down a key we do not know is a 503, and tokens of known keys go on working', async () => {
    const secret = running.addApiKey(['conversations:read']);
    const authorization = `Bearer ${await running.issuer.sign()}`;
    assert.equal((await running.post({ query: '{ version }' }, { authorization })).status, 200);
    running.world.sabotage = (name) => (name === 'auth' ? Promise.reject(new Error('down')) : undefined);
    const key = await running.post({ query: '{ version }' }, { authorization: `Bearer ${secret}` });
    const token = await running.post({ query: '{ version }' }, { authorization });
    running.world.sabotage = null;
    assert.equal(key.status, 503);
    assert.deepEqual(token.body, { data: { version: '1' } });
  });
});

describe('J: persisted documents', () => {
  const trusted = '{ version }';
  let running: Running;
  before(async () => {
    running = await startFixture({});
  });
  after(() => running.gateway.close());
  const partnerKey = () => ({ authorization: `Bearer ${running.addApiKey(['persisted'], 'partner-1')}` });

  test('a document its partner published, by each way of naming it', async () => {
    const hash = running.publish('query N { secretNumber }', 'partner-1');
    const headers = partnerKey();
    const expected = { data: { secretNumber: 42 } };
    assert.deepEqual((await running.post({ documentId: `sha256:${hash}` }, headers)).body, expected);
    assert.deepEqual(
      (await running.post({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }, headers)).body,
      expected,
    );
    const inUrl = await running.send('POST', `/graphql?documentId=sha256:${hash}`, {
      headers: { ...headers, ...json },
      body: '{"variables":{}}',
    });
    assert.deepEqual(inUrl.body, expected);
    const preflight = { ...headers, 'apollo-require-preflight': '1' };
    assert.deepEqual(
      (await running.send('GET', `/graphql?documentId=sha256:${hash}`, { headers: preflight })).body,
      expected,
    );
    const extensions = encodeURIComponent(JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } }));
    assert.deepEqual(
      (await running.send('GET', `/graphql?extensions=${extensions}`, { headers: preflight })).body,
      expected,
    );
  });

  test('J01 J04: an unknown hash, and that of another partner or organization; nothing registers itself', async () => {
    const other = running.publish('{ motd }', 'partner-2');
    const elsewhere = running.publish('{ motd version }', 'partner-1', 'tenant-2');
    for (const hash of [other, elsewhere, 'f'.repeat(64)]) {
      const reply = await running.post({ documentId: `sha256:${hash}` }, partnerKey());
      assert.equal(codeOf(reply), 'PERSISTED_QUERY_NOT_FOUND');
    }
    assert.equal(codeOf(await running.post({ documentId: `sha256:${other}` })), 'PERSISTED_QUERY_NOT_FOUND');
  });

  test('J02: free text with such a key is a 403, also beside a hash', async () => {
    const hash = running.publish('{ motd }', 'partner-1');
    for (const body of [{ query: '{ motd }' }, { query: '{ motd }', documentId: `sha256:${hash}` }, {}, { query: 1 }]) {
      const reply = await running.post(body, partnerKey());
      assert.equal(reply.status, 403, JSON.stringify(body));
      assert.equal(codeOf(reply), 'PERSISTED_QUERY_ONLY');
    }
  });

  test('J03: a hash and another text', async () => {
    const reply = await running.post({
      query: trusted,
      extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
    });
    assert.equal(reply.status, 400);
    assert.equal(codeOf(reply), 'PERSISTED_QUERY_HASH_MISMATCH');
  });

  test('J05: a hash that is no hash', async () => {
    for (const documentId of [
      `sha256:${'A'.repeat(64)}`,
      'sha256:abc',
      'a'.repeat(64),
      `sha256:${'g'.repeat(64)}`,
      7,
      {},
    ]) {
      const reply = await running.post({ documentId });
      assert.equal(reply.status, 400);
      assert.equal(codeOf(reply), 'PERSISTED_QUERY_BAD_HASH');
    }
  });

  test('J08: what a published document may not have is refused at run time', async () => {
    const hash = running.publish('{ adminReport { total } }', 'partner-1');
    assert.equal(
      codeOf(await running.post({ documentId: `sha256:${hash}` }, partnerKey())),
      'UNAUTHORIZED_FIELD_OR_TYPE',
    );
  });

  test('J10: unknown hashes are remembered as such for a moment', async () => {
    const headers = partnerKey();
    running.world.calls.length = 0;
    for (let i = 0; i < 5; i++) await running.post({ documentId: `sha256:${'e'.repeat(64)}` }, headers);
    assert.equal(running.world.calls.filter(({ request }) => request.operationName === 'PublishedDocument').length, 1);
  });
});

describe('the gateway’s life', () => {
  test('our own client’s documents need no lookup, and are not for persisted-only keys', async () => {
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256').update('{ version }').digest('hex');
    const running = await startFixture({ trustedDocuments: JSON.stringify({ [hash]: '{ version }' }) });
    assert.deepEqual((await running.post({ documentId: `sha256:${hash}` })).body, { data: { version: '1' } });
    const reply = await running.post(
      { documentId: `sha256:${hash}` },
      { authorization: `Bearer ${running.addApiKey(['persisted'])}` },
    );
    assert.equal(codeOf(reply), 'PERSISTED_QUERY_NOT_FOUND');
    await running.gateway.close();
  });

  test('C26 C27: another supergraph is taken over while running; an unfit one changes nothing', async () => {
    const running = await startFixture();
    assert.equal((await running.post({ query: '{ motd }' })).status, 200);
    await assert.rejects(running.gateway.loadSupergraph('type Query { x: Int }'));
    assert.deepEqual((await running.post({ query: '{ motd viewer { name } }' })).body.data, {
      motd: 'hello',
      viewer: null,
    });
    await running.gateway.loadSupergraph(
      composeFixture({
        auth: authSchema
          .replace('motd: String', 'motto: String')
          .replace('viewer: User @authenticated', 'viewer: User'),
      }),
    );
    assert.equal((await running.post({ query: '{ motd }' })).status, 400);
    assert.deepEqual((await running.post({ query: '{ viewer { name } }' })).body, { data: { viewer: null } });
    await running.gateway.close();
  });

  test('C26: another supergraph that differs in its access rules alone is taken over', async () => {
    const running = await startFixture();
    assert.deepEqual((await running.post({ query: '{ motd }' })).body, { data: { motd: 'hello' } });
    await running.gateway.loadSupergraph(
      composeFixture({ auth: authSchema.replace('motd: String', 'motd: String @authenticated') }),
    );
    assert.equal(codeOf(await running.post({ query: '{ motd }' })), 'UNAUTHENTICATED');
    await running.gateway.close();
  });

  test('G47 E42: an ended session and a revoked key are refused at once, also on open sockets', async () => {
    const pubsub = memoryPubSub();
    const running = await startFixture({ pubsub });
    const authorization = `Bearer ${await running.issuer.sign({ sid: 'ended' })}`;
    const key = `Bearer ${running.addApiKey(['conversations:read'])}`;
    const sockets = await Promise.all([authorization, key].map(() => openSocket(running.gateway.url)));
    await Promise.all(sockets.map((socket, index) => socket.init({ authorization: [authorization, key][index] })));
    for (const credential of [authorization, key])
      assert.equal((await running.post({ query: '{ version }' }, { authorization: credential })).status, 200);
    await pubsub.publish('auth:revocations', { kind: 'SESSION', tenantId: 'tenant-1', id: 'ended' });
    await pubsub.publish('auth:revocations', { kind: 'API_KEY', tenantId: 'tenant-1', id: 'key-0' });
    for (const credential of [authorization, key])
      assert.equal((await running.post({ query: '{ version }' }, { authorization: credential })).status, 401);
    for (const socket of sockets) assert.equal((await socket.closed).code, 4403);
    const other = `Bearer ${await running.issuer.sign({ sid: 'other' })}`;
    assert.equal((await running.post({ query: '{ version }' }, { authorization: other })).status, 200);
    await running.gateway.close();
  });

  test('readiness says what it is told, and no while draining; what is in flight finishes', async () => {
    const running = await startFixture({ ready: async () => ({ ok: false, detail: 'database' }) });
    const { status, body } = await running.send('GET', '/health/ready');
    assert.deepEqual([status, body.ok, body.detail], [503, false, 'database']);
    running.world.sabotage = async () => {
      await delay(100);
      return { data: { motd: 'late' } };
    };
    const inFlight = running.post({ query: '{ motd }' });
    await delay(30);
    const closing = running.gateway.close();
    assert.deepEqual((await inFlight).body, { data: { motd: 'late' } });
    await closing;
    await assert.rejects(running.post({ query: '{ motd }' }));
  });

  test('M03: a request that never ends is cut at the deadline', async () => {
    const running = await startFixture({ limits: { drainMs: 100 } });
    running.world.sabotage = () => new Promise(() => {});
    const hanging = assert.rejects(running.post({ query: '{ motd }' }));
    await delay(30);
    await running.gateway.close();
    await hanging;
  });

  test('a client that leaves aborts a query, and lets a mutation finish', async () => {
    const running = await startFixture();
    const signals: (AbortSignal | undefined)[] = [];
    running.world.sabotage = (_, request) => {
      signals.push(request.signal);
      return delay(200).then(() => ({ data: {} }));
    };
    for (const query of ['{ motd }', 'mutation { appendAuth(text: "x") }']) {
      const leaving = new AbortController();
      const request = fetch(running.gateway.url, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ query }),
        signal: leaving.signal,
      });
      await delay(60);
      leaving.abort();
      await assert.rejects(request);
    }
    await delay(50);
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [true, false],
    );
    await running.gateway.close();
  });
});
