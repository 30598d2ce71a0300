/** The languages the built-in engine has wording, stemming and a classifier for (ISO 639-1). */
export type Language = 'en' | 'es';

/** What a BCP 47 locale is answered in: its first subtag decides; every other language falls back to English. */
export const languageOf = (locale: string): Language =>
  locale.split(/[-_]/, 1)[0]?.toLowerCase() === 'es' ? 'es' : 'en';
