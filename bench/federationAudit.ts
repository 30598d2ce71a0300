/**
 * Runs every case of the public federation audit (github.com/graphql-hive/federation-gateway-audit, not part of this
 * repository) against our gateway over HTTP, its subgraphs in this process. Give it a checkout with installed
 * dependencies: `npm run audit:federation -- ../federation-gateway-audit [suite]`. Exits 1 when a case fails.
 */
import { deepStrictEqual } from 'node:assert';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { anonymous } from '../gateway/access/authenticate.ts';
import { gatewayConfig } from '../gateway/config.ts';
import { silentLog } from '../gateway/log.ts';
import { startGateway } from '../gateway/server.ts';
import type { Subgraph, SubgraphRequest, SubgraphResult } from '../kernel/subgraph.ts';

type Handler = (request: Request & { parsedUrl: URL }) => Response | Promise<Response>;
type Route = { readonly method: string; readonly path: string; readonly handler: Handler };
type Suite = { readonly id: string; createRoutes(router: { route(route: Route): void }): void };
type Case = { readonly query: string; readonly expected: { readonly data?: unknown; readonly errors?: boolean } };

const origin = 'http://audit.invalid';
const [checkout, only] = process.argv.slice(2);
if (!checkout || !existsSync(join(checkout, 'src/test-suites')))
  throw new Error('usage: npm run audit:federation -- <checkout of federation-gateway-audit> [suite]');

// Its sources import each other as the .js files they would be compiled to.
registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || !context.parentURL) return next(specifier, context);
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    return next(existsSync(fileURLToPath(source)) ? source.href : specifier, context);
  },
});

const routesOf = (suite: Suite): ReadonlyMap<string, Handler> => {
  const routes = new Map<string, Handler>();
  suite.createRoutes({ route: ({ method, path, handler }) => void routes.set(`${method} ${path}`, handler) });
  return routes;
};

const call = async (routes: ReadonlyMap<string, Handler>, path: string, body?: unknown): Promise<Response> => {
  const method = body === undefined ? 'GET' : 'POST';
  const handler = routes.get(`${method} ${path}`);
  if (!handler) throw new Error(`the audit has no ${method} ${path}`);
  const url = new URL(path, origin);
  const request = new Request(url, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return handler(Object.assign(request, { parsedUrl: url }));
};

const subgraphOf = (routes: ReadonlyMap<string, Handler>, id: string, name: string): Subgraph => ({
  name,
  execute: async ({ query, operationName, variables }: SubgraphRequest) => {
    const response = await call(routes, `/${id}/${name}`, { query, operationName, variables });
    return (await response.json()) as SubgraphResult;
  },
  subscribe: () => Promise.reject(new Error('the audit has no subscriptions')),
});

/** One character a case, as the audit itself reports them. */
const runSuite = async (suite: Suite): Promise<{ marks: string; details: readonly string[] }> => {
  const { id } = suite;
  const routes = routesOf(suite);
  const supergraphSdl = await (await call(routes, `/${id}/supergraph`)).text();
  const cases = (await (await call(routes, `/${id}/tests`)).json()) as Case[];
  const named = (await (await call(routes, `/${id}/subgraphs`)).json()) as { name: string }[];
  const gateway = await startGateway({
    config: gatewayConfig({ PORT: '0' }),
    supergraphSdl,
    subgraphs: Object.fromEntries(named.map(({ name }) => [name, subgraphOf(routes, id, name)])),
    log: silentLog,
    authenticate: async () => anonymous,
  });
  const details: string[] = [];
  let marks = '';
  for (const { query, expected } of cases) {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query }),
    });
    const answer = (await response.json()) as { data?: unknown; errors?: unknown[] };
    try {
      deepStrictEqual(answer.data ?? null, expected.data ?? null);
      if (expected.errors !== undefined) deepStrictEqual(Boolean(answer.errors?.length), expected.errors);
      marks += '.';
    } catch (error) {
      marks += 'X';
      details.push(`${query}\n${(error as Error).message}\n${JSON.stringify(answer)}`);
    }
  }
  await gateway.close();
  return { marks, details };
};

const folder = resolve(checkout, 'src/test-suites');
const names = (await readdir(folder)).filter((name) => only === undefined || name === only).toSorted();
let [passed, failed] = [0, 0];
for (const name of names) {
  const { default: suite } = (await import(pathToFileURL(join(folder, name, 'index.ts')).href)) as { default: Suite };
  const { marks, details } = await runSuite(suite);
  passed += marks.replaceAll('X', '').length;
  failed += marks.replaceAll('.', '').length;
  console.log(`${name.padEnd(40)} ${marks}`);
  for (const detail of details) console.log(detail);
}
console.log(`${passed} of ${passed + failed} cases pass in ${names.length} suites`);
process.exitCode = failed > 0 ? 1 : 0;
