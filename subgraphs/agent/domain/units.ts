import { instructsTheReader } from './injection.ts';
import { sentencesOf } from './sentences.ts';

/**
 * The smallest part of a text that still says what it is about: a sentence with those that lean on it, a list item or a table
 * row. `text` can be spoken, `source` is as written; `heading` and `lead` ("Our plans:", a table's header row) govern it.
 */
export type Unit = { heading: string; lead: string; text: string; source: string; separator: ' ' | '\n' };

const leansOnPrevious =
  /^(?:it|its|includes|comes with|offers|has|ofrece|trae|it['’]s|they|their|this|these|that|those|the (?:price|cost|fee|plan|package|product)|price|cost|also|and|but|both|su|sus|este|esta|estos|estas|ese|esa|eso|esto|cuesta|vale|incluye|tiene|permite|también|además|y|pero|el (?:precio|plan|coste|costo|producto)|precio|ambos)(?![\p{L}\p{N}])/iu;
// "The plan" goes on about the one before, "The plan Business" begins another
const namesAnother = /^(?:The|El|La)\s+\p{Ll}+\s+\p{Lu}/u;
const leans = (sentence: string): boolean => leansOnPrevious.test(sentence) && !namesAnother.test(sentence);
const longestUnit = 300;
// what stands above many units is repeated with each, so it has to be short
const longestHeading = 120;
const longestTableHeader = 240;

/** The start of a text, cut at white space where there is some. */
const startOf = (text: string, longest: number): string =>
  text.length <= longest
    ? text
    : ((text.match(new RegExp(`^[\\s\\S]{1,${longest}}(?!\\S)`, 'u')) ??
        text.match(new RegExp(`^[\\s\\S]{1,${longest}}`, 'u')))?.[0].trim() ?? '');

/** Markdown marks dropped, white space single. */
export const plain = (text: string): string =>
  text
    .replace(/!?\[([^\]]{0,200})\]\([^)]{0,300}\)/g, '$1')
    .replace(/[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}/g, '')
    .replace(/\s+/gu, ' ')
    .replace(/^\s*[aqpr]\s*:\s+/i, '')
    .trim();

const money = /[€$£]|\d/;
const bullet = /^\s*(?:[-*•–·]|\d{1,2}[.)])\s+/;
const isHeading = (line: string, previous: string, next: string): boolean =>
  line.length <= 60 &&
  line.split(/\s+/).length <= 8 &&
  (previous === '' || previous.length < 60) &&
  next !== '' &&
  !/[.,;:!…]$/.test(line) &&
  !money.test(line) &&
  !bullet.test(line) &&
  /^[\p{Lu}¿]/u.test(line) &&
  !/^\p{Ll}/u.test(next);

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => plain(cell));

const rowText = (header: readonly string[], cells: readonly string[]): string => {
  const [name = '', ...rest] = cells;
  const said = rest.map((cell, i) => (header[i + 1] && cell ? `${header[i + 1]} ${cell}` : cell)).filter(Boolean);
  return said.length > 0 ? `${name}: ${said.join(', ')}` : name;
};

/** Every line a unit of its own: for a text that is nothing but headings and lead lines. */
const linesAsUnits = (lines: readonly string[]): Unit[] =>
  lines
    .map((line) => line.replace(/^#{1,6}\s+/, ''))
    .map((source): Unit => ({ heading: '', lead: '', text: plain(source) || source, source, separator: '\n' }));

/** A text as units, in order. Headings are Markdown's, or a short line without a full stop above what it heads. */
export const unitsOf = (text: string): Unit[] => {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => line.trim());
  const units: Unit[] = [];
  let heading = '';
  let lead = '';
  let header: string[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    let first = true;
    for (const sentence of sentencesOf(paragraph.join(' '))) {
      const last = units.at(-1);
      const joins = !first && last && leans(sentence) && last.source.length + sentence.length < longestUnit;
      if (joins && !instructsTheReader(sentence) && !instructsTheReader(last.source)) {
        last.source = `${last.source} ${sentence}`;
        last.text = plain(last.source);
      } else {
        units.push({ heading, lead, text: plain(sentence), source: sentence, separator: first ? '\n' : ' ' });
      }
      first = false;
    }
    paragraph = [];
  };
  for (const [i, line] of lines.entries()) {
    const next = lines.slice(i + 1, i + 4).find(Boolean) ?? '';
    if (line === '') {
      flush();
      header = [];
    } else if (/^#{1,6}\s/.test(line) || isHeading(line, lines[i - 1] ?? '', next)) {
      flush();
      const whole = plain(line.replace(/^#+\s*/, ''));
      heading = startOf(whole, longestHeading);
      lead = '';
      // too long to be repeated: said in full once, as a paragraph
      if (heading !== whole) paragraph.push(whole);
    } else if (line.startsWith('|')) {
      flush();
      if (/^[|\s:-]+$/.test(line)) continue;
      if (header.length === 0) {
        lead = startOf(line, longestTableHeader);
        header = cellsOf(lead);
        if (lead !== line) units.push({ heading, lead: '', text: plain(line), source: line, separator: '\n' });
      } else units.push({ heading, lead, text: rowText(header, cellsOf(line)), source: line, separator: '\n' });
    } else if (bullet.test(line)) {
      flush();
      units.push({ heading, lead, text: plain(line.replace(bullet, '')), source: line, separator: '\n' });
    } else if (line.endsWith(':') && line.length <= 120) {
      flush();
      lead = line;
    } else if (
      money.test(line) &&
      line.length <= 80 &&
      !/[.!?]$/.test(line) &&
      paragraph.length === 0 &&
      !/^\p{Ll}/u.test(next)
    ) {
      // a price list without bullets: one line, one entry
      units.push({ heading, lead, text: plain(line), source: line, separator: '\n' });
    } else paragraph.push(line);
  }
  flush();
  const said = units.filter((unit) => unit.text.length > 0);
  return said.length > 0 ? said : linesAsUnits(lines.filter((line) => /[\p{L}\p{N}]/u.test(line)));
};
