/** `npm run build -w client`: the package as others install it, in client/dist: JavaScript with its types. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

await rm(`${here}dist`, { recursive: true, force: true });
execFileSync('tsc', ['-p', `${here}tsconfig.build.json`], { stdio: 'inherit' });
for (const file of ['README.md', 'example.ts', 'schema.graphql', 'persisted-documents.json'])
  await cp(`${here}${file}`, `${here}dist/${file}`);
// Node strips types in our own folders, never in node_modules: what is installed is JavaScript.
const {
  scripts: _scripts,
  private: _private,
  exports,
  ...shared
} = JSON.parse(await readFile(`${here}package.json`, 'utf8'));
const manifest = { ...shared, exports: { ...exports, '.': { types: './index.d.ts', default: './index.js' } } };
await writeFile(`${here}dist/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
