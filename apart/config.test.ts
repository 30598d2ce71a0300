import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '@parley/kernel/config';
import { platformConfig } from '../config.ts';
import { readRoutingUrls } from '../schemas.ts';
import { apartConfig } from './config.ts';
import { type ServiceName, subgraphNames } from './services.ts';

const base = {
  DATABASE_URL: 'postgres://app@127.0.0.1:5432/parley',
  PUBLIC_URL: 'http://127.0.0.1:4000',
  SUBGRAPH_SECRET: 'a secret of at least thirty-two bytes',
};
const configOf = async (service: ServiceName, environment: Record<string, string> = {}) => {
  const given = { ...base, ...environment };
  return apartConfig(service, platformConfig(given), given, await readRoutingUrls());
};

describe('where services find each other', () => {
  test('where supergraph.yaml says, each subgraph listening there', async () => {
    const { urls } = await configOf('gateway');
    assert.deepEqual([...urls.keys()].sort(), [...subgraphNames].sort());
    assert.equal(urls.get('sales'), 'http://127.0.0.1:4003/graphql');
    for (const name of subgraphNames) {
      const port = Number(new URL(urls.get(name) ?? '').port);
      assert.deepEqual((await configOf(name)).listen, { host: '127.0.0.1', port });
    }
  });

  test('the environment says better, of several replicas too; each is told where it listens', async () => {
    const sales = 'http://10.0.0.5:1, unix:/run/sales.sock';
    assert.equal((await configOf('gateway', { SUBGRAPH_SALES_URL: sales })).urls.get('sales'), sales);
    await assert.rejects(configOf('sales', { SUBGRAPH_SALES_URL: sales }), /^ConfigError: SUBGRAPH_LISTEN is missing/);
    const { listen } = await configOf('sales', { SUBGRAPH_SALES_URL: sales, SUBGRAPH_LISTEN: 'unix:/run/sales.sock' });
    assert.deepEqual(listen, { socketPath: '/run/sales.sock' });
  });

  test('in production nothing is guessed', async () => {
    await assert.rejects(configOf('gateway', { NODE_ENV: 'production' }), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      return /^SUBGRAPH_AUTH_URL is missing/.test(error.message);
    });
  });
});
