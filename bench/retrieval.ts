// Cranfield, nDCG@10 over its 225 queries: node bench/retrieval.ts path/to/cranfield
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createBm25Index } from '../subgraphs/agent/domain/bm25.ts';
import { createReplyEngine, type Passage } from '../subgraphs/agent/domain/replyEngine.ts';

const folder = process.argv[2];
if (!folder) throw new Error('usage: node bench/retrieval.ts path/to/cranfield');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

const index = createBm25Index<number>('en');
const buildStart = performance.now();
for (const record of read('cran.all.1400').split(/^\.I /m).slice(1)) {
  const [head = '', body = ''] = record.split(/^\.W\s*$/m);
  const title = /^\.T\s*\n([\s\S]*?)^\.A/m.exec(head)?.[1] ?? '';
  index.add(Number.parseInt(record, 10), `${title} ${body}`);
}
const buildMs = performance.now() - buildStart;
const queries = read('cran.qry')
  .split(/^\.I /m)
  .slice(1)
  .map((record) => record.split(/^\.W\s*$/m)[1]?.trim() ?? '');

// Codes: 1 (a complete answer) .. 4 (minimum interest), and -1 once per query, which trec_eval counts as not relevant.
type Gains = Map<number, number>[];
const gainsBy = (gain: (code: number) => number): Gains => {
  const gains: Gains = queries.map(() => new Map());
  for (const line of read('cranqrel').trim().split('\n')) {
    const [query, document, code] = line.trim().split(/\s+/).map(Number);
    if (query && document && code !== undefined) gains[query - 1]?.set(document, gain(code));
  }
  return gains;
};
const dcg = (values: readonly number[]) =>
  values.slice(0, 10).reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);

const searchStart = performance.now();
const found = queries.map((query) => index.search(query, 10));
const searchMs = (performance.now() - searchStart) / queries.length;
const mean = (gains: Gains) => {
  const scores = found.map((results, query) => {
    const relevant = gains[query] ?? new Map<number, number>();
    const ideal = dcg([...relevant.values()].sort((x, y) => y - x));
    return ideal > 0 ? dcg(results.map(({ passage }) => relevant.get(passage) ?? 0)) / ideal : 0;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
};

console.log(`Cranfield, ${index.size} documents, ${queries.length} queries`);
console.log('nDCG@10 of BM25, k1=1.2 b=0.75, English Snowball stems, stopwords:');
const graded = mean(gainsBy((code) => (code > 0 ? 5 - code : 0)));
console.log(`  ${graded.toFixed(3)}  graded, gain = 5 - code, -1 is no gain`);
console.log(`  ${mean(gainsBy((code) => Number(code > 0))).toFixed(3)}  binary, -1 is no gain`);
console.log(`  ${mean(gainsBy((code) => 5 - Math.abs(code))).toFixed(3)}  graded, -1 taken as a slip for 1`);
console.log(`index ${buildMs.toFixed(0)} ms, search ${searchMs.toFixed(2)} ms`);
console.log(`${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, Node ${process.version}`);
if (graded < 0.37) process.exitCode = 1;

// the built-in reply engine over a knowledge base of 200 passages
const model = (language: string) => readFileSync(new URL(`../subgraphs/agent/models/${language}.bin`, import.meta.url));
const engine = createReplyEngine({ en: model('en'), es: model('es') });
const knowledge = createBm25Index<Passage>('en');
for (let i = 0; i < 200; i++) {
  const text = `Model X${i} costs ${i + 100} euros. It includes ${i} lines and support by phone. `.repeat(3).trim();
  knowledge.add({ id: `${i}`, documentId: `${i}`, documentTitle: 'Price list', text, score: 0 }, text);
}
const times: number[] = [];
for (let i = 0; i < 200; i++) {
  const begin = performance.now();
  for await (const _ of engine({
    agent: {
      name: 'Ava',
      locale: 'en',
      personality: { warmth: 0.5, formality: 0.5, assertiveness: 0.5, brevity: 0.5 },
    },
    locale: 'en',
    phase: 'PRESENTATION',
    history: [],
    message: `How much is the X${i}, and does it include support?`,
    discloseAi: false,
    search: async (query, first) => knowledge.search(query, first).map(({ passage, score }) => ({ ...passage, score })),
  }));
  times.push(performance.now() - begin);
}
times.sort((x, y) => x - y);
console.log(`reply over 200 passages: median ${times[100]?.toFixed(2)} ms, p99 ${times[197]?.toFixed(2)} ms`);
