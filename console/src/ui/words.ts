/** `OBJECTION_HANDLING` → `Objection handling`. */
export const inWords = (name: string): string => {
  const words = name.toLowerCase().replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** 0.417 → `42%` */
export const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** Milliseconds as a person reads them. */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** `10:42` today, `21 Nov` before. */
export const when = (iso: string): string => {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
};

/** A locale in its reader's language, e.g. `Spanish (Spain)`. */
export const localeName = (locale: string): string => {
  try {
    return new Intl.DisplayNames([navigator.language], { type: 'language' }).of(locale) ?? locale;
  } catch {
    return locale;
  }
};
