/**
 * Composes the subgraphs named in supergraph.yaml into supergraph.graphql (for the gateway) and client/schema.graphql
 * (the public schema, for whoever builds on it). `--check` writes nothing and fails if either file is out of date.
 * `--config <file>` reads another supergraph.yaml; its paths are relative to it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { type GraphQLError, lexicographicSortSchema, parse, printSchema } from 'graphql';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { readAccessRules } from '../gateway/access/accessRules.ts';

const manifestShape = z.object({
  federation_version: z.string(),
  subgraphs: z.record(z.string(), z.object({ routing_url: z.url(), schema: z.object({ file: z.string() }) })),
});
type Service = { name: string; url: string; typeDefs: ReturnType<typeof parse> };

const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const readServices = async (config: string): Promise<Service[]> => {
  const manifest = manifestShape.safeParse(parseYaml(await readFile(config, 'utf8')));
  if (!manifest.success) return fail(`${config}\n${z.prettifyError(manifest.error)}`);
  return Promise.all(
    Object.entries(manifest.data.subgraphs).map(async ([name, { routing_url: url, schema }]) => {
      const file = resolve(dirname(config), schema.file);
      const text = await readFile(file, 'utf8').catch(() => fail(`${name}: there is no ${schema.file}`));
      try {
        return { name, url, typeDefs: parse(text) };
      } catch (error) {
        return fail(`${name}: ${schema.file} does not parse\n  ${String(error).replaceAll('\n', '\n  ')}`);
      }
    }),
  );
};

const describe = (error: GraphQLError): string => {
  const places = (error.nodes ?? []).flatMap((node) =>
    node.loc ? [`line ${node.loc.startToken.line}${'subgraph' in node ? ` of ${String(node.subgraph)}` : ''}`] : [],
  );
  const code = error.extensions['code'];
  return `  ${typeof code === 'string' ? `${code}: ` : ''}${error.message}${places.length > 0 ? ` (${places.join(', ')})` : ''}`;
};

/** The composed supergraph and its public schema, as the files hold them. */
const compose = (services: Service[]): { supergraph: string; publicSchema: string } => {
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined)
    return fail(`The subgraphs do not compose:\n${(errors ?? []).map(describe).join('\n')}`);
  const { sdl } = readAccessRules(supergraphSdl);
  const publicSchema = Supergraph.build(sdl).apiSchema().toGraphQLJSSchema();
  return {
    supergraph: `${supergraphSdl.trimEnd()}\n`,
    publicSchema: `${printSchema(lexicographicSortSchema(publicSchema))}\n`,
  };
};

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, config: { type: 'string', default: 'supergraph.yaml' } },
});
const root = dirname(resolve(values.config));
const composed = compose(await readServices(resolve(values.config)));
const files = [
  { path: 'supergraph.graphql', text: composed.supergraph },
  { path: join('client', 'schema.graphql'), text: composed.publicSchema },
];
for (const { path, text } of files) {
  const file = join(root, path);
  const current = await readFile(file, 'utf8').catch(() => '');
  if (current === text) continue;
  if (values.check) {
    const [was, is] = [current.split('\n'), text.split('\n')];
    const line = is.findIndex((content, index) => content !== was[index]);
    fail(
      `${path} is out of date, first at line ${line + 1}:\n- ${was[line] ?? ''}\n+ ${is[line] ?? ''}\nRun npm run compose and commit the result.`,
    );
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  console.log(`wrote ${path}`);
}
