/** Prints each subgraph's SDL to `subgraphs/<name>/schema.graphql`; with `--check` only compares, and exits 1 on a difference. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { printSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';

const check = process.argv.includes('--check');
for (const name of ['auth', 'voice', 'sales', 'analytics', 'agent']) {
  const folder = fileURLToPath(new URL(`../subgraphs/${name}`, import.meta.url));
  if (!existsSync(`${folder}/schema/index.ts`)) continue;
  const { schema } = (await import(`${folder}/schema/index.ts`)) as { schema: GraphQLSchema };
  const sdl = `${printSubgraphSchema(schema)}\n`;
  const file = `${folder}/schema.graphql`;
  if (!check) await writeFile(file, sdl);
  else if ((await readFile(file, 'utf8').catch(() => '')) !== sdl) {
    console.error(`subgraphs/${name}/schema.graphql is not what the code says; run npm run generate`);
    process.exitCode = 1;
  }
}
