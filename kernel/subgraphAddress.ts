/** Where a service listens or is called: over TCP, or a Unix socket on the same host. */
export type SubgraphAddress = {
  /** E.g. `http://10.0.0.5:4101`; of a Unix socket, what its requests name as host. */
  readonly origin: string;
  /** Of the GraphQL endpoint. */
  readonly path: string;
  readonly socketPath: string | null;
  /** The GraphQL endpoint's as `ws` takes it. */
  readonly socketUrl: string;
};

/**
 * `http://host:port/path`, `https://…` or `unix:/absolute/path.sock`. A path that is left out is `/graphql`. Throws an
 * Error that says what is expected.
 */
export const parseSubgraphAddress = (text: string): SubgraphAddress => {
  const socketPath = /^unix:(\/[^:?#]+)$/.exec(text)?.[1];
  if (socketPath !== undefined) {
    // sun_path, unix(7)
    if (Buffer.byteLength(socketPath) > 107) throw new Error('a Unix socket’s path has at most 107 bytes');
    return {
      origin: 'http://localhost',
      path: '/graphql',
      socketPath,
      socketUrl: `ws+unix:${socketPath}:/graphql`,
    };
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '' || url.username !== '')
    throw new Error('expected http://host:port, https://… or unix:/path');
  const path = url.pathname === '/' && url.search === '' ? '/graphql' : `${url.pathname}${url.search}`;
  return {
    origin: url.origin,
    path,
    socketPath: null,
    socketUrl: `${url.origin.replace(/^http/, 'ws')}${path}`,
  };
};

/** Addresses of one subgraph's replicas, separated by commas. Throws as `parseSubgraphAddress`. */
export const parseSubgraphAddresses = (text: string): SubgraphAddress[] =>
  text.split(/\s*,\s*/).map((one) => parseSubgraphAddress(one.trim()));
