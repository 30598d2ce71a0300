import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = path.join(here, '..');

test('the built package runs, and is typed, where it is installed', { timeout: 60_000 }, async () => {
  const bin = path.join(root, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH']}` };
  execFileSync(process.execPath, ['buildPackage.ts'], { cwd: here, env });
  const project = await mkdtemp(path.join(tmpdir(), 'parley-client-'));
  try {
    // As npm would lay it out: our package a plain folder, its dependencies beside it.
    const modules = path.join(project, 'node_modules');
    await mkdir(path.join(modules, '@parley'), { recursive: true });
    execFileSync('cp', ['-r', path.join(here, 'dist'), path.join(modules, '@parley/client')]);
    for (const name of ['graphql-ws', 'graphql', '@graphql-typed-document-node'])
      await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
    const code = `import { createClient, ViewerDocument } from '@parley/client';
const client = createClient({ url: 'http://127.0.0.1:9/graphql' });
const wrong = async () => (await client.execute(ViewerDocument, {})).viewer?.nothing;
console.log(typeof client.execute, String(ViewerDocument).includes('viewer'), typeof wrong);
`;
    await writeFile(path.join(project, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(project, 'use.ts'), code);
    assert.equal(
      execFileSync(process.execPath, ['use.ts'], { cwd: project, encoding: 'utf8' }),
      'function true function\n',
    );
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,dom',
      '--types',
      '',
      'use.ts',
    ];
    assert.throws(
      () => execFileSync('tsc', options, { cwd: project, env, encoding: 'utf8' }),
      (error: { stdout?: string }) => {
        const found = (error.stdout ?? '').trim().split('\n');
        assert.equal(found.length, 1, error.stdout);
        return /use\.ts.*'nothing' does not exist/.test(found[0] ?? '');
      },
    );
  } finally {
    await rm(project, { recursive: true, force: true });
  }
});
