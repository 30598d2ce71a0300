import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildSchema, type GraphQLSchema } from 'graphql';

const fileOf = (name: string) => readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

/** Its own; a platform that runs watches it. */
export const supergraphFile = fileURLToPath(new URL('supergraph.graphql', import.meta.url));

/** Its own client's documents; a gateway that runs watches them. */
export const trustedDocumentsFile = fileURLToPath(new URL('client/persisted-documents.json', import.meta.url));

/** Where supergraph.yaml says that subgraphs are, as composition wrote it down. */
export const readRoutingUrls = async (): Promise<ReadonlyMap<string, string>> => {
  const sdl = await readFile(supergraphFile, 'utf8');
  const graphs = sdl.matchAll(/@join__graph\(name: "([^"]+)", url: "([^"]+)"\)/g);
  return new Map([...graphs].map(([, name = '', url = '']) => [name, url]));
};

/** The platform's own schemas and its client's documents, as committed. */
export const readSchemas = async () => {
  const sdl = await fileOf('client/schema.graphql');
  let built: GraphQLSchema | undefined;
  return {
    publicSchema: () => (built ??= buildSchema(sdl)),
    supergraphSdl: await readFile(supergraphFile, 'utf8'),
    trustedDocuments: await readFile(trustedDocumentsFile, 'utf8'),
  };
};
