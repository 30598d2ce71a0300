import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../testkit/platformProcess.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

type Span = { traceId: string; spanId: string; parentSpanId?: string; name: string };
const spans: Span[] = [];
/** Takes traces as an OpenTelemetry collector does. */
const collector = createServer(async (request, response) => {
  const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
    resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
  };
  spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
  response.setHeader('content-type', 'application/json').end('{}');
});

let scenario: Scenario;
let metricsPort: string;
before(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  metricsPort = await freePort();
  scenario = await startScenario(import.meta.url, subgraphs, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    GATEWAY_METRICS_PORT: metricsPort,
  });
});
after(async () => {
  await scenario.end();
  collector.closeAllConnections();
  collector.close();
});

const ask = (query: string, headers: Record<string, string> = {}) =>
  fetch(`${scenario.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

test('one id of a request on its way in and out, in the log, and at each subgraph', async () => {
  const response = await ask('query Item { item { name left } }', { 'x-request-id': 'order-77' });
  assert.equal(response.headers.get('x-request-id'), 'order-77');
  assert.deepEqual(await response.json(), { data: { item: { name: 'Lamp', left: 3 } } });
  for (const name of ['shop', 'stock'])
    assert.equal(scenario.subgraphs[name]?.heard.at(-1)?.['x-request-id'], 'order-77');
  const find = (): string | undefined =>
    scenario
      .output()
      .split('\n')
      .find((text) => text.includes('"order-77"'));
  for (let i = 0; i < 100 && !find(); i++) await delay(20);
  const line = find();
  const { operation, outcome, status, durationMs } = JSON.parse(line ?? '{}') as Record<string, unknown>;
  assert.deepEqual([operation, outcome, status, typeof durationMs], ['Item', 'ok', 200, 'number']);
});

test('production: no introspection, no suggestions, no GraphiQL, headers that keep browsers safe', async () => {
  const introspection = await (await ask('{ __schema { queryType { name } } }')).text();
  assert.match(introspection, /INTROSPECTION_DISABLED/);
  assert.doesNotMatch(await (await ask('{ itemm { name } }')).text(), /Did you mean/);
  const page = await fetch(`${scenario.url}/graphql`, { headers: { accept: 'text/html' } });
  assert.doesNotMatch(await page.text(), /<html/i);
  for (const [name, value] of [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'no-referrer'],
  ] as const)
    assert.equal(page.headers.get(name), value);
  assert.match(page.headers.get('strict-transport-security') ?? '', /max-age/);
});

test('Prometheus reads what happened from a port of its own, and not from the public one', async () => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  assert.match(text, /parley_operations_total\{transport="http",type="query",operation="",outcome="ok"\} [1-9]/);
  assert.match(text, /parley_subgraph_fetch_duration_seconds_count\{subgraph="stock",outcome="ok"\} [1-9]/);
  assert.equal((await fetch(`${scenario.url}/metrics`)).status, 404);
});

test('a span for the operation and one for each call below it, sent on when it stops at the latest', async () => {
  await scenario.stop();
  const operation = spans.find(({ name }) => name === 'query');
  assert.ok(operation, JSON.stringify(spans.map(({ name }) => name)));
  const fetches = spans.filter(({ parentSpanId }) => parentSpanId === operation.spanId);
  assert.deepEqual(fetches.map(({ name }) => name).sort(), ['fetch shop', 'fetch stock']);
  assert.ok(fetches.every(({ traceId }) => traceId === operation.traceId));
});
