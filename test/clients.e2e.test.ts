import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApolloClient, gql as apolloGql, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, createClient as createUrqlClient, fetchExchange, subscriptionExchange } from '@urql/core';
import { ClientError, GraphQLClient } from 'graphql-request';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import relay from 'relay-runtime';
import { WebSocket } from 'ws';
import { createAgent, type SignedUp, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

const viewer = 'query Viewer { viewer { id organization { id name } } }';
const unknown = 'query Unknown { viewer { nothing } }';
const turns =
  'subscription Turns($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) { cursor kind textDelta turn { id role conversation { id agent { id name } } } } }';
type Turns = {
  conversationTurns: { kind: string; turn: { role: string; conversation: { agent: { name: string } } } } | null;
};
const isSpokenAbout = ({ conversationTurns }: Turns): boolean =>
  conversationTurns?.kind === 'COMPLETED' &&
  conversationTurns.turn.role === 'AGENT' &&
  conversationTurns.turn.conversation.agent.name === 'Ana';

/** Clients the field uses, each as its documentation sets it up: a query, an error, a stream, and leaving it. */
describe('the field’s clients against the gateway', () => {
  let platform: TestPlatform;
  let owner: SignedUp;
  let agentId: string;
  let graphqlUrl: string;
  let authorization: string;
  before(async () => {
    platform = await startTestPlatform();
    owner = await signUp(platform.url);
    ({ agentId } = await createAgent(platform.url, owner.accessToken));
    graphqlUrl = `${platform.url}/graphql`;
    authorization = `Bearer ${owner.accessToken}`;
  });
  after(() => platform.stop());

  /** Streams from subgraphs that are open now. */
  const openStreams = async (): Promise<number> => {
    const text = await (await fetch(`${platform.url}/metrics`)).text();
    return Number(/^parley_live_streams_open (\d+)/m.exec(text)?.[1]);
  };
  const untilStreams = async (count: number): Promise<void> => {
    for (let i = 0; i < 100 && (await openStreams()) !== count; i++) await delay(50);
    assert.equal(await openStreams(), count);
  };
  /** Opens a stream, talks, waits for the agent's whole turn, leaves; the server notices. */
  const watchAReply = async (
    subscribe: (
      variables: { id: string; after: string },
      next: (data: Turns) => void,
      failed: (error: unknown) => void,
    ) => () => void,
  ): Promise<void> => {
    const { conversation, visitorToken } = await startConversation(platform.url, owner.accessToken, agentId);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = subscribe(
      { id: conversation.id, after: conversation.turnsCursor },
      (data) => {
        if (isSpokenAbout(data)) resolve();
      },
      reject,
    );
    await untilStreams(1);
    await sendMessage(platform.url, visitorToken, conversation.id, 'How much is the Pro plan?');
    await promise;
    leave();
    await untilStreams(0);
  };
  const wsClient = () =>
    createWsClient({
      url: graphqlUrl.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
    });

  describe('Apollo Client', () => {
    const create = (link: HttpLink | GraphQLWsLink) => new ApolloClient({ link, cache: new InMemoryCache() });
    const overHttp = () => create(new HttpLink({ uri: graphqlUrl, headers: { authorization } }));
    const subscribing =
      (client: ApolloClient): Parameters<typeof watchAReply>[0] =>
      (variables, next, failed) => {
        const subscription = client.subscribe<Turns>({ query: apolloGql(turns), variables }).subscribe({
          next: ({ data, error }) => (error ? failed(error) : data && next(data as Turns)),
          error: failed,
        });
        return () => subscription.unsubscribe();
      };

    test('a query, its answer normalised by __typename and id', async () => {
      const client = overHttp();
      const { data } = await client.query<{ viewer: { id: string } }>({ query: apolloGql(viewer) });
      assert.equal(data?.viewer.id, owner.viewer.id);
      assert.ok(
        Object.keys(client.cache.extract() as object).some((key) => key.includes(owner.viewer.organization.id)),
      );
    });
    test('an error is CombinedGraphQLErrors with our code', async () => {
      await assert.rejects(overHttp().query({ query: apolloGql(unknown) }), (error) => {
        assert.ok(CombinedGraphQLErrors.is(error), String(error));
        assert.equal(error.errors[0]?.extensions?.['code'], 'GRAPHQL_VALIDATION_FAILED');
        return true;
      });
    });
    test('a stream over multipart HTTP', () => watchAReply(subscribing(overHttp())));
    test('a stream over graphql-ws', async () => {
      const client = wsClient();
      await watchAReply(subscribing(create(new GraphQLWsLink(client))));
      await client.dispose();
    });
  });

  describe('urql', () => {
    const create = () => {
      const socket = wsClient();
      return createUrqlClient({
        url: graphqlUrl,
        preferGetMethod: false,
        fetchOptions: { headers: { authorization } },
        exchanges: [
          cacheExchange,
          fetchExchange,
          subscriptionExchange({
            forwardSubscription: ({ query = '', variables }) => ({
              subscribe: (sink) => ({
                unsubscribe: socket.subscribe({ query, ...(variables ? { variables } : {}) }, sink as never),
              }),
            }),
          }),
        ],
      });
    };
    test('a query', async () => {
      const { data, error } = await create().query(viewer, {});
      assert.equal(error, undefined);
      assert.equal(data.viewer.id, owner.viewer.id);
    });
    test('an error is a CombinedError with our code', async () => {
      const { error } = await create().query(unknown, {});
      assert.equal(error?.graphQLErrors[0]?.extensions['code'], 'GRAPHQL_VALIDATION_FAILED');
    });
    test('a stream over graphql-ws', () => {
      const client = create();
      return watchAReply((variables, next, failed) => {
        const { unsubscribe } = client
          .subscription<Turns>(turns, variables)
          .subscribe(({ data, error }) => (error ? failed(error) : data && next(data)));
        return unsubscribe;
      });
    });
    test('a stream through its own fetch, which takes event streams and multipart', () => {
      const client = createUrqlClient({
        url: graphqlUrl,
        preferGetMethod: false,
        fetchOptions: { headers: { authorization } },
        fetchSubscriptions: true,
        exchanges: [cacheExchange, fetchExchange],
      });
      return watchAReply((variables, next, failed) => {
        const { unsubscribe } = client
          .subscription<Turns>(turns, variables)
          .subscribe(({ data, error }) => (error ? failed(error) : data && next(data)));
        return unsubscribe;
      });
    });
  });

  describe('Relay', () => {
    const create = () => {
      const socket = wsClient();
      const { Environment, Network, Observable, RecordSource, Store } = relay;
      return new Environment({
        store: new Store(new RecordSource()),
        network: Network.create(
          async ({ text }, variables) => {
            const response = await fetch(graphqlUrl, {
              method: 'POST',
              headers: { authorization, 'content-type': 'application/json' },
              body: JSON.stringify({ query: text, variables }),
            });
            return response.json() as never;
          },
          ({ text, name }, variables) =>
            Observable.create((sink) =>
              socket.subscribe({ query: text ?? '', operationName: name, variables }, sink as never),
            ),
        ),
      });
    };
    test('a query', async () => {
      const request = artifact('Viewer', viewer, 'query', viewerFields);
      const data = (await relay.fetchQuery(create(), request, {}).toPromise()) as { viewer: { id: string } };
      assert.equal(data.viewer.id, owner.viewer.id);
    });
    test('an error is thrown with what the server said', async () => {
      const request = artifact('Unknown', unknown, 'query', viewerFields);
      await assert.rejects(relay.fetchQuery(create(), request, {}).toPromise(), /nothing/);
    });
    test('a stream over graphql-ws', () => {
      const environment = create();
      return watchAReply((variables, next, failed) => {
        const { dispose } = relay.requestSubscription<never>(environment, {
          subscription: artifact('Turns', turns, 'subscription', turnsFields, ['id', 'after']),
          variables: variables as never,
          onNext: (data) => data && next(data as Turns),
          onError: failed,
        });
        return dispose;
      });
    });
  });

  describe('graphql-request', () => {
    const client = () => new GraphQLClient(graphqlUrl, { headers: { authorization } });
    test('a query', async () => {
      const data = await client().request<{ viewer: { id: string } }>(viewer);
      assert.equal(data.viewer.id, owner.viewer.id);
    });
    test('an error is a ClientError with our code and status', async () => {
      await assert.rejects(client().request(unknown), (error) => {
        assert.ok(error instanceof ClientError);
        assert.equal(error.response.errors?.[0]?.extensions['code'], 'GRAPHQL_VALIDATION_FAILED');
        return true;
      });
    });
  });

  test('graphql-sse: a query, an error, a stream', async () => {
    const client = createSseClient({ url: graphqlUrl, headers: { authorization } });
    const asked = client.iterate({ query: viewer });
    assert.equal(viewerIdIn(await asked.next()), owner.viewer.id);
    await asked.return?.();
    const refused = client.iterate({ query: unknown });
    assert.match(JSON.stringify((await refused.next()).value), /GRAPHQL_VALIDATION_FAILED/);
    await refused.return?.();
    await watchAReply((variables, next, failed) =>
      client.subscribe<Turns>(
        { query: turns, variables },
        { next: ({ data }) => data && next(data), error: failed, complete: () => {} },
      ),
    );
    client.dispose();
  });

  test('graphql-ws: a query, an error, a stream', async () => {
    const client = wsClient();
    const asked = client.iterate({ query: viewer });
    assert.equal(viewerIdIn(await asked.next()), owner.viewer.id);
    await assert.rejects(client.iterate({ query: unknown }).next(), (errors) => {
      assert.match(JSON.stringify(errors), /GRAPHQL_VALIDATION_FAILED/);
      return true;
    });
    await watchAReply((variables, next, failed) =>
      client.subscribe<Turns>(
        { query: turns, variables },
        { next: ({ data }) => data && next(data), error: failed, complete: () => {} },
      ),
    );
    await client.dispose();
  });
});

const viewerIdIn = ({ value }: IteratorResult<{ data?: Record<string, unknown> | null | undefined }>): unknown =>
  (value?.data?.['viewer'] as { id: string } | undefined)?.id;

type Selection = { readonly name: string; readonly type?: string; readonly fields?: readonly Selection[] };

const viewerFields: Selection[] = [
  {
    name: 'viewer',
    type: 'Viewer',
    fields: [
      { name: 'id' },
      { name: 'organization', type: 'Organization', fields: [{ name: 'id' }, { name: 'name' }] },
    ],
  },
];
const turnsFields: Selection[] = [
  {
    name: 'conversationTurns',
    type: 'TurnUpdate',
    fields: [
      { name: 'kind' },
      {
        name: 'turn',
        type: 'Turn',
        fields: [
          { name: 'id' },
          { name: 'role' },
          {
            name: 'conversation',
            type: 'Conversation',
            fields: [{ name: 'id' }, { name: 'agent', type: 'Agent', fields: [{ name: 'id' }, { name: 'name' }] }],
          },
        ],
      },
    ],
  },
];

/** What Relay's compiler would make of an operation without fragments. */
const artifact = (
  name: string,
  text: string,
  kind: 'query' | 'subscription',
  fields: readonly Selection[],
  variables: readonly string[] = [],
): never => {
  const argumentDefinitions = variables.map((variable) => ({
    defaultValue: null,
    kind: 'LocalArgument',
    name: variable,
  }));
  const compiled = (selections: readonly Selection[]): unknown[] =>
    selections.map(({ name: field, type, fields: inner }) =>
      inner
        ? {
            alias: null,
            args: null,
            concreteType: type,
            kind: 'LinkedField',
            name: field,
            plural: false,
            selections: compiled(inner),
            storageKey: null,
          }
        : { alias: null, args: null, kind: 'ScalarField', name: field, storageKey: null },
    );
  const selections = compiled(fields);
  const rootType = kind === 'query' ? 'Query' : 'Subscription';
  return {
    kind: 'Request',
    fragment: {
      argumentDefinitions,
      kind: 'Fragment',
      metadata: null,
      name,
      selections,
      type: rootType,
      abstractKey: null,
    },
    operation: { argumentDefinitions, kind: 'Operation', name, selections },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind: kind, text },
  } as never;
};
