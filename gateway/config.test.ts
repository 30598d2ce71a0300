import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutInput } from './admission/wording.ts';
import { gatewayConfig } from './config.ts';
import { assertOneFederationInternals } from './planning/oneCopy.ts';

test('O05: introspection is on in development and off in production, unless said otherwise', () => {
  assert.equal(gatewayConfig({}).introspection, true);
  assert.equal(gatewayConfig({ NODE_ENV: 'production' }).introspection, false);
  assert.equal(gatewayConfig({ NODE_ENV: 'production', GATEWAY_INTROSPECTION: 'true' }).introspection, true);
});

test('M14: a wrong environment is one line that names the variables', () => {
  assert.throws(
    () => gatewayConfig({ PORT: 'x', GATEWAY_ALLOWED_ORIGINS: '*' }),
    (error: Error) =>
      /PORT is not valid/.test(error.message) &&
      /GATEWAY_ALLOWED_ORIGINS/.test(error.message) &&
      !error.message.includes('\n'),
  );
  assert.deepEqual(
    gatewayConfig({ GATEWAY_ALLOWED_ORIGINS: 'https://a.example, http://localhost:5173' }).allowedOrigins,
    ['https://a.example', 'http://localhost:5173'],
  );
});

test('C25: one copy of federation-internals is installed', () => assertOneFederationInternals());

test('A26 B15: messages keep names and lose suggestions and values', () => {
  const table = [
    ['Cannot query field "x" on type "Q". Did you mean "y" or "z"?', 'Cannot query field "x" on type "Q".'],
    [
      'ID cannot represent a non-string and non-integer value: [1, 2]',
      'ID cannot represent a non-string and non-integer value.',
    ],
    [
      'Value "SECRET" does not exist in "Role" enum. Did you mean the enum value "OWNER"?',
      'Value does not exist in "Role" enum.',
    ],
    ['Expected value of type "Int!", found null.', 'Expected value of type "Int!".'],
    ['Field "a" is not defined by type "B".', 'Field "a" is not defined by type "B".'],
  ] as const;
  for (const [given, expected] of table) assert.equal(withoutInput(given), expected);
  assert.ok(withoutInput('x'.repeat(10_000)).length < 400);
});

test('M14: tracing, metrics, times and proxies half set or malformed are one line that names the variable, and no secret', () => {
  const table: readonly (readonly [Record<string, string>, string])[] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_SERVICE_NAME: 'x' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 's3cret' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [{ GATEWAY_METRICS_PORT: '99999' }, 'GATEWAY_METRICS_PORT'],
    [{ GATEWAY_SUBGRAPH_DEADLINE_MS: '3000000000' }, 'GATEWAY_SUBGRAPH_DEADLINE_MS'],
    [{ GATEWAY_TRUSTED_PROXIES: '10.0.0.0/99' }, 'GATEWAY_TRUSTED_PROXIES'],
  ];
  for (const [env, name] of table)
    assert.throws(
      () => gatewayConfig(env),
      ({ message }: Error) => message.startsWith(name) && !message.includes('\n') && !message.includes('s3cret'),
      name,
    );
  const { tracing } = gatewayConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20t,x-team=a',
  });
  assert.deepEqual(tracing?.headers, { authorization: 'Bearer t', 'x-team': 'a' });
});
