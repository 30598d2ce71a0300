import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import * as client from './index.ts';
import { createClient, type Tokens } from './index.ts';

type Call = { readonly body: Record<string, unknown>; readonly authorization: string | null };

/** A fetch that answers from a function and remembers what it was asked. */
const fakeFetch = (answer: (call: Call, count: number) => unknown, status = 200) => {
  const calls: Call[] = [];
  const fetch = async (_url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const call = {
      body: JSON.parse(String(init?.body)),
      authorization: new Headers(init?.headers).get('authorization'),
    };
    calls.push(call);
    const body = answer(call, calls.length);
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return { fetch, calls };
};
const url = 'https://parley.example/graphql';
const failure = (code: string) => ({ data: null, errors: [{ message: code, extensions: { code } }] });
const viewer = { data: { viewer: { id: 'u', email: 'a@b.c', role: 'OWNER', organization: { id: 'o', name: 'O' } } } };
const tokensUntil = (expiresAt: number): Tokens => ({ accessToken: 'a1', refreshToken: 'r1', expiresAt });
const isRefresh = ({ body }: Call): boolean => body['documentId'] === client.RefreshSessionDocument.__meta__?.['hash'];
const refreshed = (expiresIn = 900) => ({
  data: { refreshSession: { __typename: 'RefreshSessionSuccess', accessToken: 'a2', refreshToken: 'r2', expiresIn } },
});

describe('execute', () => {
  test('sends the hash of a document, and its variables', async () => {
    const { fetch, calls } = fakeFetch(() => ({ data: { agent: null } }));
    await createClient({ url, fetch, getToken: () => 'key' }).execute(client.AgentDocument, { id: '1' });
    assert.deepEqual(calls, [
      {
        body: { documentId: client.AgentDocument.__meta__?.['hash'], variables: { id: '1' } },
        authorization: 'Bearer key',
      },
    ]);
  });

  test('sends the text instead to a server that does not know the hash, and remembers', async () => {
    const { fetch, calls } = fakeFetch(({ body }) =>
      body['documentId'] ? failure('PERSISTED_QUERY_NOT_FOUND') : viewer,
    );
    const parley = createClient({ url, fetch, getToken: () => 'key' });
    await parley.execute(client.ViewerDocument, {});
    await parley.execute(client.ViewerDocument, {});
    assert.deepEqual(
      calls.map(({ body }) => 'query' in body),
      [false, true, true],
    );
  });

  test('throws the code of an answer without data', async () => {
    const { fetch } = fakeFetch(
      () => ({ data: { agent: null }, errors: failure('UNAUTHORIZED_FIELD_OR_TYPE').errors }),
      403,
    );
    await assert.rejects(createClient({ url, fetch }).execute(client.AgentDocument, { id: '1' }), {
      name: 'GraphqlFailure',
      code: 'UNAUTHORIZED_FIELD_OR_TYPE',
    });
  });

  test('gives the data of a partial answer, and its errors aside', async () => {
    const data = { conversation: { id: '1', metrics: null } };
    const { fetch } = fakeFetch(() => ({ data, errors: failure('SUBGRAPH_UNAVAILABLE').errors }));
    const codes: unknown[] = [];
    const onPartial = (errors: readonly client.GraphqlError[]) => codes.push(errors[0]?.extensions?.code);
    assert.deepEqual(
      await createClient({ url, fetch }).execute(client.ConversationMetricsDocument, { id: '1' }, { onPartial }),
      data,
    );
    assert.deepEqual(codes, ['SUBGRAPH_UNAVAILABLE']);
  });

  test('calls an answer that is not GraphQL a network failure', async () => {
    const { fetch } = fakeFetch(() => '<html>Bad gateway</html>', 502);
    await assert.rejects(createClient({ url, fetch }).execute(client.ViewerDocument, {}), {
      name: 'NetworkFailure',
      status: 502,
    });
  });

  test('calls an unreachable server a network failure', async () => {
    const fetch = async (): Promise<Response> => {
      throw new TypeError('fetch failed');
    };
    await assert.rejects(createClient({ url, fetch }).execute(client.ViewerDocument, {}), {
      name: 'NetworkFailure',
      status: null,
    });
  });
});

describe('a session', () => {
  test('is renewed before it expires, once for many calls', async () => {
    const { fetch, calls } = fakeFetch((call) => (isRefresh(call) ? refreshed() : viewer));
    const kept: (Tokens | null)[] = [];
    const tokens = tokensUntil(Date.now() + 20_000);
    const parley = createClient({ url, fetch, tokens, onTokens: (next) => kept.push(next) });
    await Promise.all(Array.from({ length: 5 }, () => parley.execute(client.ViewerDocument, {})));
    assert.deepEqual(
      calls.map(({ authorization }) => authorization),
      [null, ...Array(5).fill('Bearer a2')],
    );
    assert.deepEqual(
      kept.map((one) => one?.refreshToken),
      ['r2'],
    );
  });

  test('is renewed when the server refuses its token early, and the call goes through', async () => {
    const { fetch } = fakeFetch((call) =>
      isRefresh(call) ? refreshed() : call.authorization === 'Bearer a2' ? viewer : failure('UNAUTHENTICATED'),
    );
    const parley = createClient({ url, fetch, tokens: tokensUntil(Date.now() + 600_000) });
    assert.deepEqual(await parley.execute(client.ViewerDocument, {}), viewer.data);
  });

  test('still serves a call while it cannot be renewed but has not expired', async () => {
    const { fetch } = fakeFetch((call) => (isRefresh(call) ? failure('SUBGRAPH_UNAVAILABLE') : viewer));
    const parley = createClient({ url, fetch, tokens: tokensUntil(Date.now() + 20_000) });
    assert.deepEqual(await parley.execute(client.ViewerDocument, {}), viewer.data);
  });

  test('ends when its refresh token is refused', async () => {
    const refusal = {
      __typename: 'Refusal',
      code: 'INVALID_CREDENTIALS',
      message: 'no',
      issues: [],
      retryAfterMs: null,
    };
    const { fetch } = fakeFetch(() => ({ data: { refreshSession: refusal } }));
    const kept: (Tokens | null)[] = [];
    const parley = createClient({
      url,
      fetch,
      tokens: tokensUntil(Date.now() - 1),
      onTokens: (next) => kept.push(next),
    });
    await assert.rejects(parley.execute(client.ViewerDocument, {}), { code: 'UNAUTHENTICATED' });
    assert.deepEqual(kept, [null]);
    assert.equal(parley.isSignedIn, false);
  });

  test('begins with signUp', async () => {
    const success = {
      __typename: 'SignUpSuccess',
      accessToken: 'a',
      refreshToken: 'r',
      expiresIn: 900,
      ...viewer.data,
    };
    const { fetch } = fakeFetch(() => ({ data: { signUp: success } }));
    const parley = createClient({ url, fetch });
    await parley.signUp({ email: 'a@b.c', password: 'p', organizationName: 'O' });
    assert.equal(parley.isSignedIn, true);
  });
});

test('the manifest holds exactly the text of every document under its sha256', async () => {
  const manifest: unknown = JSON.parse(await readFile(new URL('persisted-documents.json', import.meta.url), 'utf8'));
  const documents = Object.entries(client).filter(([name]) => name.endsWith('Document'));
  const expected = documents.map(([, document]) => {
    const text = String(document);
    return [`sha256:${createHash('sha256').update(text).digest('hex')}`, text];
  });
  assert.ok(documents.length > 20);
  assert.deepEqual(manifest, Object.fromEntries(expected));
});
