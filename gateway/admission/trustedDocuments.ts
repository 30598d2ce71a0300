import { createHash } from 'node:crypto';
import { GraphQLError, Kind, parse } from 'graphql';
import type { Engine } from '../execution/engine.ts';
import { isObject } from '../execution/ownKeys.ts';

/** sha256 of a document, lower-case hex → its text. */
export type Manifest = ReadonlyMap<string, string>;

/** The documents of a client that is trusted, whoever calls. Replaced as a whole: a request sees one list or the other (J06). */
export type TrustedDocuments = {
  bodyOf(hash: string): string | undefined;
  /** Of a document with one operation, its name. */
  nameOf(hash: string): string | undefined;
  bodies(): Iterable<string>;
  replace(manifest: Manifest): void;
};

export const createTrustedDocuments = (first: Manifest): TrustedDocuments => {
  let bodies = first;
  let names = namesOf(first);
  return {
    bodyOf: (hash) => bodies.get(hash),
    nameOf: (hash) => names.get(hash),
    bodies: () => bodies.values(),
    replace: (manifest) => {
      names = namesOf(manifest);
      bodies = manifest;
    },
  };
};

/**
 * A manifest as GraphQL Code Generator writes it (`{ "sha256:…": "query …" }`), or Apollo's
 * (`format: apollo-persisted-query-manifest`). @throws Error that says which document is not what it says
 */
export const readManifest = (text: string): Manifest => {
  const manifest = new Map<string, string>();
  for (const [id, body] of entriesOf(parsed(text))) {
    const hash = id.replace(/^sha256:/, '');
    if (typeof body !== 'string') throw new Error(`document ${id} has no text`);
    if (createHash('sha256').update(body).digest('hex') !== hash)
      throw new Error(`document ${id} is not named by the sha256 of its text`);
    parse(body, { noLocation: true });
    manifest.set(hash, body);
  }
  return manifest;
};

/** What does not fit the schema that is served: those who send it are told so, and whoever runs the gateway. */
export const unfitDocuments = (
  { bodies, nameOf }: TrustedDocuments,
  { documents }: Engine,
): { readonly name: string | undefined; readonly hash: string; readonly reason: string }[] =>
  [...bodies()].flatMap((body) => {
    const hash = createHash('sha256').update(body).digest('hex');
    const prepared = documents.byHash(hash) ?? documents.prepare(body);
    if (!(prepared instanceof GraphQLError)) return [];
    return [{ name: nameOf(hash), hash, reason: prepared.message }];
  });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is not valid JSON');
  }
};

const entriesOf = (value: unknown): [string, unknown][] => {
  if (!isObject(value)) throw new Error('a manifest is a JSON object');
  if (value['format'] === undefined) return Object.entries(value);
  if (value['format'] !== 'apollo-persisted-query-manifest' || !Array.isArray(value['operations']))
    throw new Error('a manifest of an unknown format');
  return value['operations'].map((operation: unknown): [string, unknown] =>
    isObject(operation) ? [String(operation['id']), operation['body']] : ['', undefined],
  );
};

const namesOf = (manifest: Manifest): Map<string, string> => {
  const names = new Map<string, string>();
  for (const [hash, body] of manifest) {
    const [only, ...others] = parse(body, { noLocation: true }).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
    );
    if (only !== undefined && others.length === 0) names.set(hash, only);
  }
  return names;
};
