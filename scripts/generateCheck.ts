/**
 * `npm run generate:check`: what is generated and committed is what the code says (SDL, supergraph, public schema, typed
 * documents, migrations); the public schema still has all of docs/core.graphql and breaks nothing of the last commit on
 * main; federation's libraries and graphql are installed once. Exit code 1 otherwise. It changes no file.
 */
import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from '@graphql-codegen/cli';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import codegen from '../codegen.ts';
import { missingFrom } from './coreSchema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const read = (file: string) => readFile(path.join(root, file), 'utf8');
const publicSchemaFile = 'client/schema.graphql';

/** What is wrong, one line each. `note` is printed as well, and is no complaint. */
type Check = (note: (text: string) => void) => Promise<readonly string[]>;

const script =
  (...args: string[]): Check =>
  () =>
    run(process.execPath, args, { cwd: root }).then(
      () => [],
      (error: { stdout: string; stderr: string }) => [`${error.stdout}${error.stderr}`.trim()],
    );

/** Generated code is compared as our formatter leaves it. */
const formatted = async (file: string, content: string): Promise<string> => {
  if (!file.endsWith('.ts')) return content;
  const child = run(`${root}node_modules/.bin/biome`, ['check', '--write', `--stdin-file-path=${file}`], { cwd: root });
  child.child.stdin?.end(content);
  return (await child).stdout;
};

const typedDocuments: Check = async () => {
  const files = await generate({ ...codegen, cwd: root, silent: true, errorsOnly: true }, false);
  const wrong: string[] = [];
  for (const { filename, content } of files as { filename: string; content: string }[]) {
    const file = path.relative(root, path.resolve(root, filename));
    const committed = await read(file).catch(() => '');
    if (committed !== content && committed !== (await formatted(file, content)))
      wrong.push(`${file} is not what the operations say; run npm run generate`);
  }
  return files.length === 0 ? ['codegen wrote nothing'] : wrong;
};

const coreSchema: Check = async () =>
  missingFrom(buildSchema(await read('docs/core.graphql')), buildSchema(await read(publicSchemaFile)));

const git = async (...args: string[]): Promise<string | null> =>
  run('git', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
/** The last commit on main that is not the one being checked. */
const baseCommit = async (): Promise<string | null> => {
  const head = await git('rev-parse', 'HEAD');
  for (const name of ['origin/main', 'main']) {
    const commit = await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
    if (commit !== null && commit !== head) return commit;
  }
  return git('rev-parse', '--verify', '--quiet', 'HEAD~1^{commit}');
};

const breakingChanges: Check = async (note) => {
  const base = await baseCommit();
  if (base === null) {
    if ((await git('rev-parse', '--is-shallow-repository')) === 'true')
      return ['the clone has no commit to compare with: fetch at least two'];
    note('this is the first commit: nothing to break');
    return [];
  }
  const before = await git('show', `${base}:${publicSchemaFile}`);
  if (before === null) {
    note(`${base.slice(0, 8)} had no ${publicSchemaFile}: nothing to break`);
    return [];
  }
  const changes = await diff(buildSchema(before), buildSchema(await read(publicSchemaFile)));
  note(`${changes.length} changes since ${base.slice(0, 8)}`);
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message }) => `breaks clients of ${base.slice(0, 8)}: ${message}`);
};

/** Two copies of these fail at run time with odd errors (C25), or as "another realm". */
const single = ['graphql', '@apollo/federation-internals'];
const copies: Check = async () =>
  single.flatMap((name) => {
    const found = globSync([`node_modules/${name}/package.json`, `**/node_modules/${name}/package.json`], {
      cwd: root,
    });
    const folders = [...new Set(found.map((file) => path.dirname(file)))];
    return folders.length === 1
      ? []
      : [`${name} must be installed once: ${folders.join(', ') || 'it is not installed'}`];
  });

const checks: Record<string, Check> = {
  'SDL of the subgraphs': script('scripts/printSchemas.ts', '--check'),
  'supergraph and public schema': script('scripts/compose.ts', '--check'),
  'typed documents': typedDocuments,
  'the core of the public schema': coreSchema,
  'breaking changes': breakingChanges,
  'one copy of each': copies,
  migrations: script('scripts/migrations.ts', 'check'),
};
if (!existsSync(path.join(root, 'docs/core.graphql'))) throw new Error('docs/core.graphql is missing');
for (const [name, check] of Object.entries(checks)) {
  const notes: string[] = [];
  const wrong = await check((text) => notes.push(text));
  console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`);
  for (const line of wrong) console.error(`     ${line.replaceAll('\n', '\n     ')}`);
  if (wrong.length > 0) process.exitCode = 1;
}
