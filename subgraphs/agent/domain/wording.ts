import type { Language } from './language.ts';
import { english } from './wording.en.ts';
import { spanish } from './wording.es.ts';

/** What the agent asks at the end of a turn; recognised again in the history, so that it is not asked twice. */
export type Ask =
  | 'OPEN'
  | 'NEED'
  | 'SIZE'
  | 'TIMELINE'
  | 'WHICH'
  | 'DEMO'
  | 'FOLLOW_UP'
  | 'CONTACT'
  | 'TIME'
  | 'CONCERN'
  | 'MORE';
/** Things the agent says that are not from the knowledge base: none holds a number, a name or a claim about a product. */
export type Line =
  | 'hello'
  | 'helloAgain'
  | 'disclosure'
  | 'identity'
  | 'lead'
  | 'warmLead'
  | 'unknown'
  | 'unknownPrice'
  | 'unknownPart'
  | 'near'
  | 'outOfScope'
  | 'unintelligible'
  | 'thanks'
  | 'goodbye'
  | 'notInterested'
  | 'human'
  | 'details'
  | 'buy'
  | 'demo'
  | 'yes'
  | 'no'
  | 'noted'
  | 'rephrase'
  | 'prices'
  | 'help'
  | `objection${'PRICE' | 'VALUE' | 'NEED' | 'TIMING' | 'AUTHORITY' | 'TRUST' | 'COMPETITION' | 'FEATURES' | 'IMPLEMENTATION' | 'SUPPORT' | 'COMPATIBILITY'}`;

/** Variants of each line. "{casual|formal}" is resolved by formality, "@name" and "@topic" are filled in. */
export type Wording = {
  lines: Readonly<Record<Line, readonly string[]>>;
  asks: Readonly<Record<Ask, readonly string[]>>;
};

export const wordings: Readonly<Record<Language, Wording>> = { en: english, es: spanish };

/** A template as it is said: formality from 0.6 on picks the formal side. */
export const render = (template: string, formality: number, fill: Readonly<Record<string, string>> = {}): string =>
  template
    .replace(/\{([^|{}]*)\|([^|{}]*)\}/g, (_, casual: string, formal: string) => (formality >= 0.6 ? formal : casual))
    .replace(/@(name|topic)/g, (_, key: string) => fill[key] ?? '');

/** The last thing an agent's text asked, as far as this engine words it. */
export const askIn = (text: string, language: Language): Ask | null => {
  let found: Ask | null = null;
  let last = -1;
  for (const [ask, variants] of Object.entries(wordings[language].asks) as [Ask, readonly string[]][]) {
    for (const variant of variants) {
      for (const formality of [0, 1]) {
        const at = text.lastIndexOf(render(variant, formality));
        if (at > last) {
          last = at;
          found = ask;
        }
      }
    }
  }
  return found;
};
