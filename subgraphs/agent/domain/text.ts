import snowball from 'snowball-stemmers';
import type { Language } from './language.ts';
import { stopwords } from './stopwords.ts';

/** A word or a currency sign of a text: `raw` as written, `word` folded (lower case, no accents), [start, end) in UTF-16. */
export type Token = { raw: string; word: string; start: number; end: number };

const currencies: Readonly<Record<string, string>> = { '€': 'euro', $: 'dollar', '£': 'pound', '¥': 'yen' };
const tokenPattern = /\p{N}+(?:[.,]\p{N}+)*|[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|[€$£¥]/gu;

/** NFKC with every run of white space as one space; what all other functions here expect. */
export const normalise = (text: string): string => text.normalize('NFKC').replace(/\s+/gu, ' ').trim();

/** Lower case without accents or apostrophes: the form words are compared in. */
export const fold = (word: string): string =>
  word
    .normalize('NFD')
    .replace(/[\p{M}'’]/gu, '')
    .toLowerCase();

/** The words, numbers ("1.299,50" is one) and currency signs of a text, in order. */
export const tokenise = (text: string): Token[] => {
  const tokens: Token[] = [];
  for (const match of text.matchAll(tokenPattern)) {
    const raw = match[0];
    tokens.push({ raw, word: currencies[raw] ?? fold(raw), start: match.index, end: match.index + raw.length });
  }
  return tokens;
};

const stemmers = { en: snowball.newStemmer('english'), es: snowball.newStemmer('spanish') };
const stems: Record<Language, Map<string, string>> = { en: new Map(), es: new Map() };

/** Snowball stem of a folded word; Spanish endings get their accent back first, which customers rarely type. */
export const stem = (word: string, language: Language): string => {
  const known = stems[language].get(word);
  if (known !== undefined) return known;
  const accented = language === 'es' ? word.replace(/([cs])ion$/, '$1ión').replace(/ogia$/, 'ogía') : word;
  const stemmed = word.length > 40 ? word : fold(stemmers[language].stem(accented));
  if (stems[language].size > 50_000) stems[language].clear();
  stems[language].set(word, stemmed);
  return stemmed;
};

export const isStopword = (word: string, language: Language): boolean => stopwords[language].has(word);

/** Stems of the words that carry meaning, in order and with repeats: what is indexed and searched. */
export const terms = (text: string, language: Language): string[] => {
  const found: string[] = [];
  for (const { word } of tokenise(text.normalize('NFKC'))) {
    if (!isStopword(word, language)) found.push(stem(word, language));
  }
  return found;
};
