// Trains the intent models the built-in reply engine loads and writes them to ../models.
import { writeFileSync } from 'node:fs';
import { trainModel } from './trainModel.ts';

for (const language of ['en', 'es'] as const) {
  const bytes = trainModel(language);
  writeFileSync(new URL(`../models/${language}.bin`, import.meta.url), bytes);
  console.log(`models/${language}.bin ${bytes.length} bytes`);
}
