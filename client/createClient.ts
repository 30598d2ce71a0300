import { type Backoff, defaultBackoff } from './backoff.ts';
import { type DocumentMode, payloadOf, type TypedDocument } from './document.ts';
import { type GraphqlError, GraphqlFailure, isUnauthenticated } from './errors.ts';
import * as gql from './gql/graphql.ts';
import { createLink, type LinkState } from './link.ts';
import { postOperation } from './postOperation.ts';
import { type Credentials, createSession, type IssuedTokens, type Session, type Tokens } from './session.ts';
import { type LiveOptions, subscribeResumably } from './subscribeResumably.ts';

export type ClientOptions = {
  /** Of the GraphQL endpoint; in a page it may be relative. */
  readonly url: string;
  /** Instead of a session: an API key or a visitor token, or null for none. Asked before each request and connection. */
  readonly getToken?: () => string | null | Promise<string | null>;
  /** A session to go on with, as `onTokens` gave it. */
  readonly tokens?: Tokens | null;
  /** Keep them (and forget them at null): the session was signed into, renewed or ended. */
  readonly onTokens?: (tokens: Tokens | null) => void;
  /** How documents are named; `hash` falls back to the text where the server does not know the hash. */
  readonly persisted?: DocumentMode;
  readonly fetch?: typeof fetch;
  readonly webSocketImpl?: unknown;
  readonly webSocketUrl?: string;
  readonly timeoutMs?: number;
  readonly backoff?: Backoff;
  readonly pingMs?: number;
  readonly pongMs?: number;
};

export type ExecuteOptions = {
  readonly signal?: AbortSignal;
  readonly onPartial?: (errors: readonly GraphqlError[]) => void;
};

export type Client = ReturnType<typeof createClient>;

type StreamOptions = { readonly conversationId: string; readonly after?: string | null; readonly signal?: AbortSignal };

export const createClient = (options: ClientOptions) => {
  const { timeoutMs = 30_000, backoff = defaultBackoff, persisted = 'hash' } = options;
  const request = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));
  const base = typeof location === 'undefined' ? undefined : location.href;
  const url = new URL(options.url, base).href;
  /** Hashes this server does not know. */
  const unknown = new Set<string>();

  const post = async <Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    token: string | null,
    { signal, onPartial }: ExecuteOptions,
  ): Promise<Data> => {
    const hash = document.__meta__?.hash;
    const by = (mode: DocumentMode): Promise<unknown> =>
      postOperation(payloadOf(document, variables, mode), { url, fetch: request, token, timeoutMs, signal, onPartial });
    if (persisted === 'text' || hash === undefined || unknown.has(hash)) return (await by('text')) as Data;
    try {
      return (await by('hash')) as Data;
    } catch (error) {
      if (!(error instanceof GraphqlFailure) || error.code !== 'PERSISTED_QUERY_NOT_FOUND') throw error;
      // A newer or older release than this client's, say.
      unknown.add(hash);
      return (await by('text')) as Data;
    }
  };

  const refresh = async (refreshToken: string): Promise<IssuedTokens | null> => {
    const { refreshSession } = await post(gql.RefreshSessionDocument, { input: { refreshToken } }, null, {});
    if (refreshSession === null) throw new GraphqlFailure([]);
    return refreshSession.__typename === 'Refusal' ? null : refreshSession;
  };
  const session: Session = createSession({
    tokens: options.tokens ?? null,
    refresh,
    onTokens: (tokens) => options.onTokens?.(tokens),
  });
  const { getToken } = options;
  const credentials: Credentials = getToken ? { bearer: async () => getToken(), renewableAt: () => null } : session;

  /** One query or mutation. An expected "no" comes as a Refusal in the data. @throws GraphqlFailure | NetworkFailure */
  const execute = async <Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    executeOptions: ExecuteOptions = {},
  ): Promise<Data> => {
    const token = await credentials.bearer();
    try {
      return await post(document, variables, token, executeOptions);
    } catch (error) {
      if (token === null || !isUnauthenticated(error)) throw error;
      const renewed = await credentials.bearer(token);
      if (renewed === null || renewed === token) throw error;
      return post(document, variables, renewed, executeOptions);
    }
  };

  const link = createLink({
    url: options.webSocketUrl ?? url.replace(/^http/, 'ws'),
    webSocketImpl: options.webSocketImpl,
    credentials,
    backoff,
    pingMs: options.pingMs ?? 10_000,
    pongMs: options.pongMs ?? 5000,
    openMs: 10_000,
    lingerMs: 1000,
  });

  let ending = new AbortController();
  const close = (): void => {
    ending.abort();
    ending = new AbortController();
    link.close();
  };

  /** A live operation as an iteration that outlives its connections. */
  const subscribe = <Data, Variables extends object & { after?: string | null | undefined }>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    live: LiveOptions<Data> = {},
  ): AsyncGenerator<Data, void, undefined> => {
    const payload = (after: string | null) => {
      const hash = document.__meta__?.hash;
      const mode = hash !== undefined && unknown.has(hash) ? 'text' : persisted;
      return payloadOf(document, after === null ? variables : { ...variables, after }, mode);
    };
    const signal = live.signal ? AbortSignal.any([live.signal, ending.signal]) : ending.signal;
    return subscribeResumably(link, payload, variables.after ?? null, { ...live, signal, backoff });
  };

  return {
    execute,
    subscribe,

    /** Signs in and keeps the session. */
    signIn: async (input: gql.SignInInput) => {
      const { signIn } = await post(gql.SignInDocument, { input }, null, {});
      if (signIn?.__typename === 'SignInSuccess') session.adopt(signIn);
      return signIn;
    },
    /** Founds an organization and keeps the session. */
    signUp: async (input: gql.SignUpInput) => {
      const { signUp } = await post(gql.SignUpDocument, { input }, null, {});
      if (signUp?.__typename === 'SignUpSuccess') session.adopt(signUp);
      return signUp;
    },
    /** Ends the session, here at once and on the server as soon as it can be reached. */
    signOut: async (): Promise<void> => {
      const token = session.tokens()?.accessToken ?? null;
      session.end();
      close();
      if (token !== null) await post(gql.SignOutDocument, {}, token, {}).catch(() => {});
    },
    get isSignedIn(): boolean {
      return session.tokens() !== null;
    },

    /** Every change of every turn, in order, each once. Feed it to `applyTurnUpdate`. */
    async *conversationTurns({ conversationId, after = null, signal }: StreamOptions) {
      const cursorOf = ({ conversationTurns }: gql.ConversationTurnsSubscription) => conversationTurns?.cursor;
      const stream = subscribe(gql.ConversationTurnsDocument, { conversationId, after }, { cursorOf, signal });
      for await (const { conversationTurns } of stream) if (conversationTurns) yield conversationTurns;
    },
    /** The agent's speech as it is made, in order, each piece once. */
    async *audioChunks({ conversationId, after = null, signal }: StreamOptions) {
      const cursorOf = ({ audioChunks }: gql.AudioChunksSubscription) => audioChunks?.cursor;
      const stream = subscribe(gql.AudioChunksDocument, { conversationId, after }, { cursorOf, signal });
      for await (const { audioChunks } of stream) if (audioChunks) yield audioChunks;
    },
    /** Status, phase and outcome: each change, and the present state after each reconnection. */
    async *conversationUpdated({ conversationId, signal }: Omit<StreamOptions, 'after'>) {
      const catchUp = async () => {
        const { conversation } = await execute(gql.ConversationStateDocument, { id: conversationId });
        return { conversationUpdated: conversation };
      };
      const stream = subscribe(gql.ConversationUpdatedDocument, { conversationId }, { catchUp, signal });
      for await (const { conversationUpdated } of stream) if (conversationUpdated) yield conversationUpdated;
    },

    /** Of the live connection. */
    get connectionState(): LinkState {
      return link.state;
    },
    onConnectionState: link.onState,
    /** Ends every live operation. */
    close,
  };
};
