import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Client, type ClientOptions, createClient, GraphqlFailure } from './index.ts';
import { type Behaviour, type LiveSocket, type Subscribe, startLiveServer } from './testkit/liveServer.ts';

const quick = { backoff: { firstMs: 5, mostMs: 40 }, pingMs: 60, pongMs: 60 };

const withServer = async (
  behaviour: Behaviour,
  run: (client: Client, server: Awaited<ReturnType<typeof startLiveServer>>) => Promise<void>,
  options: Partial<ClientOptions> = {},
): Promise<void> => {
  const server = await startLiveServer(behaviour);
  const client = createClient({ url: server.url, getToken: () => 'key', ...quick, ...options });
  try {
    await run(client, server);
  } finally {
    client.close();
    await server.close();
  }
};

const update = (position: number) => ({
  conversationTurns: {
    cursor: `c${position}`,
    kind: 'DELTA',
    textDelta: `${position} `,
    turn: { id: 't', sequence: 1 },
  },
});
const positionAfter = ({ payload }: Subscribe): number => Number(String(payload.variables['after'] ?? 'c0').slice(1));

/** A log of `last` updates; `onSent` may cut the socket after any of them. */
const logServer = (
  last: number,
  onSent: (live: LiveSocket, position: number) => boolean,
  replayOverlap = 0,
): Behaviour => ({
  onSubscribe: async (live, message) => {
    for (let position = Math.max(1, positionAfter(message) + 1 - replayOverlap); position <= last; position += 1) {
      if (live.socket.readyState !== live.socket.OPEN) return;
      live.next(message.id, update(position));
      if (!onSent(live, position)) return;
      if (position % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    live.complete(message.id);
  },
});

const collect = async (stream: AsyncIterable<{ cursor: string }>): Promise<number[]> => {
  const seen: number[] = [];
  for await (const { cursor } of stream) seen.push(Number(cursor.slice(1)));
  return seen;
};
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a live stream', () => {
  test('F01 F02 loses and doubles nothing over 7 cuts in 400 updates', async () => {
    const cuts = new Set([13, 57, 58, 120, 222, 311, 399]);
    const behaviour = logServer(400, ({ socket }, position) => {
      if (!cuts.delete(position)) return true;
      // Each way to lose a socket: without a word, for a restart, as a slow reader, even as a normal closure.
      const how = [
        () => socket.terminate(),
        () => socket.close(1012),
        () => socket.close(1013),
        () => socket.close(1000),
      ][position % 4];
      how?.();
      return false;
    });
    await withServer(behaviour, async (client) => {
      assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), upTo(400));
      assert.equal(cuts.size, 0);
    });
  });

  test('F03 drops what a server sends twice', async () => {
    const cuts = new Set([20, 40]);
    const cut = ({ socket }: LiveSocket, position: number): boolean => {
      if (!cuts.delete(position)) return true;
      socket.terminate();
      return false;
    };
    await withServer(logServer(60, cut, 15), async (client) => {
      assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), upTo(60));
    });
  });

  test('goes on after a given cursor', async () => {
    await withServer(
      logServer(9, () => true),
      async (client) => {
        assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c', after: 'c6' })), [7, 8, 9]);
      },
    );
  });

  test('F12 hands a fatal code to its caller', async () => {
    const behaviour: Behaviour = { onSubscribe: (live, { id }) => live.error(id, 'CURSOR_EXPIRED') };
    await withServer(behaviour, async (client) => {
      await assert.rejects(
        collect(client.conversationTurns({ conversationId: 'c', after: 'old' })),
        (error: unknown) => {
          assert.ok(error instanceof GraphqlFailure);
          return error.code === 'CURSOR_EXPIRED';
        },
      );
    });
  });

  test('outlasts a service that is unwell for a while', async () => {
    let attempts = 0;
    const behaviour: Behaviour = {
      onSubscribe: (live, { id }) => {
        attempts += 1;
        if (attempts < 4) return live.error(id, 'SUBGRAPH_UNAVAILABLE');
        live.next(id, update(1));
        live.complete(id);
      },
    };
    await withServer(behaviour, async (client) => {
      assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), [1]);
    });
  });

  test('F14 finds a peer that answers nothing, and dials again', async () => {
    let connections = 0;
    const behaviour: Behaviour = {
      answersPings: false,
      onSubscribe: (live, message) => {
        connections += 1;
        if (connections < 2) return live.next(message.id, update(1));
        assert.equal(message.payload.variables['after'], 'c1');
        live.next(message.id, update(2));
        live.complete(message.id);
      },
    };
    await withServer(behaviour, async (client) => {
      assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), [1, 2]);
    });
  });

  test('waits for a server that restarts', async () => {
    const first = await startLiveServer({ onSubscribe: (live, { id }) => live.next(id, update(1)) });
    const { port } = new URL(first.url);
    const client = createClient({ url: first.url, getToken: () => 'key', ...quick });
    const states: string[] = [];
    client.onConnectionState((state) => states.push(state));
    const stream = client.conversationTurns({ conversationId: 'c' });
    assert.equal((await stream.next()).value?.cursor, 'c1');
    await first.close();
    const waiting = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await startLiveServer({ onSubscribe: (live, { id }) => live.next(id, update(2)) }, Number(port));
    assert.equal((await waiting).value?.cursor, 'c2');
    assert.deepEqual(states, ['connecting', 'live', 'reconnecting', 'live']);
    client.close();
    assert.equal((await stream.next()).done, true);
    await second.close();
  });

  test('E42 renews its token when the server ends the socket with it', async () => {
    const tokens: (string | undefined)[] = [];
    const behaviour: Behaviour = {
      onInit: (authorization) => {
        tokens.push(authorization);
        return true;
      },
      onSubscribe: (live, message) => {
        live.next(message.id, update(positionAfter(message) + 1));
        if (tokens.length < 2) live.socket.close(4403, 'Forbidden');
        else live.complete(message.id);
      },
      onPost: () => ({
        body: {
          data: {
            refreshSession: {
              __typename: 'RefreshSessionSuccess',
              accessToken: 'a2',
              refreshToken: 'r2',
              expiresIn: 600,
            },
          },
        },
      }),
    };
    const options = { tokens: { accessToken: 'a1', refreshToken: 'r1', expiresAt: Date.now() + 600_000 } };
    const server = await startLiveServer(behaviour);
    const client = createClient({ url: server.url, ...options, ...quick });
    assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), [1, 2]);
    assert.deepEqual(tokens, ['Bearer a1', 'Bearer a2']);
    client.close();
    await server.close();
  });

  test('renews its token before it expires, and the stream goes on over another connection without a word missed', async () => {
    const now = Date.now();
    const inits: (string | undefined)[] = [];
    const states: string[] = [];
    let renewals = 0;
    const behaviour: Behaviour = {
      ...logServer(400, (_live, position) => position !== 200 || inits.length > 1),
      onInit: (authorization) => {
        inits.push(authorization);
        return true;
      },
      onPost: () => ({
        body: {
          data: {
            refreshSession: {
              __typename: 'RefreshSessionSuccess',
              accessToken: `access-${++renewals}`,
              refreshToken: `refresh-${renewals}`,
              expiresIn: 300,
            },
          },
        },
      }),
    };
    const server = await startLiveServer(behaviour);
    // A minute before it expires a token is renewed: this one's minute begins once the stream is surely under way.
    const tokens = { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt: now + 63_000 };
    const client = createClient({ url: server.url, tokens, ...quick, pingMs: 10_000 });
    client.onConnectionState((state) => states.push(state));
    try {
      assert.deepEqual(await collect(client.conversationTurns({ conversationId: 'c' })), upTo(400));
      assert.deepEqual(inits, ['Bearer access-0', 'Bearer access-1']);
      assert.equal(renewals, 1);
      assert.deepEqual(states.slice(0, 2), ['connecting', 'live']);
      assert.ok(!states.includes('reconnecting'), states.join());
    } finally {
      client.close();
      await server.close();
    }
  });

  test('gives up when its token is refused twice', async () => {
    await withServer({ onInit: () => false }, async (client) => {
      await assert.rejects(collect(client.conversationTurns({ conversationId: 'c' })), { code: 'UNAUTHENTICATED' });
    });
  });

  test('ends in silence when its signal says so, and closes the socket behind it', async () => {
    await withServer({ onSubscribe: (live, { id }) => live.next(id, update(1)) }, async (client, server) => {
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const { cursor } of client.conversationTurns({ conversationId: 'c', signal: stop.signal })) {
        seen.push(cursor);
        setTimeout(() => stop.abort(), 10);
      }
      assert.deepEqual(seen, ['c1']);
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(server.sockets.size, 0);
    });
  });

  test('without cursors reads the present state after a reconnection', async () => {
    let connections = 0;
    const state = (phase: string) => ({ id: 'c', phase });
    const behaviour: Behaviour = {
      onSubscribe: (live, { id }) => {
        connections += 1;
        if (connections === 1) {
          live.next(id, { conversationUpdated: state('DISCOVERY') });
          setTimeout(() => live.socket.terminate(), 20);
        } else setTimeout(() => live.complete(id), 100);
      },
      onPost: () => ({ body: { data: { conversation: state('CLOSING') } } }),
    };
    await withServer(behaviour, async (client) => {
      const phases: string[] = [];
      for await (const { phase } of client.conversationUpdated({ conversationId: 'c' })) phases.push(phase);
      assert.deepEqual(phases, ['DISCOVERY', 'CLOSING']);
    });
  });
});
