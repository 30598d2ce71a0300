import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { post, socket } from './testkit/graphql.ts';
import { LiveRefused, watch } from './testkit/live.ts';
import { startPlainSubgraph } from './testkit/plainSubgraph.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { freePort, type PlatformProcess, refusedStart, startPlatformProcess } from './testkit/platformProcess.ts';

const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
const products = `${head}
  type Query { product(id: ID!): Product whoAsks: String }
  type Product @key(fields: "id") { id: ID! name: String! }`;
const reviews = `${head}
  type Query { version: String }
  type Product @key(fields: "id") { id: ID! stars: Int }
  type Subscription { starred: Product }`;

describe('a gateway for a supergraph that is not ours', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let shop: Awaited<ReturnType<typeof startPlainSubgraph>>;
  let critics: Awaited<ReturnType<typeof startPlainSubgraph>>;
  let gateway: PlatformProcess;
  let file: string;
  before(async () => {
    folder = await temporaryFolder();
    shop = await startPlainSubgraph(products, {
      Query: {
        product: (_: unknown, { id }: { id: string }) => ({ id, name: `Product ${id}` }),
        whoAsks: (_: unknown, __: unknown, { authorization }: { authorization: string | null }) => authorization,
      },
      Product: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `Product ${id}` }) },
    });
    critics = await startPlainSubgraph(reviews, {
      Query: { version: () => '1' },
      Product: { __resolveReference: ({ id }: { id: string }) => ({ id, stars: Number(id) }) },
      Subscription: {
        starred: {
          async *subscribe() {
            for (const id of ['1', '2', '3']) {
              await delay(10);
              yield { starred: { id, stars: Number(id) } };
            }
          },
        },
      },
    });
    const { supergraphSdl = '' } = composeServices([
      { name: 'shop', url: shop.url, typeDefs: parse(products) },
      // Where it is said to be, nobody is: SUBGRAPH_THE_CRITICS_URL says better.
      { name: 'the-critics', url: 'http://127.0.0.1:9/graphql', typeDefs: parse(reviews) },
    ]);
    file = `${folder.path}/supergraph.graphql`;
    await writeFile(file, supergraphSdl);
    gateway = await startPlatformProcess(
      {
        PORT: await freePort(),
        SUBGRAPH_THE_CRITICS_URL: critics.url,
        GATEWAY_FORWARD_HEADERS: 'Authorization, x-tenant',
      },
      ['gateway', '--supergraph', file],
    );
  });
  after(async () => {
    await gateway?.stop();
    await shop?.stop();
    await folder?.remove();
  });

  test('answers from its subgraphs, where it says they are and where it is told', async () => {
    const { data, errors } = await post(gateway.url, '{ product(id: "4") { name stars } version }');
    assert.equal(errors, undefined);
    assert.deepEqual(data, { product: { name: 'Product 4', stars: 4 }, version: '1' });
  });

  test('passes on the headers that are listed and no others', async () => {
    shop.heard.length = 0;
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer anything',
        'x-tenant': 'acme',
        'x-other': 'no',
        cookie: 'no',
        'x-forwarded-for': '1.2.3.4',
      },
      body: JSON.stringify({ query: '{ whoAsks }' }),
    });
    assert.deepEqual(await response.json(), { data: { whoAsks: 'Bearer anything' } });
    const [headers = {}] = shop.heard;
    assert.equal(headers['x-tenant'], 'acme');
    assert.ok(!('x-other' in headers) && !('cookie' in headers) && !('x-forwarded-for' in headers));
    assert.equal(headers['x-request-id'], response.headers.get('x-request-id'));
  });

  test('one caller’s answer is not another’s, also where they ask at once', async () => {
    const ask = async (token: string) => (await post(gateway.url, '{ whoAsks }', {}, token)).data?.['whoAsks'];
    const tokens = Array.from({ length: 20 }, (_, n) => `t${n}`);
    assert.deepEqual(
      await Promise.all(tokens.map(ask)),
      tokens.map((token) => `Bearer ${token}`),
    );
  });

  test('subscriptions run over graphql-ws, completed from the other subgraph, with the same headers', async () => {
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { Authorization: 'Bearer live', other: 'no' },
    });
    const live = watch<object>(client, 'starred', 'subscription { starred { stars name } }', {});
    await live.completed;
    assert.deepEqual(
      live.items,
      [1, 2, 3].map((id) => ({ stars: id, name: `Product ${id}` })),
    );
    assert.deepEqual(critics.connected.at(-1), { authorization: 'Bearer live' });
    await client.dispose();
    const nobody = socket(gateway.url);
    await watch(nobody, 'starred', 'subscription { starred { stars } }', {}).completed;
    assert.deepEqual(critics.connected.at(-1), {});
    await nobody.dispose();
  });

  test('D05: a subgraph that is gone costs its own fields, and its address stays with us', async () => {
    await critics.stop();
    const { data, errors } = await post(gateway.url, '{ product(id: "4") { name stars } version }');
    assert.deepEqual(data, { product: { name: 'Product 4', stars: null }, version: null });
    assert.doesNotMatch(JSON.stringify(errors), /127\.0\.0\.1|ECONN/);
    const client = socket(gateway.url);
    await assert.rejects(
      watch(client, 'starred', 'subscription { starred { stars } }', {}).completed,
      (error) => error instanceof LiveRefused && error.errors?.[0]?.extensions?.['code'] === 'SUBGRAPH_UNAVAILABLE',
    );
    await client.dispose();
  });

  for (const [what, asked, environment, name] of [
    ['a file that is not there', ['gateway', '--supergraph', '/nowhere/supergraph.graphql'], {}, 'SUPERGRAPH'],
    ['a file that is no supergraph', ['gateway', '--supergraph', 'README.md'], {}, 'SUPERGRAPH'],
    ['a supergraph for everything at once', [], { SUPERGRAPH: 'supergraph.graphql' }, 'SUPERGRAPH'],
    [
      'an issuer without its keys',
      ['gateway', '--supergraph', 'FILE'],
      { GATEWAY_JWT_ISSUER: 'https://issuer.example.com/' },
      'GATEWAY_JWKS_URL',
    ],
    [
      'an address that is none',
      ['gateway', '--supergraph', 'FILE'],
      { SUBGRAPH_SHOP_URL: 'shop' },
      'SUBGRAPH_SHOP_URL',
    ],
    [
      'a header that is ours to say',
      ['gateway', '--supergraph', 'FILE'],
      { GATEWAY_FORWARD_HEADERS: 'host' },
      'GATEWAY_FORWARD_HEADERS',
    ],
  ] as const)
    test(`M14: ${what} stops the start with one line that names ${name}`, async () => {
      const given = asked.map((text) => (text === 'FILE' ? file : text));
      const { code, output } = await refusedStart({ PORT: '0', ...environment }, 20_000, given);
      assert.equal(code, 1, output);
      assert.match(output, new RegExp(`^parley: .*\\b${name}\\b.*\\n$`));
    });
});
