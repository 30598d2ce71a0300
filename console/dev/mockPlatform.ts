/**
 * A platform of one organization in memory, to work on the page without a database:
 * `node console/dev/mockPlatform.ts [port]`, then `npm run dev -w console` beside it (or open it for the built page).
 */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildSchema,
  type ExecutionResult,
  GraphQLError,
  type GraphQLObjectType,
  graphql,
  parse,
  subscribe,
} from 'graphql';
import { useServer as answerSockets } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createWorld } from './mockWorld.ts';
import { toneWav } from './toneWav.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const policy = "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; style-src 'self'";

export const startMockPlatform = async (port: number) => {
  const schema = buildSchema(await readFile(here('../../client/schema.graphql'), 'utf8'));
  const manifest = JSON.parse(await readFile(here('../../client/persisted-documents.json'), 'utf8')) as Record<
    string,
    string
  >;
  const world = createWorld();
  const { live, ...rootValue } = world;
  for (const [name, field] of Object.entries((schema.getSubscriptionType() as GraphQLObjectType).getFields())) {
    field.subscribe = (_root, { conversationId, after }) => {
      const stream = live[name as keyof typeof live](conversationId, after ?? null);
      if (!stream) throw new GraphQLError('There is no such conversation.', { extensions: { code: 'NOT_FOUND' } });
      return stream;
    };
    field.resolve = (item) => item;
  }
  const textOf = (request: { query?: string | null; documentId?: string }): string =>
    request.query || (manifest[request.documentId ?? ''] ?? '');

  const serveFile = async (url: string, response: ServerResponse): Promise<void> => {
    const audio = /^\/mock-audio\/(\d+)\.wav$/.exec(url);
    if (audio) {
      response.writeHead(200, { 'content-type': 'audio/wav', 'accept-ranges': 'none' }).end(toneWav(Number(audio[1])));
      return;
    }
    const file = path.join(here('../dist'), url === '/' ? 'index.html' : path.normalize(url));
    const type = types[path.extname(file)];
    try {
      response
        .writeHead(200, { 'content-type': type ?? 'text/plain', 'content-security-policy': policy })
        .end(await readFile(file));
    } catch {
      response.writeHead(404).end();
    }
  };

  const http = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (url !== '/graphql') return serveFile(url, response);
    const body = JSON.parse((await request.toArray()).join(''));
    const source = textOf(body);
    const answer: ExecutionResult =
      source === ''
        ? { errors: [new GraphQLError('unknown hash', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })] }
        : await graphql({ schema, source, rootValue, variableValues: body.variables });
    for (const error of answer.errors ?? []) console.error(error.message);
    response.writeHead(200, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(answer));
  });
  const sockets = new WebSocketServer({ server: http, path: '/graphql' });
  answerSockets(
    {
      schema,
      subscribe,
      onSubscribe: (_ctx, _id, payload) => ({
        schema,
        document: parse(textOf(payload)),
        variableValues: payload.variables ?? {},
      }),
    },
    sockets,
  );
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return { http, sockets };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 4000);
  await startMockPlatform(port);
  console.log(`http://127.0.0.1:${port}`);
}
