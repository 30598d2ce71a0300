import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { type Running, startFixture } from '../fixture/gateway.ts';

const updates =
  'subscription($after: String) { updates(conversationId: "c1", after: $after) { number conversation { summary } } }';
const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 300 && !condition(); i++) await delay(10);
  assert.ok(condition());
};
const multipart = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json';

/** A response read as it comes. */
type Stream = { readonly response: Response; text(): string; readonly ended: Promise<boolean>; leave(): void };

describe('live operations over HTTP', () => {
  let running: Running;
  const left = new AbortController();
  const open = async (
    accept: string,
    body: object | null,
    { headers = {}, search = '' }: { headers?: Record<string, string>; search?: string } = {},
  ): Promise<Stream> => {
    const leaving = new AbortController();
    left.signal.addEventListener('abort', () => leaving.abort());
    const response = await fetch(`${running.gateway.url}${search}`, {
      method: body === null ? 'GET' : 'POST',
      headers: { accept, ...(body === null ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      signal: leaving.signal,
    });
    let text = '';
    const decoder = new TextDecoder();
    const read = async (): Promise<boolean> => {
      try {
        for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
        return true;
      } catch {
        return false;
      }
    };
    return { response, text: () => text, ended: read(), leave: () => leaving.abort() };
  };
  const sse = (body: object | null, options = {}) => open('text/event-stream', body, options);
  const parts = (stream: Stream): unknown[] =>
    stream
      .text()
      .split('\r\n--graphql')
      .flatMap((part) => (part.includes('\r\n\r\n') ? [JSON.parse(part.slice(part.indexOf('\r\n\r\n') + 4))] : []));
  beforeEach(async () => {
    running = await startFixture({ limits: { keepAliveMs: 200, socketQueueBytes: 256 * 1024 } });
  });
  afterEach(() => running.gateway.close());

  test('server-sent events: each answer is a `next`, the end a `complete`, and a quiet stream is kept alive', async () => {
    const stream = await sse({ query: updates, variables: { after: '0' } });
    assert.equal(stream.response.status, 200);
    assert.match(stream.response.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(stream.response.headers.get('cache-control'), 'no-store');
    running.world.updates.append(2);
    const events = [1, 2].map(
      (number) =>
        `event: next\ndata: {"data":{"updates":{"number":${number},"conversation":{"summary":"c1 is OPEN"}}}}\n\n`,
    );
    await until(() => stream.text().includes(events.join('')));
    await until(() => stream.text().endsWith('\n\n:\n\n'));
    running.world.updates.complete();
    assert.equal(await stream.ended, true);
    assert.ok(stream.text().endsWith('event: complete\ndata: \n\n'));
  });

  test('server-sent events by GET, as EventSource asks; queries too; a mutation by GET is refused', async () => {
    const search = (query: string) => `?${new URLSearchParams({ query })}`;
    const counted = await sse(null, { search: search('subscription { count(to: 2) }') });
    await counted.ended;
    assert.match(counted.text(), /"count":1[\s\S]*"count":2[\s\S]*event: complete/);
    const asked = await sse(null, { search: search('{ motd }') });
    await asked.ended;
    assert.match(asked.text(), /event: next\ndata: {"data":{"motd":"hello"}}\n\nevent: complete/);
    const broken = await sse(null, { search: `${search('{ motd }')}&variables={bad` });
    await broken.ended;
    assert.match(broken.text(), /BAD_REQUEST/);
    const changed = await sse(null, { search: search('mutation { appendAuth(text: "x") }') });
    assert.equal(changed.response.status, 405);
    assert.deepEqual(running.world.log, []);
  });

  test('graphql-sse’s own client: iterate, break off, and the stream upstream is freed', async () => {
    const client = createClient({ url: running.gateway.url, singleConnection: false });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { data } of client.iterate({ query: updates, variables: { after: '0' } })) {
        seen.push(data);
        if (seen.length === 3) break;
      }
    })();
    running.world.updates.append(3);
    await reading;
    assert.equal(seen.length, 3);
    await until(() => running.world.updates.readers === 0);
    client.dispose();
  });

  test('multipart, as Apollo Client asks: each answer a payload in a part of its own, heartbeats, a closing delimiter', async () => {
    const stream = await open(multipart, { query: updates, variables: { after: '0' } });
    assert.match(stream.response.headers.get('content-type') ?? '', /^multipart\/mixed;.*subscriptionSpec="?1\.0/);
    running.world.updates.append();
    await until(() => parts(stream).some((part) => Object.keys(part as object).length === 0));
    assert.deepEqual(
      parts(stream).filter((part) => Object.keys(part as object).length > 0),
      [{ payload: { data: { updates: { number: 1, conversation: { summary: 'c1 is OPEN' } } } } }],
    );
    running.world.updates.complete();
    assert.equal(await stream.ended, true);
    assert.ok(stream.text().endsWith('\r\n--graphql--\r\n'));
    const query = await open(multipart, { query: '{ motd }' });
    await query.ended;
    assert.deepEqual(JSON.parse(query.text()), { data: { motd: 'hello' } });
  });

  test('both share one stream upstream with WebSocket', async () => {
    const streams = [
      await sse({ query: updates, variables: { after: '0' } }),
      await open(multipart, { query: updates, variables: { after: '0' } }),
    ];
    running.world.updates.append(2);
    await until(() => streams.every((stream) => stream.text().includes('"number":2')));
    assert.equal(running.world.updates.readers, 1);
    for (const stream of streams) stream.leave();
    await until(() => running.world.updates.readers === 0);
  });

  test('what is refused before it begins: an answer with its status, or for event streams, whose clients would try again, an event', async () => {
    const cases: [object, number, RegExp][] = [
      [{ query: '{' }, 400, /GRAPHQL_PARSE_FAILED/],
      [{ query: 'subscription { nope }' }, 400, /GRAPHQL_VALIDATION_FAILED/],
      [{ documentId: `sha256:${'0'.repeat(64)}` }, 400, /PERSISTED_QUERY_NOT_FOUND/],
      [{ query: updates, variables: { after: 7 } }, 400, /BAD_USER_INPUT/],
      [{ query: `{ ${Array.from({ length: 150 }, (_, n) => `a${n}: __typename`).join(' ')} }` }, 400, /LIMIT_EXCEEDED/],
    ];
    for (const [body, status, code] of cases) {
      const events = await sse(body);
      await events.ended;
      assert.equal(events.response.status, 200);
      assert.match(events.text(), /^:\n\nevent: next\ndata: {"errors":.*\n\nevent: complete\ndata: \n\n$/);
      assert.match(events.text(), code);
      const mixed = await open(multipart.replace('application/json', 'application/graphql-response+json'), body);
      await mixed.ended;
      assert.equal(mixed.response.status, status);
      assert.match(mixed.text(), code);
      assert.match(mixed.response.headers.get('content-type') ?? '', /graphql-response\+json/);
    }
    for (const accept of ['text/event-stream', multipart])
      assert.equal((await open(accept, { query: 'subscription { secretTurns { id } }' })).response.status, 401);
    const refused = await sse({ query: updates }, { headers: { authorization: 'Bearer x' } });
    assert.equal(refused.response.status, 401);
    const text = await fetch(running.gateway.url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'text/plain' },
      body: JSON.stringify({ query: '{ motd }' }),
    });
    assert.ok(text.status >= 400, `a form could send it: ${text.status}`);
  });

  test('an error of the stream, a failing field and a refusal upstream arrive with their codes, masked', async () => {
    const failing = await sse({ query: 'subscription { count(to: 3, failAt: 2) }' });
    await failing.ended;
    assert.match(failing.text(), /"count":1[\s\S]*CURSOR_EXPIRED[\s\S]*event: complete/);
    const refused = await open(multipart, { query: 'subscription { neverStarts }' });
    await refused.ended;
    assert.match(JSON.stringify(parts(refused)), /"payload":null,"errors":\[.*NOT_FOUND/);
    running.world.sabotage = () => Promise.reject(new Error('SELECT secret'));
    const masked = await sse({ query: '{ motd }' });
    await masked.ended;
    assert.doesNotMatch(masked.text(), /SELECT/);
    assert.match(masked.text(), /errorId/);
  });

  test('E42 C22 a credential that expires ends the stream and says so', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await running.issuer.sign({ iat: now - 10, exp: now + 1 });
    for (const accept of ['text/event-stream', multipart]) {
      const stream = await open(accept, { query: updates }, { headers: { authorization: `Bearer ${token}` } });
      if (stream.response.status === 401) continue;
      await stream.ended;
      assert.match(stream.text(), /UNAUTHENTICATED/);
    }
    await until(() => running.world.updates.readers === 0);
  });

  test('F04 what waits for a slow reader is bounded: its stream is cut, and freed upstream', async () => {
    running.world.turnStream = async function* () {
      for (let i = 0; i < 20_000; i++) {
        yield { id: 't1', text: 'x'.repeat(4000) };
        await new Promise(setImmediate);
      }
    };
    const { request } = await import('node:http');
    const socket = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const sent = request(running.gateway.url, {
        method: 'POST',
        headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      });
      sent.once('response', resolve).once('error', reject);
      sent.end(JSON.stringify({ query: 'subscription { turnAdded(conversationId: "c1") { id text } }' }));
    });
    socket.pause();
    await until(() => running.world.openStreams === 1);
    await until(() => running.world.openStreams === 0);
    const cut = new Promise<unknown>((resolve) => socket.once('error', resolve).once('end', () => resolve('ended')));
    socket.resume();
    assert.ok((await cut) instanceof Error);
  });

  test('when the gateway goes away an event stream ends without `complete`, a multipart one with an error', async () => {
    const events = await sse({ query: updates });
    const mixed = await open(multipart, { query: updates });
    await running.gateway.close();
    assert.equal(await events.ended, true);
    assert.doesNotMatch(events.text(), /complete/);
    await mixed.ended;
    assert.match(mixed.text(), /SERVICE_RESTARTING[\s\S]*--graphql--\r\n$/);
    assert.equal(running.world.updates.readers, 0);
  });
});
