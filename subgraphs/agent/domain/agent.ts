import { canonicalLocale } from '@parley/kernel/locale';
import { Refusal, type RefusalIssue } from '@parley/kernel/refusal';

/** How an agent speaks, each trait 0..1. */
export const traits = ['warmth', 'formality', 'assertiveness', 'brevity'] as const;
export type Trait = (typeof traits)[number];
export type Personality = Readonly<Record<Trait, number>>;
export const neutral: Personality = { warmth: 0.5, formality: 0.5, assertiveness: 0.5, brevity: 0.5 };

/** What an organization decides about an agent. */
export type AgentSettings = {
  readonly name: string;
  readonly locale: string;
  readonly voiceId: string | null;
  readonly knowledgeBaseId: string | null;
  readonly personality: Personality;
};
/** As asked for: `undefined` leaves a setting as it is, `null` takes it away where it can be missing. */
export type AgentInput = {
  readonly name?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly voiceId?: string | null | undefined;
  readonly knowledgeBaseId?: string | null | undefined;
  readonly personality?: Readonly<Partial<Record<Trait, number | null | undefined>>> | null | undefined;
};
/** What only stores can tell about an input: does what it names exist? */
export type Known = { readonly voice: boolean; readonly knowledgeBase: boolean };

// C0 and C1 controls; PostgreSQL text cannot even hold NUL.
const control = /\p{Cc}/u;

/** @returns what is wrong with a one-line name or title, or null */
export const lineProblem = (text: string, limit: number): string | null =>
  text.trim() === '' || [...text].length > limit || control.test(text) || !text.isWellFormed()
    ? `must be 1 to ${limit} characters, none of them a control character`
    : null;

/**
 * The settings that a new agent (`before` null) or a changed one ends up with.
 * @throws Refusal INVALID_INPUT with one issue per wrong field, NOT_FOUND when only the knowledge base is unknown
 */
export const decideSettings = (before: AgentSettings | null, input: AgentInput, known: Known): AgentSettings => {
  const issues: RefusalIssue[] = [];
  const wrong = (path: readonly string[], message: string) => {
    issues.push({ path, message });
  };

  const name = input.name === undefined && before ? before.name : (input.name ?? '');
  const nameProblem = lineProblem(name, 200);
  if (nameProblem !== null) wrong(['name'], nameProblem);

  const locale = input.locale === undefined && before ? before.locale : canonicalLocale(input.locale ?? '');
  if (locale === null) wrong(['locale'], 'is not a language tag (BCP 47) of a known language');

  for (const trait of traits) {
    const value = input.personality?.[trait];
    if (value != null && !(value >= 0 && value <= 1)) wrong(['personality', trait], 'must be between 0 and 1');
  }
  if (!known.voice) wrong(['voiceId'], 'is not the id of a voice');
  const invalid = issues.length > 0;
  if (!known.knowledgeBase) wrong(['knowledgeBaseId'], 'is not the id of a knowledge base');

  if (invalid || locale === null) throw new Refusal('INVALID_INPUT', 'The agent cannot be like this.', { issues });
  if (issues.length > 0) throw new Refusal('NOT_FOUND', 'There is no such knowledge base.', { issues });
  const was = before?.personality ?? neutral;
  const trait = (key: Trait) => input.personality?.[key] ?? was[key];
  return {
    name,
    locale,
    voiceId: input.voiceId === undefined ? (before?.voiceId ?? null) : input.voiceId,
    knowledgeBaseId: input.knowledgeBaseId === undefined ? (before?.knowledgeBaseId ?? null) : input.knowledgeBaseId,
    personality: {
      warmth: trait('warmth'),
      formality: trait('formality'),
      assertiveness: trait('assertiveness'),
      brevity: trait('brevity'),
    },
  };
};

/** Which settings differ. */
export const changedSettings = (before: AgentSettings, after: AgentSettings): string[] => [
  ...(['name', 'locale', 'voiceId', 'knowledgeBaseId'] as const).filter((field) => before[field] !== after[field]),
  ...traits.filter((trait) => before.personality[trait] !== after.personality[trait]),
];
