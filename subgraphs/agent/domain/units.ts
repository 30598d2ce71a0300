import { instructsTheReader } from './injection.ts';
import { sentencesOf } from './sentences.ts';

/**
 * The smallest part of a text that still says what it is about: a sentence with those that lean on it, a list item or a table
 * row. `text` can be spoken, `source` is as written; `heading` and `lead` ("Our plans:", a table's header row) govern it.
 */
export type Unit = { heading: string; lead: string; text: string; source: string; separator: ' ' | '\n' };

const leansOnPrevious =
  /^(?:it|its|includes|comes with|offers|has|ofrece|trae|it['’]s|they|their|this|these|that|those|the (?:price|cost|fee|plan|package|product)|price|cost|also|and|but|both|su|sus|este|esta|estos|estas|ese|esa|eso|esto|cuesta|vale|incluye|tiene|permite|también|además|y|pero|el (?:precio|plan|coste|costo|producto)|precio|ambos)(?![\p{L}\p{N}])/iu;
const longestUnit = 300;

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
      const joins =
        !first && last && leansOnPrevious.test(sentence) && last.source.length + sentence.length < longestUnit;
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
      heading = plain(line.replace(/^#+\s*/, ''));
      lead = '';
    } else if (line.startsWith('|')) {
      flush();
      if (/^[|\s:-]+$/.test(line)) continue;
      if (header.length === 0) {
        header = cellsOf(line);
        lead = line;
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
  return units.filter((unit) => unit.text.length > 0);
};
