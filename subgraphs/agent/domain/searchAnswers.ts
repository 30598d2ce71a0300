import { type Found, findAnswer, namesMentioned, quotable } from './knowledge.ts';
import type { Language } from './language.ts';
import { isQuestion, parseQuestion, questionsIn } from './question.ts';
import type { HistoryTurn, ReplyRequest } from './replyEngine.ts';
import { certainMove } from './replyPolicy.ts';
import { fold } from './text.ts';

/** Passages asked of a search at a time. */
export const searchSize = 12;
const priceQuery: Record<Language, string> = {
  en: 'price cost costs plan month euro dollar eur usd',
  es: 'precio cuesta coste tarifa plan mes euro dolar eur usd',
};
const continues: Record<Language, RegExp> = {
  en: /^(?:and|what about|how about|and what about)\b/i,
  es: /^(?:y|qué tal|que tal|¿y)(?=\s)/i,
};

/** The customer's last question. */
export const questionBefore = (history: readonly HistoryTurn[], language: Language): string | null => {
  const turn = history.findLast(
    ({ role, text }) => role === 'CUSTOMER' && certainMove(fold(text)) === null && isQuestion(text, language),
  );
  return turn?.text ?? null;
};

/** What the knowledge base says to each question of a message, in order. */
export const answersTo = async (
  message: string,
  request: ReplyRequest,
  language: Language,
  wanted: boolean,
): Promise<Found[]> => {
  if (!wanted) return [];
  const earlier = request.history
    .filter(({ role }) => role !== 'SYSTEM')
    .slice(-8)
    .reverse();
  const previous = earlier.find(({ role }) => role === 'CUSTOMER')?.text;
  const inherited = previous && continues[language].test(message) ? parseQuestion(previous, language).asks : undefined;
  const answers: Found[] = [];
  for (const part of questionsIn(message, language)) {
    const question = parseQuestion(part, language, inherited);
    if (question.subjects.length === 0 && question.asks !== 'PRICE') continue;
    const about =
      question.subjects.length === 0 && question.refersBack
        ? earlier
            .map(({ text }) => text)
            .join(' ')
            .slice(0, 600)
        : '';
    const words = question.subjects.map(({ raw }) => raw).join(' ');
    const passages = await request.search(
      [words, question.asks === 'PRICE' ? priceQuery[language] : part.slice(0, 400), about].join(' ').trim(),
      searchSize,
    );
    const units = quotable(passages);
    const context = question.refersBack ? namesTalkedAbout(earlier, units, language) : [];
    answers.push(findAnswer(question, units, language, context));
  }
  return answers;
};

// newest first; a customer's question about something unknown ends it: "it" is that, not what came before
const namesTalkedAbout = (
  earlier: readonly HistoryTurn[],
  units: ReturnType<typeof quotable>,
  language: Language,
): string[] => {
  const names: string[] = [];
  for (const { role, text } of earlier) {
    const mentioned = namesMentioned(text, units, language);
    names.push(...mentioned);
    if (role !== 'CUSTOMER' || mentioned.length > 0) continue;
    const { subjects, asks, refersBack } = parseQuestion(text, language);
    if (asks === 'PRICE' && subjects.length > 0 && !refersBack) break;
  }
  return names;
};
