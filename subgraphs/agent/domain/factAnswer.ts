import type { Language } from './language.ts';
import { amountsIn } from './money.ts';
import type { Question } from './question.ts';
import { stem, terms, tokenise } from './text.ts';
import type { Unit } from './units.ts';
import { alikeStems, priceWords } from './vocabulary.ts';

/** A unit with the document title it stands under. */
export type TitledUnit = { unit: Unit; title: string };

const holdsNumber =
  /\d|\b(?:unlimited|as many|no limit|one|two|three|four|five|six|ten|twelve|ilimitad\w+|sin límite|un[oa]?|dos|tres|cuatro|cinco|seis|diez|doce)\b/iu;
const holdsDuration =
  /\b(?:minute|hour|day|week|month|year|immediate|instant|same day|24\/7|minuto|hora|día|dia|semana|mes|meses|año|inmediat|al momento|mismo día)/iu;
const asksContents = /\b(?:includ|come with|comes with|incluy|trae)/iu;
const holdsContents =
  /\b(?:includ|come|offer|ha[sv]|give|get|feature|unlimited|incluy|trae|ofrece|tiene|con\b|with\b|free)/iu;
const minimumCoverage = 0.6;
// said in half of all sentences about such products
const vague = new Set(['data', 'dat', 'inform', 'account', 'cuent', 'polici', 'polit', 'condit', 'condicion']);

const aboutPrice = (text: string, language: Language): boolean =>
  /\b(?:free|gratis|gratuit[oa]s?)\b/iu.test(text) ||
  terms(text, language).some((word) => priceWords[language].has(word));

/**
 * How much of what is asked a unit is about, 0..1: the share of the question's words (or synonyms) it holds, words of its
 * heading and title counting less. 0 when a name that was asked for is missing, or the kind of fact is.
 */
export const coverage = (question: Question, { unit, title }: TitledUnit, language: Language): number => {
  if (question.subjects.length === 0) return 0;
  // asked for a price and none was attributed: an amount here belongs to something else, and what names no price is no answer
  if (question.asks === 'PRICE' && (amountsIn(unit.text).length > 0 || !aboutPrice(unit.text, language))) return 0;
  if (asksContents.test(question.text) && !holdsContents.test(unit.text)) return 0;
  if (question.asks === 'QUANTITY' && !holdsNumber.test(unit.text)) return 0;
  if (question.asks === 'DURATION' && !holdsDuration.test(unit.text)) return 0;
  const own = new Set(terms(unit.text, language));
  const around = new Set(terms(`${unit.heading} ${unit.lead} ${title}`, language));
  let total = 0;
  let found = 0;
  for (const subject of question.subjects) {
    const weight = vague.has(subject.stem) ? 0.5 : 1;
    total += weight;
    const alike = alikeStems(subject.stem, language);
    if (own.has(subject.stem)) found += weight;
    else if ([...alike].some((word) => own.has(word))) found += weight * 0.9;
    else if (around.has(subject.stem) || [...alike].some((word) => around.has(word))) found += weight * 0.7;
    else if (subject.isName || requiredAfterPreposition(question, subject.position)) return 0;
  }
  return found / total;
};

// "integrate with salesforce": what follows is what the question is about, however it is written
const requiredAfterPreposition = (question: Question, position: number): boolean => {
  const words = tokenise(question.text);
  return ['with', 'con'].includes(words[position - 1]?.word ?? '');
};

/** The units that answer, best first: enough of the question covered, near the best; ties keep the search's order. */
export const answerFact = <T extends TitledUnit>(
  question: Question,
  units: readonly T[],
  language: Language,
  context: readonly string[],
): T[] => {
  const scored = units
    .map((titled, order) => {
      const score = coverage(question, titled, language);
      const recent = terms(titled.unit.text, language).some((word) => context.includes(word));
      return { titled, order, score, rank: score + (recent && question.refersBack ? 0.1 : 0) - order * 0.002 };
    })
    .filter(({ score }) => score >= minimumCoverage)
    .sort((a, b) => b.rank - a.rank);
  const top = scored[0];
  return top ? scored.filter(({ rank }) => rank >= top.rank - 0.12).map(({ titled }) => titled) : [];
};

/** Units that hold one of the cue words (any form), in the search's order: an overview, or help with an objection. */
export const unitsWithCue = <T extends TitledUnit>(units: readonly T[], cues: string, language: Language): T[] => {
  const wanted = new Set(tokenise(cues).map(({ word }) => stem(word, language)));
  return units.filter(({ unit }) => terms(unit.text, language).some((word) => wanted.has(word)));
};
