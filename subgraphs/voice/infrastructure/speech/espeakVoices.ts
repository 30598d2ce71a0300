import type { SpeechVoice } from './speechSynthesizer.ts';

/** A voice and how espeak makes it: `engineVoice` is its language and variant, `pitch` 0..99, `dictionary` the data file. */
export type EspeakVoice = SpeechVoice & {
  readonly engineVoice: string;
  readonly dictionary: string;
  readonly pitch: number;
};

type Timbre = readonly [variant: string, pitch: number];
const low: Timbre = ['m3', 45];
const deep: Timbre = ['m7', 40];
const bright: Timbre = ['f2', 55];
const warm: Timbre = ['f4', 50];

const voice = (locale: string, engine: string, name: string, [variant, pitch]: Timbre): EspeakVoice => ({
  id: `${locale}-${name}`.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase(),
  name,
  locale,
  engineVoice: `${engine}+${variant}`,
  dictionary: engine.slice(0, 2) === 'nb' ? 'no' : engine.slice(0, 2),
  pitch,
});

/** The built-in voices. Ids are for ever: a voice may be retuned or added, never renamed. The first of a locale is its default. */
export const espeakVoices: readonly EspeakVoice[] = [
  voice('en-US', 'en-us', 'Ava', bright),
  voice('en-US', 'en-us', 'Noah', low),
  voice('en-US', 'en-us', 'Grace', warm),
  voice('en-GB', 'en-gb-x-rp', 'Isla', bright),
  voice('en-GB', 'en-gb-x-rp', 'Oliver', low),
  voice('es-ES', 'es', 'Lucía', bright),
  voice('es-ES', 'es', 'Mateo', low),
  voice('es-MX', 'es-419', 'Ximena', bright),
  voice('es-MX', 'es-419', 'Diego', low),
  voice('es-419', 'es-419', 'Valentina', warm),
  voice('es-419', 'es-419', 'Santiago', deep),
  voice('fr-FR', 'fr', 'Camille', bright),
  voice('fr-FR', 'fr', 'Louis', low),
  voice('de-DE', 'de', 'Hanna', bright),
  voice('de-DE', 'de', 'Lukas', low),
  voice('it-IT', 'it', 'Giulia', bright),
  voice('it-IT', 'it', 'Marco', low),
  voice('pt-BR', 'pt-br', 'Beatriz', bright),
  voice('pt-BR', 'pt-br', 'Rafael', low),
  voice('pt-PT', 'pt', 'Inês', warm),
  voice('pt-PT', 'pt', 'Tiago', deep),
  voice('nl-NL', 'nl', 'Sanne', bright),
  voice('nl-NL', 'nl', 'Daan', low),
  voice('ca-ES', 'ca', 'Laia', bright),
  voice('pl-PL', 'pl', 'Zofia', bright),
  voice('sv-SE', 'sv', 'Elsa', bright),
  voice('da-DK', 'da', 'Freja', bright),
  voice('nb-NO', 'nb', 'Nora', bright),
  voice('fi-FI', 'fi', 'Aino', bright),
  voice('cs-CZ', 'cs', 'Eliška', bright),
  voice('ro-RO', 'ro', 'Ioana', bright),
  voice('hu-HU', 'hu', 'Hanna', bright),
  voice('tr-TR', 'tr', 'Elif', bright),
  voice('el-GR', 'el', 'Eleni', bright),
];
