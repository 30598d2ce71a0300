import type { Language } from './language.ts';
import { isStopword, stem, tokenise } from './text.ts';
import { genericWords, priceWords } from './vocabulary.ts';

/** A content word of a question. `position` counts all words; `isName`: written like a name or holding a digit. */
export type Subject = { stem: string; raw: string; position: number; isName: boolean };
/** What a question asks for. `asks`: the kind of fact an answer must hold. `anchors`: positions of the words that ask for a price. */
export type Question = {
  text: string;
  asks: 'PRICE' | 'QUANTITY' | 'DURATION' | 'FACT';
  subjects: readonly Subject[];
  anchors: readonly number[];
  refersBack: boolean;
};

const currency = /^(?:euros?|dollars?|dolar(?:es)?|pounds?|pesos|usd|eur|gbp|mxn)$/;

const asksPrice: Record<Language, RegExp> = {
  en: /\bhow much (?!time|storage|data|space|work|notice|longer|training)|\b(?:price[sd]?|pricing|cost(?:s|ing)?|fees?|cheap(?:er|est)?|quote|rates?|expensive|tariff|damage)\b|\bwhat (?:do|would) (?:you|we|i) (?:charge|pay)|\bdo you charge/i,
  es: /\bcu[aá]nto (?:es|me|nos|cuesta|vale|sale|cobra|val|ser[ií]a|pag|por|hay que pagar|dinero|cost|saldr|est[aá])|\b(?:precios?|costes?|costos?|tarifas?|cuestan?|cotizaci[oó]n|m[aá]s (?:barat[oa]|econ[oó]mic[oa])|cu[aá]nto (?:cuesta|vale))\b|\ba (?:cu[aá]nto|c[oó]mo)\b|qu[eé] (?:vale|valor)/i,
};
const asksDuration: Record<Language, RegExp> = {
  en: /\bhow (?:long|soon|quickly|fast)\b|\bhow many (?:days|weeks|months|hours|years)\b/i,
  es: /\bcu[aá]nto (?:tiempo|tarda|dura|demora|tard[aá]is|tardan)|\bcu[aá]nt[oa]s (?:d[ií]as|semanas|meses|horas|años)|\ben cu[aá]nto\b/i,
};
const asksQuantity: Record<Language, RegExp> = { en: /\bhow many\b/i, es: /\bcu[aá]nt[oa]s\b/i };
const refersBack: Record<Language, RegExp> = {
  en: /\b(?:it|that|this|those|these|that one|this one|the same)\b/i,
  es: /(?:^|\s)(?:eso|ese|esa|este|esta|esto|lo|la|el mismo|[eé]l)(?=$|[\s?.,!])/i,
};
const asksSomething: Record<Language, RegExp> = {
  en: /\?|^\W*(?:(?:so|and|but|ok|okay|well|hi|hello|hey|um|uh|sorry|please)\W+)*(?:how|hows|what|whats|which|when|where|wheres|who|whos|whose|why|can|could|do|does|did|is|are|will|would|have you|tell me|give me|explain|show me|any)\b|\b(?:what(?:'s| is| are| do| does)|how (?:much|many|long|do|does|can|is)|do you|can you|can i|could you|is there|are there|does it|tell me|i(?:'d| would) like to know|i want to know|wondering)\b/i,
  es: /[?¿]|^\W*(?:(?:y|pero|hola|buenas|oiga|oye|perd[oó]n|bueno|ok|vale)\W+)*(?:qu[eé]|cu[aá]l|cu[aá]les|c[oó]mo|cu[aá]ndo|d[oó]nde|qui[eé]n|cu[aá]nt[oa]s?|por qu[eé]|puede|puedo|pueden|podr[ií]a|tiene|tienen|ten[eé]is|hay|es|est[aá]n?|se puede|d[ií]game|dime|cu[eé]nt[ae]me|expl[ií]que|incluye|funciona|hacen|dan)(?=\s|$)|\b(?:quiero|quisiera|me gustar[ií]a) saber|[,.;]\s*(?:y )?(?:c[oó]mo|cu[aá]l|cu[aá]ndo|d[oó]nde|cu[aá]nt[oa]s?|qu[eé])\s|\bme puede decir|\bd[ií]game\b|\bcu[aá]nto\b/i,
};

/** Whether a message wants to know something; recognised speech has no question marks. */
export const isQuestion = (message: string, language: Language): boolean => asksSomething[language].test(message);

// "plan Business" and "the Business plan" name a product, "business" alone is said of anything
const offer = /^(?:plan|tarifa|paquete|pack|package|edition|edicion)$/;

/** Taken apart: what is asked for, about what. `inherited` is the kind asked before, for "and the Pro?". */
export const parseQuestion = (asked: string, language: Language, inherited?: Question['asks']): Question => {
  const text = asked.replace(/\bmoney back\b/gi, 'refund');
  const tokens = tokenise(text).slice(0, 400);
  const shouted = text === text.toUpperCase();
  const anchors: number[] = [];
  const subjects: Subject[] = [];
  let starts = true;
  for (const [position, token] of tokens.entries()) {
    const stemmed = stem(token.word, language);
    const isName =
      /\p{N}/u.test(token.raw) ||
      (!shouted && /^\p{Lu}/u.test(token.raw) && (!starts || /\p{Lu}.*\p{Lu}/u.test(token.raw)));
    starts = /^\s*[.!?¿¡]/.test(text.slice(token.end, token.end + 3));
    // an amount the customer names is not what is asked about
    const isAmount =
      /^\d/.test(token.raw) &&
      [tokens[position - 1], tokens[position + 1]].some((near) => near && currency.test(near.word));
    if (isAmount) continue;
    // "for 20 users in Spain" says for whom, not what
    const next = tokens[position + 1];
    if (/^\d+$/.test(token.raw) && next && genericWords[language].has(stem(next.word, language))) continue;
    if (
      /^\p{Lu}/u.test(token.raw) &&
      ['in', 'en'].includes(tokens[position - 1]?.word ?? '') &&
      asksPrice[language].test(text)
    )
      continue;
    if (priceWords[language].has(stemmed)) anchors.push(position);
    else if (
      !isStopword(token.word, language) &&
      !(
        genericWords[language].has(stemmed) &&
        !(
          isName &&
          (subjects.length > 0 ||
            [tokens[position - 1], tokens[position + 1]].some((near) => near && offer.test(near.word)))
        )
      )
    ) {
      if (subjects.length < 40) subjects.push({ stem: stemmed, raw: token.raw, position, isName });
    }
  }
  const asks = asksPrice[language].test(text)
    ? 'PRICE'
    : asksDuration[language].test(text)
      ? 'DURATION'
      : asksQuantity[language].test(text)
        ? 'QUANTITY'
        : 'FACT';
  return {
    text,
    asks: asks === 'FACT' && inherited ? inherited : asks,
    subjects,
    anchors: asks === 'PRICE' ? anchors : [],
    refersBack: refersBack[language].test(text),
  };
};

const splitAt: Record<Language, RegExp> = {
  en: /(?<=[?!.])\s+|,\s+(?=(?:so |but )?(?:how|what|which|when|where|is|are|do|does|can)\s)|,?\s+and (?=(?:how|what|which|when|where|who|do|does|can|could|is|are|will)\s)/i,
  es: /(?<=[?!.])\s+|,\s+(?=¿?(?:cu[aá]nt|qu[eé]|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde)\S*\s)|,?\s+y (?=¿?(?:qu[eé]|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde|qui[eé]n|cu[aá]nt|puede|tiene|hay|se puede|incluye|funciona)\s?)/i,
};

/** The questions of a message, at most three, in order; the whole message when none of its parts asks. */
export const questionsIn = (message: string, language: Language): string[] => {
  const parts = message.split(splitAt[language]).filter((part) => isQuestion(part, language));
  return parts.length > 0 ? parts.slice(0, 3) : [message];
};
