import { answerFact, type TitledUnit, unitsWithCue } from './factAnswer.ts';
import { instructsTheReader } from './injection.ts';
import type { Language } from './language.ts';
import { answerPrice } from './priceAnswer.ts';
import { type Price, pricesIn } from './prices.ts';
import type { Question } from './question.ts';
import { terms } from './text.ts';
import { unitsOf } from './units.ts';

/** A part of a document that a search found; `score` orders the passages of one search. */
export type Passage = { id: string; documentId: string; documentTitle: string; text: string; score: number };
/** A sentence taken from a passage, word for word. */
export type Quote = { text: string; passage: Passage };
/** What the passages say to a question. `unknown` are asked-for names they say nothing of; `topic` is what was answered about. */
export type Found = {
  kind: 'PRICE' | 'FACT' | 'NOTHING';
  quotes: readonly Quote[];
  unknown: readonly string[];
  near: string | null;
  listed: boolean;
};

type Sourced = TitledUnit & { passage: Passage };

const longestQuote = 320;

/** Passages taken apart into what may be quoted: nothing that instructs its reader, nothing too long to say. */
export const quotable = (passages: readonly Passage[]): Sourced[] =>
  passages.slice(0, 40).flatMap((passage) =>
    unitsOf(passage.text.slice(0, 4_000).normalize('NFKC'))
      .filter(
        ({ text }) =>
          text.length <= longestQuote && !text.endsWith('?') && /\p{L}/u.test(text) && !instructsTheReader(text),
      )
      .map((unit) => ({ unit, title: passage.documentTitle, passage })),
  );

const sentence = (text: string): string => {
  const capital = text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase()).replace(/[\s,;:]+$/u, '');
  return /[.!?…]["'”»)]*$/.test(capital) ? capital : `${capital}.`;
};

/** The names priced in these units that a text mentions, as stems. */
export const namesMentioned = (text: string, units: readonly Sourced[], language: Language): string[] => {
  const said = new Set(terms(text, language));
  const names = units.flatMap(({ unit, title }) => pricesIn(unit, title, language).flatMap((price) => price.names));
  return [...new Set(names.map(({ stem }) => stem))].filter((name) => said.has(name));
};

/** Answers one question from what a search found, or finds nothing. `context`: stems of names talked about, newest first. */
export const findAnswer = (
  question: Question,
  units: readonly Sourced[],
  language: Language,
  context: readonly string[],
): Found => {
  if (question.asks === 'PRICE') {
    const prices: (Price & { passage: Passage })[] = units.flatMap(({ unit, title, passage }) =>
      pricesIn(unit, title, language).map((price) => ({ ...price, passage })),
    );
    const found = answerPrice(question, prices, language, context);
    if (found.prices.length > 0) {
      const quotes = found.prices.map(({ text, passage }) => ({ text: sentence(text), passage }));
      return {
        kind: 'PRICE',
        quotes,
        unknown: found.unknown,
        near: null,
        listed: question.subjects.length === 0 && quotes.length > 1,
      };
    }
    const facts = quotesOf(answerFact(question, units, language, context));
    if (facts.length > 0) return { kind: 'FACT', quotes: facts, unknown: [], near: null, listed: false };
    return { kind: 'NOTHING', quotes: [], unknown: found.unknown, near: found.near, listed: false };
  }
  const quotes = quotesOf(answerFact(question, units, language, context));
  return { kind: quotes.length > 0 ? 'FACT' : 'NOTHING', quotes, unknown: [], near: null, listed: false };
};

/** Quotes that hold a cue word, for an overview or against an objection. */
export const findByCue = (cues: string, units: readonly Sourced[], language: Language): Quote[] =>
  quotesOf(unitsWithCue(units, cues, language));

const quotesOf = (units: readonly Sourced[]): Quote[] => {
  const seen = new Set<string>();
  const quotes: Quote[] = [];
  for (const { unit, passage } of units) {
    const text = sentence(unit.text);
    if (seen.has(text)) continue;
    seen.add(text);
    quotes.push({ text, passage });
  }
  return quotes;
};
