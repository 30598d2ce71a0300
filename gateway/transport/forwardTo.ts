import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { CallFailure, isLeaving, toCallFailure } from '@parley/kernel/callFailure';
import { createReplicas } from '@parley/kernel/replicas';
import { parseSubgraphAddresses } from '@parley/kernel/subgraphAddress';
import { Pool } from 'undici';

/** What a download may say and be told; nothing else passes, neither credentials there nor names of ours back. */
const passedOn = ['range', 'if-range', 'if-none-match', 'accept', 'origin', 'access-control-request-method'] as const;
const told = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'etag',
  'cache-control',
  'last-modified',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'cross-origin-resource-policy',
  'allow',
] as const;
const waitMs = 10_000;

/** Serves a path of ours from the service it lives in, as it streams; links that check themselves need no proof. */
export const forwardTo = (url: string) => {
  const { all, ask } = createReplicas(
    parseSubgraphAddresses(url).map(
      ({ origin, socketPath }) =>
        new Pool(origin, {
          connections: 64,
          connect: { timeout: 2000, ...(socketPath === null ? {} : { socketPath }) },
          headersTimeout: waitMs,
          bodyTimeout: waitMs,
        }),
    ),
  );
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET' } = request;
    if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const headers: Record<string, string> = {};
    for (const name of passedOn) if (typeof request.headers[name] === 'string') headers[name] = request.headers[name];
    try {
      const asked = { method, path: request.url ?? '/', headers, signal: gone.signal };
      const answer = await ask(
        async (pool) => {
          const answered = await pool.request(asked).catch((error: unknown) => {
            throw toCallFailure(error, gone.signal);
          });
          if (!isLeaving(answered.statusCode, answered.headers)) return answered;
          await answered.body.dump();
          throw new CallFailure('UNREACHABLE', 'it is about to stop');
        },
        { isRepeatable: true, signal: gone.signal },
      );
      for (const name of told) if (answer.headers[name] !== undefined) response.setHeader(name, answer.headers[name]);
      response.writeHead(answer.statusCode);
      await pipeline(answer.body, response);
    } catch {
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(503, { 'content-length': 0, 'retry-after': '1' }).end();
    }
  };
  return { handle, close: () => Promise.all(all.map((pool) => pool.destroy())) };
};
