import type { Language } from './language.ts';
import { amountsIn } from './money.ts';
import { isStopword, stem, tokenise } from './text.ts';
import type { Unit } from './units.ts';
import { genericWords, priceWords } from './vocabulary.ts';

/** A price as a text states it: `text` is the clause to quote; `names` are the words (stem, as written) of what it is the price of. */
export type Price = { text: string; names: readonly { stem: string; raw: string }[]; free: boolean };

const verb = `costs?|costing|(?:is|are) priced at|is|are|starts? (?:at|from)|goes for|runs|comes to|sells for|cuestan?|valen?|salen?(?: por| a)?|es|son|tiene un (?:precio|coste|costo) de|está[n]? a|we charge|you pay|cobramos|se pagan?|pagas`;
const filler = String.raw`(?:(?:only|just|from|about|around|at|a|for|de|desde|solo|sólo|unos|por|un precio de|price|precio|cost|coste|costo|fee|cuota|tarifa|monthly|mensual|now|ahora|currently)\s+)*`;
const stated = new RegExp(
  String.raw`^(.{0,80}?)(?:\s*[:=|(—–]\s*|\s+-\s+|(?:^|\s+)(?:${verb})\s+|\s+|^)${filler}[("]?$`,
  'iu',
);
const statedAfter =
  /^\s*(?:(?:per|a|an|al|por|each|every|cada)\s+\p{L}+\s*){0,2}(?:for|para|:|—|–|-)\s+(?:the |el |la |plan )*(\p{Lu}[\p{L}\p{N}]*(?:\s+\p{Lu}[\p{L}\p{N}]*)*)/u;
const notAPrice =
  /\b(?:sav(?:e|es|ed|ing|ings)|refunds?|discounts?|penalt\w+|fined?|deposit|raised|revenue|worth|over|more than|invested|ahorr\w+|descuent\w+|reembols\w+|multas?|penaliz\w+|fianza|recaud\w+|factur(?:ó|amos)|más de|superior)\b/iu;
const openingVerb =
  /^(.{1,60}?)\s+(?:is|are|costs?|includes?|has|comes|gives|offers|es|son|cuesta|incluye|tiene|ofrece|trae)\s/iu;

// "Pro launched in May and costs …": the subject is what stands before the first of two verbs
const subjectOf = (label: string): string =>
  /(?:\s(?:and|y)|,)\s*$/u.test(label)
    ? (/^(?:(?:the|el|la|plan|our|nuestro) )*\p{Lu}\S*(?: \p{Lu}\S*)*/u.exec(label)?.[0] ?? label)
    : label;

const namesIn = (label: string, language: Language): Price['names'] => {
  const words = tokenise(label)
    .filter(({ word }) => !isStopword(word, language))
    .map(({ word, raw }) => ({ stem: stem(word, language), raw }))
    .filter((name) => !priceWords[language].has(name.stem));
  const own = words.filter((name) => !genericWords[language].has(name.stem));
  // a plan may be called Business
  return own.length > 0
    ? own
    : words.filter(
        ({ raw }) =>
          /^\p{Lu}\p{Ll}/u.test(raw) && /^(?:business|team|company|personal|empresa|negocio|equipo)$/i.test(raw),
      );
};

const clausesOf = (text: string): string[] => {
  if (amountsIn(text).length < 2) return [text];
  const parts = text.split(
    /;\s+|(?:,\s+(?:and |y |but |while |pero |mientras que )?|\s+(?:and|y|while|mientras que)\s+)(?=(?:the |el |la )?(?:plan )?\p{Lu})|(?<=[.!?])\s+(?=\p{Lu})/u,
  );
  return parts.every((part) => amountsIn(part).length === 1 || parts.length === 1) ? parts : [text];
};

/** The prices a unit states, each with the name it belongs to: its own subject, else the heading's, else the document title's. */
export const pricesIn = (unit: Unit, title: string, language: Language): Price[] => {
  const prices: Price[] = [];
  for (const clause of clausesOf(unit.text)) {
    const [amount] = amountsIn(clause);
    const free = /\b(?:is|are|es|son) (?:completely |totalmente )?(?:free|gratis|gratuit[oa]s?)\b/iu.exec(clause);
    const at = amount?.index ?? free?.index;
    if (at === undefined || notAPrice.test(clause)) continue;
    const sentenceStart = Math.max(0, clause.slice(0, at).search(/[.!?]\s+[^.!?]*$/) + 1);
    const before = clause.slice(sentenceStart, at).trimStart();
    const label = free && !amount ? before : (stated.exec(before)?.[1] ?? null);
    const after = amount ? statedAfter.exec(clause.slice(at + amount.text.length))?.[1] : undefined;
    if (label === null && after === undefined) continue;
    const candidates = [
      after ?? '',
      subjectOf(label ?? ''),
      openingVerb.exec(unit.text)?.[1] ?? '',
      unit.heading,
      plainLead(unit.lead),
      title,
    ];
    const names = candidates.map((candidate) => namesIn(candidate, language)).find((found) => found.length > 0) ?? [];
    const words = tokenise(clause).map(({ word }) => stem(word, language));
    const own = names.some((name) => words.includes(name.stem));
    const spoken =
      own || names.length === 0 || unit.heading.endsWith('?')
        ? clause
        : `${names.map(({ raw }) => raw).join(' ')}: ${clause}`;
    prices.push({ text: spoken.trim(), names, free: !amount });
  }
  return prices;
};

const plainLead = (lead: string): string => (lead.startsWith('|') ? '' : lead);
