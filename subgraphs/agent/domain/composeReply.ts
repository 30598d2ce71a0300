import type { Quote } from './knowledge.ts';
import type { Language } from './language.ts';
import { type Ask, askIn, type Line, render, wordings } from './wording.ts';

export type Personality = { warmth: number; formality: number; assertiveness: number; brevity: number };

/** Picks wording for one reply: `seed` chooses among variants, those of `last` (the agent's last text) are avoided. */
export type Voice = {
  say(line: Line, topic?: string): string;
  ask(ask: Ask): string;
  quotes(quotes: readonly Quote[], most?: number): readonly Quote[];
};

/** A number from a text, the same every time (FNV-1a). */
export const seedOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
};

/** The voice of an agent: formality picks the form of address, brevity how much is quoted. */
export const voiceOf = (
  name: string,
  personality: Personality,
  language: Language,
  seed: number,
  last: string,
): Voice => {
  const { lines, asks } = wordings[language];
  const pick = (variants: readonly string[], fill: Record<string, string>): string => {
    const said = variants.map((variant) => render(variant, personality.formality, fill));
    const fresh = said.filter((text) => !last.includes(text));
    const choices = fresh.length > 0 ? fresh : said;
    return choices[seed % choices.length] ?? '';
  };
  const most = personality.brevity >= 0.65 ? 1 : personality.brevity <= 0.35 ? 3 : 2;
  return {
    say: (line, topic = '') => pick(lines[line], { name, topic }),
    ask: (ask) => pick(asks[ask], { name }),
    quotes: (quotes, least = 0) => quotes.slice(0, Math.max(most, least)),
  };
};

/** Asks the agent made before, and the one its last text ended with. */
export const asksBefore = (
  agentTexts: readonly string[],
  language: Language,
): { asked: ReadonlySet<Ask>; last: Ask | null } => {
  const found = agentTexts.map((text) => askIn(text, language));
  return { asked: new Set(found.filter((ask) => ask !== null)), last: found.at(-1) ?? null };
};

/** A reply's words, each with the white space that follows it: joined they are the reply. */
export const wordsOf = (reply: string): string[] => reply.match(/\s*\S+\s*/gu) ?? [];
