import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusal } from '../errors.ts';
import { pathOf } from './responses.ts';

/** Serves GraphiQL where its page or files are asked for; false where the request is about something else. */
export type Graphiql = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const folder = '/graphiql';
// Monaco, its editor, writes styles into the page and carries its icons along.
const policy =
  "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Parley · GraphiQL</title>
    <link rel="icon" href="/favicon.svg">
    <link rel="stylesheet" href="${folder}/app.css">
    <script defer src="${folder}/start.js"></script>
    <script defer src="${folder}/app.js"></script>
  </head>
  <body class="no-focus-outline"><noscript>GraphiQL needs JavaScript.</noscript><div id="root"></div></body>
</html>
`;

/** Runs before the application: where its workers are, and what to show. Headers go with every request and stream. */
const start = `self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => '${folder}/' + label + '.js' };
addEventListener('DOMContentLoaded', () =>
  YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    title: 'Parley',
    endpoint: '/graphql',
    subscriptionsEndpoint: '/graphql',
    subscriptionsProtocol: 'GRAPHQL_SSE',
    shouldPersistHeaders: false,
    defaultQuery: '# After signUp or signIn, under Headers:\\n# { "authorization": "Bearer <accessToken>" }\\n{\\n  __typename\\n}\\n',
  }),
);
`;

/** GraphiQL from files of our own, for development: at `/graphiql`, and for a browser that opens `/graphql` itself. */
export const createGraphiql = (): Graphiql => {
  let files: Promise<Readonly<Record<string, string>>> | null = null;
  return async (request, response) => {
    const path = pathOf(request);
    const isPage = path === folder || (path === '/graphql' && isNavigation(request));
    if (request.method !== 'GET' || (!isPage && !path.startsWith(`${folder}/`))) return false;
    response.setHeader('content-security-policy', policy);
    if (isPage) {
      response.appendHeader('vary', 'accept').setHeader('cache-control', 'no-store');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
      return true;
    }
    files ??= loadFiles();
    const name = path.slice(folder.length + 1);
    const loaded = await files;
    const text = Object.hasOwn(loaded, name) ? loaded[name] : undefined;
    if (text === undefined) return false;
    const type = name.endsWith('.css') ? 'text/css' : 'text/javascript';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'max-age=3600' }).end(text);
    return true;
  };
};

const isNavigation = ({ headers: { accept = '' } }: IncomingMessage): boolean => accept.includes('text/html');

/** Read when first wanted: nine megabytes. */
const loadFiles = async (): Promise<Readonly<Record<string, string>>> => {
  try {
    const { css, editorWorkerService, graphqlWorker, js, jsonWorker } = await import(
      '@graphql-yoga/render-graphiql/graphiql'
    );
    return {
      'start.js': start,
      'app.js': js,
      'app.css': css,
      'editorWorkerService.js': editorWorkerService,
      'json.js': jsonWorker,
      'graphql.js': graphqlWorker,
    };
  } catch {
    throw refusal('NOT_FOUND', 'GraphiQL is not installed here: install the development dependencies.', 404);
  }
};
