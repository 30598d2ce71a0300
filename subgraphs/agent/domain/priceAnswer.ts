import type { Language } from './language.ts';
import type { Price } from './prices.ts';
import type { Question, Subject } from './question.ts';
import { fold, isStopword, tokenise } from './text.ts';

/** `unknown` are the asked-for names no price is known of, as the customer wrote them; `near` a name that is only similar. */
export type PriceAnswer<P extends Price> = { prices: readonly P[]; unknown: readonly string[]; near: string | null };

// "price of Pro", "Pro is …": words that may stand between a name and what it belongs to
const links: Record<Language, ReadonlySet<string>> = {
  en: new Set(['of', 'the', 'a', 'an', 'is', 'are', 'does', 'do', 'would', 'will', 'your', 'its']),
  es: new Set(['de', 'del', 'la', 'el', 'los', 'las', 'un', 'una', 'es', 'son', 'me', 'su', 'tu']),
};

// things a customer may call by their kind alone: "the router" is "Router WiFi 6"
const kinds =
  /^(?:router|modem|phone|telefono|movil|camera|camara|repeater|repetidor|tablet|laptop|headset|auriculares|decoder|decodificador|device|line|linea|channel|canal|number|numero|telephony|telefonia|installation|instalacion|setup|delivery|envio|training|formacion|support|soporte)s?$/;

/**
 * The words of a name that must have been said: all, but for a kind before the name proper ("router X200"), a kind after a model
 * number ("X200 router"), and everything else when the kind itself is what was asked for.
 */
const needful = (names: Price['names'], asked: ReadonlySet<string>): Price['names'] => {
  const proper = ({ raw }: { raw: string }) => /\p{Lu}|\p{N}/u.test(raw);
  const first = names.findIndex(proper);
  const kind = names.filter(({ raw, stem }) => kinds.test(fold(raw)) && asked.has(stem));
  if (
    kind.length > 0 &&
    !names.some((name) => proper(name) && !kind.includes(name) && asked.has(name.stem)) &&
    asked.size === kind.length
  )
    return kind;
  if (first < 0) return names;
  const model = names.findIndex(({ raw }) => /\p{L}.*\p{N}/u.test(raw));
  // a model number and what is written like a name after it
  if (model >= 0) return names.filter((name, i) => i >= model && proper(name));
  return names.filter((name, i) => proper(name) || i > first);
};

/**
 * The prices that answer a question, or none. A price answers only when every word of its name was said, and no word that
 * stands beside that name, or beside the word that asks for a price, is left over: "Pro Max" is not "Pro".
 */
export const answerPrice = <P extends Price>(
  question: Question,
  prices: readonly P[],
  language: Language,
  context: readonly string[],
): PriceAnswer<P> => {
  const asked = new Set(question.subjects.map(({ stem }) => stem));
  const words = tokenise(question.text);
  const beside = (a: number, b: number): boolean => {
    const [low, high] = a < b ? [a, b] : [b, a];
    if (high - low > 4) return false;
    return (
      words.slice(low + 1, high).every(({ word }) => links[language].has(word)) &&
      separatorFree(question.text, words, low, high)
    );
  };
  const said = (price: P) => {
    const common = price.names.filter(({ raw }) => raw === raw.toLowerCase() && /^\p{L}+$/u.test(raw));
    const byKind = question.subjects.every(
      (subject) => !subject.isName && common.some(({ stem }) => stem === subject.stem),
    );
    if (byKind && question.subjects.length > 0 && price.names.length > common.length) return true;
    const needed = needful(price.names, asked);
    return needed.length > 0 && needed.every(({ stem }) => asked.has(stem));
  };
  const matching = prices.filter(said);
  const longest = matching.filter(
    (price) =>
      !matching.some(
        (other) =>
          other.names.length > price.names.length &&
          price.names.every(({ stem }) => other.names.some((n) => n.stem === stem)),
      ),
  );
  const wording = (price: P) => new Set(tokenise(price.text).map(({ word }) => word));
  const covered = (subject: Subject, price: P) =>
    price.names.some(({ stem }) => stem === subject.stem) ||
    [...wording(price)].some((word) => word.startsWith(subject.stem));
  const leftOver = question.subjects.filter((subject) => !matching.some((price) => covered(subject, price)));
  const named = question.subjects.filter((subject) =>
    matching.some((price) => price.names.some(({ stem }) => stem === subject.stem)),
  );
  const joined = leftOver.filter((subject) => named.some((name) => beside(name.position, subject.position)));
  const unknown = leftOver
    .filter(
      (subject) =>
        subject.isName ||
        question.anchors.some((anchor) => beside(anchor, subject.position)) ||
        joined.includes(subject),
    )
    .map(({ raw }) => raw);

  if (asked.size === 0) {
    const recent = context
      .map((name) => prices.filter((price) => price.names.some(({ stem }) => stem === name)))
      .find((found) => found.length > 0);
    return {
      prices: recent && question.refersBack ? best(recent, question, language) : listable(distinct(prices)),
      unknown: [],
      near: null,
    };
  }
  // "Pro Max" where Pro and Max are two products is a third
  const fused = named.some((first) =>
    named.some(
      (second) =>
        second.position === first.position + 1 &&
        separatorFree(question.text, words, first.position, second.position) &&
        !longest.some((price) => [first, second].every(({ stem }) => price.names.some((name) => name.stem === stem))),
    ),
  );
  const near = prices.find((price) => price.names.some(({ stem }) => asked.has(stem)) && !said(price));
  if (
    longest.length === 0 ||
    fused ||
    joined.length > 0 ||
    question.anchors.some((anchor) => leftOver.some((s) => !s.isName && beside(anchor, s.position)))
  ) {
    return {
      prices: [],
      unknown: unknown,
      near: near?.names.map(({ raw }) => raw).join(' ') ?? null,
    };
  }
  return { prices: best(longest, question, language), unknown, near: null };
};

const separatorFree = (text: string, words: ReturnType<typeof tokenise>, low: number, high: number): boolean =>
  !/[,;:?!]|\.\s/.test(text.slice(words[low]?.end ?? 0, words[high]?.start ?? 0));

// what is free is no entry of a price list
const listable = <P extends Price>(prices: readonly P[]): readonly P[] =>
  prices.some(({ free }) => !free) ? prices.filter(({ free }) => !free) : prices;

// of several prices of one name, those that share most words with the question ("per year", "setup")
const best = <P extends Price>(prices: readonly P[], question: Question, language: Language): P[] => {
  const said = new Set(
    tokenise(question.text)
      .filter(({ word }) => !isStopword(word, language))
      .map(({ word }) => word),
  );
  const score = (price: P) => tokenise(price.text).filter(({ word }) => said.has(word)).length;
  const byName = new Map<string, P>();
  for (const price of prices) {
    const key = price.names.map(({ stem }) => stem).join(' ');
    const known = byName.get(key);
    if (!known || score(price) > score(known)) byName.set(key, price);
  }
  return [...byName.values()];
};

const distinct = <P extends Price>(prices: readonly P[]): P[] => {
  const byName = new Map<string, P>();
  for (const price of prices) {
    const key = price.names.map(({ stem }) => stem).join(' ');
    if (!byName.has(key)) byName.set(key, price);
  }
  return [...byName.values()];
};
