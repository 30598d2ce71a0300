import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Subgraph } from '@parley/kernel/subgraph';

/** The keys our access tokens are verified with (RFC 7517). */
export const sendKeys = async (auth: Subgraph, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const { data } = await auth.execute({ query: '{ signingKeys { jwk } }', actor: null, requestId: 'jwks' });
  const keys = ((data as { signingKeys: { jwk: string }[] | null } | null)?.signingKeys ?? []).map(
    ({ jwk }) => JSON.parse(jwk) as object,
  );
  response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' });
  response.end(JSON.stringify({ keys }));
};
