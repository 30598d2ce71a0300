/** Language codes that stand for no language in particular (ISO 639-2: multiple, uncoded, no linguistic content). */
const noLanguage = new Set(['mul', 'mis', 'zxx']);

const languageNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** The language tag in canonical case (`en-us` → `en-US`), or null when it is none (BCP 47) or of a language nobody knows. */
export const canonicalLocale = (locale: string): string | null => {
  if (locale.length > 35) return null;
  try {
    const tag = new Intl.Locale(locale);
    return noLanguage.has(tag.language) || languageNames.of(tag.language) === undefined ? null : tag.toString();
  } catch {
    return null;
  }
};
