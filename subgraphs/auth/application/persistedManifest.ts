import { operationRules } from '@parley/kernel/operationRules';
import { type DocumentNode, type GraphQLError, type GraphQLSchema, Kind, parse, validate } from 'graphql';
import type { Check } from '../domain/input.ts';
import { nameProblem } from '../domain/name.ts';

export type ManifestEntry = { readonly name: string; readonly body: string };

const maxEntries = 1000;
const maxBodyBytes = 100_000;
const maxManifestBytes = 5_000_000;
// Far more than 100 kB of honest GraphQL; what is dense beyond that is made to keep a validator busy.
const maxTokens = 20_000;
const firstErrors = 3;

const firstIndexes = (values: readonly string[]): Map<string, number> => {
  const found = new Map<string, number>();
  for (const [index, value] of values.entries()) if (!found.has(value)) found.set(value, index);
  return found;
};

const parsed = (body: string): DocumentNode | string => {
  try {
    return parse(body, { maxTokens });
  } catch (error) {
    return error instanceof RangeError ? 'is nested too deeply' : (error as Error).message;
  }
};

const validated = (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] | string => {
  try {
    return validate(schema, document, operationRules, { maxErrors: firstErrors, hideSuggestions: true });
  } catch {
    return 'is nested too deeply';
  }
};

/** What keeps a document from being run as `name`; null when nothing does. */
const bodyProblem = (schema: GraphQLSchema, { name, body }: ManifestEntry): string | null => {
  if (Buffer.byteLength(body) > maxBodyBytes) return 'must not be longer than 100,000 bytes';
  if (!body.isWellFormed() || body.includes('\0')) return 'must be valid Unicode without NUL';
  const document = parsed(body);
  if (typeof document === 'string') return document;
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1) return `must hold exactly one operation, not ${operations.length}`;
  const errors = validated(schema, document);
  if (typeof errors === 'string') return errors;
  if (errors.length > 0)
    return errors
      .slice(0, firstErrors)
      .map(({ message }) => message)
      .join(' ');
  const [operation] = operations;
  const called = operation?.kind === Kind.OPERATION_DEFINITION ? operation.name?.value : undefined;
  return called === undefined || called === name
    ? null
    : `holds the operation ${called}: logs and metrics name operations by that, so the document must be named ${called} too`;
};

/**
 * What is wrong with the documents of a manifest, each judged against the public schema. Between two documents other
 * work gets its turn: validating is the one thing here that takes time.
 */
export const manifestProblems = async (schema: GraphQLSchema, manifest: readonly ManifestEntry[]): Promise<Check[]> => {
  if (manifest.length === 0) return [['manifest', 'must hold at least one document']];
  if (manifest.length > maxEntries) return [['manifest', 'must not hold more than 1,000 documents']];
  const bytes = manifest.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  if (bytes > maxManifestBytes) return [['manifest', 'must not hold more than 5 MB together; publish it in parts']];

  const firstNamed = firstIndexes(manifest.map(({ name }) => name));
  const firstWith = firstIndexes(manifest.map(({ body }) => body));
  const checks: Check[] = [];
  for (const [index, entry] of manifest.entries()) {
    const twin = firstNamed.get(entry.name) ?? index;
    const same = firstWith.get(entry.body) ?? index;
    checks.push([
      ['manifest', String(index), 'name'],
      nameProblem(entry.name) ?? (twin < index ? `is the name of document ${twin} already` : null),
    ]);
    checks.push([
      ['manifest', String(index), 'body'],
      same < index ? `is the same text as that of document ${same}` : bodyProblem(schema, entry),
    ]);
    await new Promise(setImmediate);
  }
  return checks;
};
