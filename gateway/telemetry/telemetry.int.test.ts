import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { openSocket } from '../fixture/socket.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const freePort = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
};

type LoggedOperation = Record<string, unknown>;
const operationsIn = (running: Running): LoggedOperation[] =>
  running.log.filter(({ message }) => message === 'operation').map(({ details }) => ({ ...details }));
const lastOperation = async (running: Running, count: number): Promise<LoggedOperation> => {
  for (let tries = 0; operationsIn(running).length < count && tries < 200; tries++) await delay(5);
  assert.equal(operationsIn(running).length, count);
  return operationsIn(running).at(-1) ?? {};
};

describe('the log line of an operation', () => {
  let running: Running;
  before(async () => {
    running = await startFixture({ env: { NODE_ENV: 'production' } });
  });
  after(() => running.gateway.close());

  test('says who asked for what and how it ended, at info in production', async () => {
    const query = 'query Motd { motd }';
    const authorization = `Bearer ${await running.issuer.sign()}`;
    await running.post({ query }, { authorization, 'x-request-id': 'r-1' });
    const { durationMs, ...line } = await lastOperation(running, 1);
    assert.equal(typeof durationMs, 'number');
    assert.deepEqual(JSON.parse(JSON.stringify(line)), {
      requestId: 'r-1',
      transport: 'http',
      operation: 'Motd',
      type: 'query',
      hash: hashOf(query),
      status: 200,
      outcome: 'ok',
      cost: 10,
      caller: 'USER',
      organizationId: 'tenant-1',
    });
    assert.equal(running.log.find(({ message }) => message === 'operation')?.level, 'info');
  });

  test('says why one was refused, and which errors an answer has', async () => {
    running.log.length = 0;
    await running.post({ query: '{ nope }' });
    assert.deepEqual((await lastOperation(running, 1))['codes'], ['GRAPHQL_VALIDATION_FAILED']);
    assert.equal((await lastOperation(running, 1))['outcome'], 'rejected');
    await running.post({ query: '{ secretNumber motd }' });
    const unauthorized = await lastOperation(running, 2);
    assert.deepEqual([unauthorized['outcome'], unauthorized['codes']], ['error', ['UNAUTHENTICATED']]);
    await running.post('{"query":');
    const malformed = await lastOperation(running, 3);
    assert.deepEqual([malformed['outcome'], malformed['status'], malformed['type']], ['rejected', 400, 'unknown']);
  });

  test('is written for WebSocket too: for a query, a refusal, and a subscription once it is over', async () => {
    running.log.length = 0;
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    socket.send({ type: 'subscribe', id: '1', payload: { query: '{ motd }' } });
    await socket.next();
    assert.equal((await lastOperation(running, 1))['transport'], 'websocket');
    socket.send({ type: 'subscribe', id: '2', payload: { query: '{ nope }' } });
    assert.deepEqual((await lastOperation(running, 2))['codes'], ['GRAPHQL_VALIDATION_FAILED']);
    socket.send({ type: 'subscribe', id: '3', payload: { query: 'subscription Count { count(to: 3) }' } });
    const line = await lastOperation(running, 3);
    assert.deepEqual([line['type'], line['operation'], line['outcome']], ['subscription', 'Count', 'ok']);
    socket.socket.close();
  });
});

describe('metrics', () => {
  test('are beside GraphQL in development, and nowhere in production unless they have a port of their own', async () => {
    const development = await startFixture();
    assert.match((await development.send('GET', '/metrics')).text, /^# TYPE parley_http_requests_total counter/m);
    await development.gateway.close();
    const production = await startFixture({ env: { NODE_ENV: 'production' } });
    assert.equal((await production.send('GET', '/metrics')).status, 404);
    await production.gateway.close();
    const port = await freePort();
    const apart = await startFixture({ env: { NODE_ENV: 'production', GATEWAY_METRICS_PORT: port } });
    assert.equal((await apart.send('GET', '/metrics')).status, 404);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
    assert.match(await response.text(), /^process_cpu_seconds_total/m);
    assert.equal((await fetch(`http://127.0.0.1:${port}/graphql`)).status, 404);
    await apart.gateway.close();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));
  });

  test('count operations, fetches, refusals, documents and sockets; names come from trusted documents alone', async () => {
    const trusted = 'query OurOwn { motd }';
    const running = await startFixture({ trustedDocuments: JSON.stringify({ [hashOf(trusted)]: trusted }) });
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    await running.post({ documentId: `sha256:${hashOf(trusted)}` });
    for (let n = 0; n < 5; n++) await running.post({ query: `query Stranger${n} { motd }` });
    await running.post({ query: '{ motd }' });
    await running.post({ query: '{ motd }' });
    await running.post({ query: '{ nope }' });
    running.world.sabotage = () => Promise.reject(new Error('down'));
    await running.post({ query: '{ motd }' });
    await delay(50);
    const { text } = await running.send('GET', '/metrics');
    const has = (line: string): void => assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
    has('parley_operations_total{transport="http",type="query",operation="OurOwn",outcome="ok"} 1');
    has('parley_operations_total{transport="http",type="query",operation="",outcome="ok"} 7');
    has('parley_operations_total{transport="http",type="query",operation="",outcome="error"} 1');
    has('parley_operations_total{transport="http",type="unknown",operation="",outcome="rejected"} 1');
    has('parley_rejected_total{reason="GRAPHQL_VALIDATION_FAILED"} 1');
    has('parley_operation_errors_total{code="SUBGRAPH_UNAVAILABLE"} 1');
    has('parley_subgraph_fetch_duration_seconds_count{subgraph="auth",outcome="ok"} 8');
    has('parley_documents_total{cache="hit"} 3');
    has('parley_sockets_open 1');
    has('parley_http_requests_total{route="graphql",status="200"} 9');
    assert.match(text, /^parley_plan_duration_seconds_count [1-9]/m);
    assert.doesNotMatch(text, /Stranger/);
    socket.socket.close();
    await running.gateway.close();
  });

  test('an open subscription is counted until it is over', async () => {
    const running = await startFixture();
    running.world.turnStream = async function* () {
      await delay(10_000, null, { ref: false });
      yield* [];
    };
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    socket.send({
      type: 'subscribe',
      id: '1',
      payload: { query: 'subscription { turnAdded(conversationId: "c1") { id } }' },
    });
    const runningNow = async (): Promise<string | undefined> =>
      /^parley_operations_running\{transport="websocket",type="subscription"\} (\d+)/m.exec(
        (await running.send('GET', '/metrics')).text,
      )?.[1];
    for (let tries = 0; (await runningNow()) !== '1'; tries++) assert.ok(tries < 100);
    socket.send({ type: 'complete', id: '1' });
    for (let tries = 0; (await runningNow()) !== '0'; tries++) assert.ok(tries < 100);
    socket.socket.close();
    await running.gateway.close();
  });
});

type ExportedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly links?: readonly { readonly traceId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
};

describe('traces', () => {
  let collector: Server;
  let received: string[];
  let running: Running;
  const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  before(async () => {
    received = [];
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push(`${request.url} ${Buffer.concat(chunks)}`);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
  });
  after(() => void collector.close());
  const spansAfterClose = async (): Promise<ExportedSpan[]> => {
    await running.gateway.close();
    const spans = received.flatMap((text) => {
      assert.ok(text.startsWith('/v1/traces '));
      return JSON.parse(text.slice('/v1/traces '.length)).resourceSpans.flatMap(
        ({ scopeSpans }: { scopeSpans: { spans: ExportedSpan[] }[] }) => scopeSpans.flatMap(({ spans: some }) => some),
      );
    });
    received.length = 0;
    return spans;
  };
  const attribute = (span: ExportedSpan | undefined, name: string) =>
    span?.attributes.find(({ key }) => key === name)?.value.stringValue;
  const stranger = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

  test('a span per request and per fetch, which the subgraph is told; a stranger’s trace is only linked to', async () => {
    running = await startFixture({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() } });
    await running.post({ query: 'query Motd { motd version }' }, { traceparent: stranger });
    const passedOn = running.world.calls.map(({ request }) => request.headers?.['traceparent'] ?? '');
    await delay(20);
    const spans = await spansAfterClose();
    const request = spans.find(({ kind }) => kind === 2);
    const fetches = spans.filter(({ kind }) => kind === 3);
    assert.equal(request?.name, 'query');
    assert.equal(attribute(request, 'graphql.operation.type'), 'query');
    assert.equal(attribute(request, 'graphql.operation.name'), 'Motd');
    assert.equal(attribute(request, 'parley.document.hash'), hashOf('query Motd { motd version }'));
    assert.deepEqual(fetches.map(({ name }) => name).toSorted(), ['fetch auth', 'fetch sales']);
    for (const fetched of fetches) {
      assert.equal(fetched.parentSpanId, request?.spanId);
      assert.ok(passedOn.includes(`00-${request?.traceId}-${fetched.spanId}-01`));
    }
    assert.notEqual(request?.traceId, 'a'.repeat(32));
    assert.equal(request?.links?.[0]?.traceId, 'a'.repeat(32));
  });

  test('a proxy of ours is believed; nonsense is no trace', async () => {
    running = await startFixture({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), GATEWAY_TRUSTED_PROXIES: '127.0.0.1' },
    });
    await running.post({ query: '{ motd }' }, { traceparent: stranger });
    await running.post({ query: '{ motd }' }, { traceparent: 'nonsense' });
    await delay(20);
    const requests = (await spansAfterClose()).filter(({ kind }) => kind === 2);
    assert.equal(requests.length, 2);
    assert.deepEqual(
      requests.map(({ traceId }) => traceId === 'a'.repeat(32)),
      [true, false],
    );
    assert.equal(requests[0]?.parentSpanId, 'b'.repeat(16));
  });

  test('without a collector nothing is traced and nothing passed on', async () => {
    running = await startFixture();
    await running.post({ query: '{ motd }' }, { traceparent: stranger });
    assert.equal(running.world.calls.at(-1)?.request.headers?.['traceparent'], undefined);
    await spansAfterClose();
  });

  test('M15: a collector that is down costs its spans and one warning', async () => {
    running = await startFixture({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` } });
    for (let n = 0; n < 5; n++)
      assert.deepEqual((await running.post({ query: '{ motd }' })).body, { data: { motd: 'hello' } });
    await spansAfterClose();
    assert.ok(running.log.filter(({ message }) => message.includes('collector')).length <= 1);
  });

  test('N05: no text of a person, no variable and no credential is in logs, metrics or traces', async () => {
    const canary = 'canary7f3a';
    running = await startFixture({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() } });
    const token = await running.issuer.sign();
    const authorization = `Bearer ${token}`;
    const signIn = 'mutation SignIn($i: SignInInput!) { signIn(input: $i) { __typename } }';
    await running.post({ query: `{ search(text: "${canary}") { __typename } }` }, { authorization });
    await running.post({ query: signIn, variables: { i: { email: `${canary}@example.com`, password: canary } } });
    await running.post({ query: signIn, variables: { i: { email: [canary], password: canary, [canary]: 1 } } });
    await running.post({ query: `{ user(id: [${JSON.stringify(canary)}]) { name } }` });
    await running.post(`{"query": "${canary}`);
    await running.post({ query: '{ motd }' }, { authorization: `Bearer ${canary}` });
    await running.post({ query: '{ motd }', extensions: { [canary]: canary } }, { cookie: canary, 'x-other': canary });
    await running.send('GET', `/graphql?query={motd}&${canary}=${canary}`);
    await running.send('GET', `/${canary}`);
    running.world.sabotage = () => Promise.reject(new Error('down'));
    await running.post({ query: signIn, variables: { i: { email: canary, password: canary } } });
    const socket = await openSocket(running.gateway.url);
    await socket.init({ authorization });
    socket.send({ type: 'subscribe', id: canary, payload: { query: `{ search(text: "${canary}") { __typename } }` } });
    await socket.next();
    socket.socket.close();
    await delay(50);
    const { text } = await running.send('GET', '/metrics');
    const spans = await spansAfterClose();
    assert.ok(spans.length > 5 && operationsIn(running).length > 8);
    const signature = token.split('.')[2] ?? '';
    const whole = (value: unknown): string =>
      JSON.stringify(value, (_, item) => (item instanceof Error ? `${item.stack} ${item.cause}` : item));
    for (const [where, said] of Object.entries({ log: whole(running.log), metrics: text, traces: whole(spans) })) {
      assert.ok(!said.includes(canary), `${where}: ${said.slice(Math.max(0, said.indexOf(canary) - 300))}`);
      assert.ok(!said.includes(signature), where);
    }
  });
});
