import { type Unit, unitsOf } from './units.ts';

const target = 500;

/** Cuts what is longer than a passage at white space, never inside a word or number. */
const chunks = (unit: Unit): Unit[] => {
  if (unit.source.length <= target) return [unit];
  const parts = unit.source.match(/[\s\S]{1,480}(?:\s+|$)|\S{1,480}/gu) ?? [unit.source];
  return parts.map((source, i) => ({ ...unit, source: source.trim(), separator: i === 0 ? unit.separator : ' ' }));
};

/**
 * A document as passages of about 500 characters: whole sentences, list items and table rows, each passage headed by the heading
 * and the lead line its content stands under, so that a price stays with its name.
 */
export const splitPassages = (text: string): string[] => {
  const passages: string[] = [];
  let current = '';
  let heading = '';
  let lead = '';
  const close = () => {
    if (current) passages.push(current);
    current = '';
  };
  for (const unit of unitsOf(text.normalize('NFKC')).flatMap(chunks)) {
    const fits = current.length + unit.source.length + 1 <= target;
    if (!current || !fits || unit.heading !== heading || (lead !== unit.lead && lead !== '')) {
      close();
      const prefix = [unit.heading, unit.lead].filter(Boolean).join('\n');
      current = prefix ? `${prefix}\n${unit.source}` : unit.source;
    } else {
      const joiner = lead === unit.lead ? unit.separator : `\n${unit.lead}\n`;
      current = `${current}${joiner}${unit.source}`;
    }
    ({ heading, lead } = unit);
  }
  close();
  return passages;
};
