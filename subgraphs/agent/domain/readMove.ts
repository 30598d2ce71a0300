import type { Language } from './language.ts';
import type { ObjectionKind } from './objections.ts';
import { isQuestion, parseQuestion } from './question.ts';
import { certainMove, type Move, moveOf } from './replyPolicy.ts';
import { fold } from './text.ts';
import type { Ask } from './wording.ts';

/** A prediction of the intent model. */
export type Intent = { name: string; confidence: number; outOfScope: boolean };

/** Names a day, as an answer to when. */
export const appointment: Record<Language, RegExp> = {
  en: /^\W*(?:(?:on|next|this|maybe|how about|say) )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow)\b/i,
  es: /^\W*(?:el |este |la )?(?:próximo )?(?:lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|mañana)(?=[\s,.]|$)/i,
};

// "why is it so expensive?" objects, "how much …, is it expensive?" asks
const asksOutright: Record<Language, RegExp> = {
  en: /\b(?:how (?:much|many|long|do|does|can)|what|when|where|which|can (?:i|we|you)|do you|does it|is there|are there)\b.*\?|^(?:how (?:much|many|long)|can (?:i|we|you)|do you|does)\b/i,
  es: /(?:cu[aá]nt|qu[eé] (?!caro)|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde|pued|tiene|hay).*\?|^¿?(?:cu[aá]nt[oa]|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde|puedo|pueden|tienen)/i,
};

/** What a customer's turn does, from its wording, its intent and what the agent asked last. */
export const moveFor = (
  message: string,
  language: Language,
  intent: Intent,
  objection: ObjectionKind | null,
  lastAsk: Ask | null,
): Move => {
  if (!/[a-z0-9]/.test(fold(message))) return 'NOISE';
  const certain = certainMove(fold(message));
  if (certain) return certain;
  const asks = isQuestion(message, language);
  const signed = !intent.name.startsWith('objection_');
  if (
    objection &&
    !asksOutright[language].test(message) &&
    (signed || !asks || /\b(?:why|por qu[eé])\b/i.test(message) || !parseQuestion(message, language).anchors.length)
  ) {
    return 'OBJECT';
  }
  const move = moveOf(intent);
  // a step that ends or closes a conversation is not taken on a guess
  if (intent.confidence < 0.5 && ['BUY', 'BOOK', 'REFUSE', 'LEAVE', 'WANT_HUMAN'].includes(move)) return 'ASK';
  // a question that is only guessed to be about us, or to want a date, is answered from what we know
  if (asks && intent.confidence < 0.75 && ['ASK_IDENTITY', 'BUY', 'BOOK'].includes(move)) return 'ASK';
  if (appointment[language].test(message) && !isQuestion(message, language)) return 'TELL';
  if (/\S@\S+\.\S|\+?\d[\d\s-]{7,}\d/.test(message) && !isQuestion(message, language)) return 'TELL';
  const social: readonly Move[] = ['LEAVE', 'REFUSE', 'THANK', 'GREET', 'AFFIRM', 'DENY'];
  if (isQuestion(message, language) && intent.confidence < 0.7 && social.includes(move)) return 'ASK';
  const answering =
    lastAsk !== null && ['NEED', 'SIZE', 'TIMELINE', 'CONCERN', 'CONTACT', 'TIME', 'WHICH'].includes(lastAsk);
  if (
    answering &&
    !isQuestion(message, language) &&
    ['STRAY', 'ASK', 'GREET', 'REPEAT', 'BOOK', 'OBJECT'].includes(move)
  )
    return 'TELL';
  return move === 'OBJECT' ? 'STRAY' : move;
};

/** Asks what is on offer at all. */
export const wantsOverview: Record<Language, RegExp> = {
  en: /\bwhat (?:exactly )?(?:do|does|can|is it) (?:you|your \w+|it|this)(?: guys| people)? (?:offer|sell|do|provide|have|make)\b|\b(?:tell me|know|hear|info\w*) (?:more )?(?:about|on) (?:your|the|this|it)\b|\bwhat(?:'s| is) (?:your product|this|it)\b/i,
  es: /qu[eé] (?:es lo que )?(?:ofrece|vende|hace|tiene|ofrec|es esto)|(?:cu[eé]nt[ae]me|h[aá]bl[ae]me|saber|informaci[oó]n) (?:m[aá]s )?(?:de|sobre)/i,
};

/** Whether a turn may want to know something, so that it is worth a search. */
export const mayAsk = (move: Move, message: string, language: Language): boolean => {
  if (['NOISE', 'WANT_HUMAN', 'REFUSE', 'LEAVE'].includes(move) || certainMove(fold(message)) !== null) return false;
  return isQuestion(message, language) || move === 'ASK' || parseQuestion(message, language).asks === 'PRICE';
};
