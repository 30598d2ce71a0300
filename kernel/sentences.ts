/** Text that arrives in pieces, given back sentence by sentence as soon as each is certain to be whole. */
export type SentenceSplitter = {
  /** The sentences that this piece completes, trimmed. */
  push(delta: string): string[];
  /** What is left, when no more will come. */
  flush(): string[];
};

/** Longer sentences are cut: the next piece's audio is being made while this one plays. */
const longest = 220;
const shortestClause = 60;

const speakable = /[\p{L}\p{N}]/u;
const lowerCase = /^\p{Ll}/u;
const closers = /^["'”’»)\]*_]*/u;
const wideEnd = /[。！？]/u;

/** What a full stop after never ends a sentence, whatever follows. */
const titles = new Set(
  (
    'Mr Mrs Ms Messrs Dr Dra Drs Prof Sr Sra Srta Sres Sras Dña Ud Uds Lic Ing Arq Av Avda EE Nr Núm núm pág págs art fig approx aprox ' +
    'Tel tel ext vs cf e.g i.e eg ie p.ej ej bzw z.B d.h u.a ca evtl ggf inkl exkl Hr Fr Str Mme Mlle Mlles Mgr Dott Dott.ssa Sig Sig.ra ' +
    'Gen Col Capt Sgt Lt Rev Hon Gov Sen Rep St Ste Mt Ft'
  ).split(' '),
);
/** What ends a sentence unless a number follows: "No. 5", "No. We can't." */
const beforeNumbers = new Set('No no Nos p pp vol Vol cap sec Sec ch Ch'.split(' '));
/** After initials ("the U.S. office", "J. Smith") only these start a sentence. */
const starters = new Set(
  (
    'The A An I We You He She It They This That These Those My Our Your And But So If In On At As Yes No Not What When Where Why How Who Do Does ' +
    'Is Are Can Could Would Should Will Let Please Thanks Then There Here El La Los Las Un Una Y Pero Si No Sí Nos Es En Con Por Para ' +
    'Der Die Das Ein Eine Wir Sie Ich Und Aber Le Les Nous Vous Je Il Elle Et Mais Il Lo Gli Noi O Os As Nós'
  ).split(' '),
);

/** `true`/`false`, or null when what follows has to be seen first. `before` ends right ahead of the full stop. */
const isShortened = (before: string, following: string, final: boolean): boolean | null => {
  if (/(?:^|\n)\s*(?:\d{1,3}|[a-z])$/u.test(before)) return true; // "1. First"
  const word = /[\p{L}\p{N}.]+$/u.exec(before)?.[0] ?? '';
  if (titles.has(word)) return true;
  if (beforeNumbers.has(word)) return /^\p{N}/u.test(following);
  if (!/^(?:\p{Lu}\.)*\p{Lu}$/u.test(word)) return false;
  const next = /^\p{L}+/u.exec(following)?.[0];
  if (next === undefined) return false;
  if (next.length === following.length && !final) return null;
  return !starters.has(next);
};

/** Where the first sentence of `text` ends; null while that is not certain. */
const firstEnd = (text: string, final: boolean): number | null => {
  const undecided = final ? text.length : null;
  for (let at = 0; at < text.length; at++) {
    if (at >= longest) return cut(text);
    const character = text.charAt(at);
    if (character === '\n') {
      const line = text.slice(0, at).trimEnd();
      if (!speakable.test(line)) continue;
      const rest = text.slice(at).trimStart();
      if (rest === '') return undecided;
      if (!lowerCase.test(rest) || /[.!?…:;]$/u.test(line)) return at;
    } else if (wideEnd.test(character)) {
      if (speakable.test(text.slice(0, at))) return at + 1;
    } else if (/[.!?…]/u.test(character)) {
      const run = /^[.!?…]+/u.exec(text.slice(at))?.[0] ?? character;
      const end = at + run.length + (closers.exec(text.slice(at + run.length))?.[0].length ?? 0);
      if (end >= text.length) return undecided;
      const rest = text.slice(end);
      const following = rest.trimStart();
      const before = text.slice(0, at);
      at = end - 1;
      if (following.length === rest.length || !speakable.test(before)) continue;
      if (following === '') return undecided;
      if (rest.slice(0, rest.length - following.length).includes('\n')) return end;
      if (lowerCase.test(following)) continue;
      const shortened = run === '.' ? isShortened(before, following, final) : false;
      if (shortened === null) return null;
      if (!shortened) return end;
    }
  }
  return undecided;
};

/** Where a sentence that is too long is cut: after a clause, else between words, else anywhere but inside a character. */
const cut = (text: string): number => {
  const head = text.slice(0, longest);
  const clauses = [...head.matchAll(/[,;:)—–](?=\s)/gu)]
    .map(({ index }) => index + 1)
    .filter((end) => end >= shortestClause);
  const clause = clauses.at(-1);
  if (clause !== undefined) return clause;
  const gap = head.search(/\s\S*$/u);
  if (gap > 0) return gap;
  return /[\uD800-\uDBFF]$/.test(head) ? longest - 1 : longest;
};

/** Splits a stream of text into sentences. Every character but white space comes out, once, in order. */
export const sentenceSplitter = (): SentenceSplitter => {
  let text = '';
  const take = (final: boolean): string[] => {
    const sentences: string[] = [];
    for (;;) {
      text = text.trimStart();
      const end = text === '' ? null : firstEnd(text, final);
      if (end === null) return sentences;
      sentences.push(text.slice(0, end).trim());
      text = text.slice(end);
    }
  };
  return {
    push(delta) {
      text += delta;
      return take(false);
    },
    flush: () => take(true),
  };
};

/** All sentences of a whole text. */
export const splitSentences = (text: string): string[] => {
  const splitter = sentenceSplitter();
  return [...splitter.push(text), ...splitter.flush()];
};
