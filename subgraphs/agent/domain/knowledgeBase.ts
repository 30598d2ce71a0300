import { Refusal, type RefusalIssue } from '@parley/kernel/refusal';
import { lineProblem } from './agent.ts';
import type { Language } from './language.ts';
import { splitPassages } from './passages.ts';
import { isStopword, tokenise } from './text.ts';

export const maxDocumentBytes = 1_000_000;
const maxPassageCharacters = 10 * maxDocumentBytes;

// C0 and C1 controls but tab, line feed and carriage return.
const control = /[^\P{Cc}\t\n\r]/u;

/** @throws Refusal INVALID_INPUT */
export const checkKnowledgeBaseName = (name: string): void => {
  const problem = lineProblem(name, 200);
  if (problem !== null) {
    throw new Refusal('INVALID_INPUT', `name ${problem}.`, { issues: [{ path: ['name'], message: problem }] });
  }
};

const textProblem = (text: string, bytes: number): string | null => {
  if (text.trim() === '') return 'must not be empty';
  if (bytes > maxDocumentBytes) return `must be at most ${maxDocumentBytes} bytes of UTF-8`;
  if (control.test(text)) return 'must not hold control characters but tabs and line breaks';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return null;
};

/**
 * @returns the size of a document's text in bytes of UTF-8, and its language
 * @throws Refusal INVALID_INPUT with one issue per wrong field
 */
export const checkDocument = (document: { title: string; text: string }): { bytes: number; language: Language } => {
  const bytes = Buffer.byteLength(document.text, 'utf8');
  const issues: RefusalIssue[] = [];
  for (const [field, message] of Object.entries({
    title: lineProblem(document.title, 300),
    text: textProblem(document.text, bytes),
  })) {
    if (message !== null) issues.push({ path: [field], message });
  }
  if (issues.length > 0) throw new Refusal('INVALID_INPUT', 'The document cannot be added like this.', { issues });
  return { bytes, language: languageOfText(document.text) };
};

/**
 * A document's passages. Each repeats the heading it stands under: a very long heading over very many items would make
 * gigabytes of one megabyte.
 * @throws Refusal INVALID_INPUT
 */
export const passagesOf = (text: string): string[] => {
  const passages = splitPassages(text);
  if (passages.reduce((sum, passage) => sum + passage.length, 0) > maxPassageCharacters) {
    const message = 'has headings that are too long to be repeated with each of their passages';
    throw new Refusal('INVALID_INPUT', 'The document cannot be added like this.', {
      issues: [{ path: ['text'], message }],
    });
  }
  return passages;
};

/** What a text is written in, by whose small words ("the", "de") it uses more of; English where that says nothing. */
export const languageOfText = (text: string): Language => {
  const words = tokenise(text.slice(0, 20_000));
  const share = (language: Language) => words.filter(({ word }) => isStopword(word, language)).length;
  return share('es') > share('en') ? 'es' : 'en';
};
