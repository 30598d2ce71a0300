import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Actor } from './actor.ts';
import { CallFailure } from './callFailure.ts';
import { silentLog, tinySubgraph } from './fixture/tinySubgraph.ts';
import { type HttpSubgraph, httpSubgraph } from './httpSubgraph.ts';
import { type ListenAddress, type ServedSubgraph, serveSubgraph } from './serveSubgraph.ts';
import type { SubgraphResult } from './subgraph.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const actor: Actor = {
  kind: 'USER',
  id: 'user-1',
  tenantId: 'tenant-ü',
  role: 'OWNER',
  scopes: ['conversations:read'],
  partnerId: null,
  conversationId: null,
  sessionId: 's',
  expiresAt: 1_900_000_000,
};
const asked = { actor, requestId: 'request-1' };

const collect = async (stream: AsyncIterableIterator<SubgraphResult>): Promise<unknown[]> => {
  const items: unknown[] = [];
  for await (const { data, errors } of stream) items.push(errors ? { data, errors } : data);
  return items;
};
const until = async (test: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 5000; !test(); await delay(5)) assert.ok(Date.now() < deadline, 'waited in vain');
};

for (const kind of ['TCP', 'a Unix socket'] as const)
  describe(`a subgraph called over ${kind}`, () => {
    const { subgraph, seen } = tinySubgraph();
    let folder: string;
    let listen: ListenAddress;
    let served: ServedSubgraph;
    let remote: HttpSubgraph;
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'parley-http-'));
      listen = kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { socketPath: path.join(folder, 'tiny.sock') };
      served = await serveSubgraph({ subgraph, listen, secrets, log: silentLog, drainMs: 200 });
      remote = httpSubgraph({ name: 'tiny', url: served.url, secrets });
    });
    after(async () => {
      await remote.close();
      await served.close();
      await rm(folder, { recursive: true });
    });

    test('answers as it would in process, for the same actor', async () => {
      const query = 'query($n: String!) { hello(name: $n) who }';
      const answer = await remote.execute({ ...asked, query, variables: { n: 'Ána' } });
      assert.deepEqual(JSON.parse(JSON.stringify(answer)), {
        data: { hello: 'hello Ána', who: JSON.stringify(actor) },
      });
      const { data } = await remote.execute({ query: '{ who }', actor: null, requestId: 'x' });
      assert.equal(data?.['who'], 'null');
      assert.equal(seen.requests[0]?.requestId, 'request-1');
      const refused = await remote.execute({ ...asked, query: '{ refused broken }' });
      assert.deepEqual(
        refused.errors?.map(({ extensions }) => extensions?.['code']),
        ['FORBIDDEN', 'INTERNAL_SERVER_ERROR'],
      );
      assert.match(JSON.stringify(await remote.execute({ ...asked, query: '{ nothing }' })), /Cannot query field/);
    });

    test('B27: a caller that leaves aborts the call on the other side', async () => {
      const leaving = new AbortController();
      const call = remote.execute({ ...asked, query: '{ slow }', signal: leaving.signal });
      const rejected = assert.rejects(call);
      await until(() => seen.requests.at(-1)?.query === '{ slow }');
      leaving.abort();
      await rejected;
      await until(() => seen.aborted === 1);
    });

    test('a stream is live once `subscribe` resolves, brings every event and frees its source', async () => {
      const before = seen.attached;
      const never = await remote.subscribe({ ...asked, query: 'subscription { never }' });
      assert.equal(seen.attached, before + 1);
      const waiting = never.next();
      const ticks = await remote.subscribe({
        ...asked,
        query: 'subscription($n: Int!) { ticks(to: $n) }',
        variables: { n: 2000 },
      });
      const items = await collect(ticks);
      assert.deepEqual(
        items,
        Array.from({ length: 2000 }, (_, n) => ({ ticks: n + 1 })),
      );
      assert.equal(seen.requests.at(-1)?.actor?.tenantId, 'tenant-ü');
      await never.return?.();
      assert.equal((await waiting).done, true);
      await until(() => seen.open === 0);
    });

    test('a refused subscription rejects with its code; one that breaks off rejects with its own', async () => {
      await assert.rejects(
        remote.subscribe({ ...asked, query: 'subscription { refused }' }),
        (error) => error instanceof GraphQLError && error.extensions['code'] === 'FORBIDDEN',
      );
      const stream = await remote.subscribe({ ...asked, query: 'subscription { breaks }' });
      assert.deepEqual(JSON.parse(JSON.stringify((await stream.next()).value)), { data: { breaks: 1 } });
      await assert.rejects(
        stream.next(),
        (error) => error instanceof GraphQLError && error.extensions['code'] === 'CURSOR_EXPIRED',
      );
      assert.equal((await stream.next()).done, true);
    });

    test('many streams share one socket, and each ends by itself', async () => {
      const streams = await Promise.all(
        Array.from({ length: 50 }, () => remote.subscribe({ ...asked, query: 'subscription { never }' })),
      );
      assert.equal(seen.open, 50);
      await Promise.all(streams.slice(1).map((stream) => stream.return?.()));
      await until(() => seen.open === 1);
      const leaving = new AbortController();
      const last = await remote.subscribe({ ...asked, query: 'subscription { never }', signal: leaving.signal });
      leaving.abort();
      assert.equal((await last.next()).done, true);
      await streams[0]?.return?.();
      await until(() => seen.open === 0);
    });

    test('an answer past the cap is refused (D13)', async () => {
      const capped = httpSubgraph({ name: 'tiny', url: served.url, secrets, answerBytes: 10_000 });
      await assert.rejects(capped.execute({ ...asked, query: 'query { big(bytes: 20000) }' }), { kind: 'TOO_LARGE' });
      assert.ok((await capped.execute({ ...asked, query: 'query { big(bytes: 2000) }' })).data);
      await capped.close();
    });

    test('a subgraph that stops ends its streams, and is found again when it is back', async () => {
      const stream = await remote.subscribe({ ...asked, query: 'subscription { never }' });
      const url = served.url;
      await served.close();
      await assert.rejects(stream.next(), CallFailure);
      await assert.rejects(remote.execute({ ...asked, query: '{ who }' }), { kind: 'UNREACHABLE' });
      await assert.rejects(remote.subscribe({ ...asked, query: 'subscription { never }' }), CallFailure);
      await until(() => seen.open === 0);
      const again = kind === 'TCP' ? { host: '127.0.0.1', port: Number(new URL(url).port) } : listen;
      served = await serveSubgraph({ subgraph, listen: again, secrets, log: silentLog, drainMs: 200 });
      assert.ok((await remote.execute({ ...asked, query: '{ who }' })).data);
      const back = await remote.subscribe({ ...asked, query: 'subscription { never }' });
      await back.return?.();
    });
  });

test('D18: an answer with a bit turned on the way is an error, never wrong data', async () => {
  const { subgraph } = tinySubgraph();
  const served = await serveSubgraph({ subgraph, listen: { host: '127.0.0.1', port: 0 }, secrets, log: silentLog });
  const meddler = createServer((socket) => {
    const upstream = connect(Number(new URL(served.url).port), '127.0.0.1');
    socket.pipe(upstream);
    upstream.on('data', (chunk) =>
      socket.write(Buffer.from(chunk.toString('latin1').replaceAll(':49', ':41').replace('49 e', '41 e'), 'latin1')),
    );
    socket.on('close', () => upstream.destroy()).on('error', () => {});
    upstream.on('close', () => socket.destroy()).on('error', () => {});
  });
  meddler.listen(0, '127.0.0.1');
  await once(meddler, 'listening');
  const url = `http://127.0.0.1:${(meddler.address() as AddressInfo).port}`;
  const remote = httpSubgraph({ name: 'tiny', url, secrets });
  const query = 'query($n: String!) { hello(name: $n) }';
  await assert.rejects(remote.execute({ ...asked, query, variables: { n: '49 euros' } }), { kind: 'TAMPERED' });
  assert.ok((await remote.execute({ ...asked, query, variables: { n: '50 euros' } })).data);
  const ticks = await remote.subscribe({ ...asked, query: 'subscription { ticks(to: 60) }' });
  const seen: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const { data } of ticks) seen.push(data?.['ticks']);
    },
    { kind: 'TAMPERED' },
  );
  assert.deepEqual(
    seen,
    Array.from({ length: 48 }, (_, n) => n + 1),
  );
  await remote.close();
  meddler.close();
  await served.close();
});
