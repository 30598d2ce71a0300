/** A voice and its language. `locale` is BCP 47. */
export type Voice = { readonly id: string; readonly name: string; readonly locale: string };

const languageOf = (locale: string): string => locale.toLowerCase().split('-', 1)[0] ?? '';

/** Is this written like a language tag (BCP 47)? */
export const isLocale = (locale: string): boolean => {
  try {
    return locale.length <= 35 && Intl.getCanonicalLocales(locale).length === 1;
  } catch {
    return false;
  }
};

/** The voices of a locale: `es` means every kind of Spanish, `es-MX` only that one. */
export const voicesOf = <V extends Voice>(voices: readonly V[], locale: string | null): readonly V[] => {
  if (locale === null) return voices;
  const wanted = locale.toLowerCase();
  return voices.filter((voice) => {
    const has = voice.locale.toLowerCase();
    return has === wanted || has.startsWith(`${wanted}-`);
  });
};

/** Kinds of Spanish nearest to a Latin American one that has no voice of its own. */
const spain = new Set(['es', 'es-es', 'ca-es']);

/**
 * The voice that speaks a text of `locale`: the wanted one if it speaks that language, else the locale's first, else
 * another of its language. null: nobody here speaks it.
 */
export const chooseVoice = <V extends Voice>(
  voices: readonly V[],
  wanted: { voiceId: string | null; locale: string },
): V | null => {
  const language = languageOf(wanted.locale);
  const chosen = voices.find(({ id, locale }) => id === wanted.voiceId && languageOf(locale) === language);
  if (chosen) return chosen;
  const [exact] = voicesOf(voices, wanted.locale);
  if (exact) return exact;
  const near = voices.filter(({ locale }) => languageOf(locale) === language);
  const latin = language === 'es' && !spain.has(wanted.locale.toLowerCase());
  return (latin ? near.find(({ locale }) => !spain.has(locale.toLowerCase())) : undefined) ?? near[0] ?? null;
};
