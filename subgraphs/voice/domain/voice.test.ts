import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinSentences, speechTextProblem } from './speechText.ts';
import { audioStatus } from './turnAudio.ts';
import { chooseVoice, isLocale, voicesOf } from './voice.ts';

const voices = ['en-US', 'en-GB', 'es-ES', 'es-MX', 'es-419', 'fr-FR'].map((locale) => ({
  id: locale.toLowerCase(),
  name: locale,
  locale,
}));
const chosen = (voiceId: string | null, locale: string) => chooseVoice(voices, { voiceId, locale })?.locale ?? null;

describe('voices', () => {
  it('of a language are all its kinds, of a locale only that one', () => {
    assert.deepEqual(
      voicesOf(voices, 'es').map(({ locale }) => locale),
      ['es-ES', 'es-MX', 'es-419'],
    );
    assert.deepEqual(
      voicesOf(voices, 'EN-gb').map(({ locale }) => locale),
      ['en-GB'],
    );
    assert.deepEqual(voicesOf(voices, 'e'), []);
    assert.equal(voicesOf(voices, null).length, voices.length);
  });

  it('are chosen by id, unless they do not speak the language', () => {
    assert.equal(chosen('en-gb', 'en-US'), 'en-GB');
    assert.equal(chosen('en-gb', 'fr-FR'), 'fr-FR');
    assert.equal(chosen('unknown', 'en'), 'en-US');
    assert.equal(chosen(null, 'en-AU'), 'en-US');
    assert.equal(chosen(null, 'es-AR'), 'es-MX');
    assert.equal(chosen(null, 'es'), 'es-ES');
    assert.equal(chosen('en-us', 'ja-JP'), null);
  });

  it('have locales written as BCP 47 does', () => {
    for (const locale of ['es', 'es-419', 'zh-Hant-TW']) assert.equal(isLocale(locale), true);
    for (const locale of ['', 'e', 'es_MX', '../x', 'x'.repeat(40)]) assert.equal(isLocale(locale), false);
  });
});

describe('a text to be spoken', () => {
  it('has 1 to 8,000 bytes and no control characters', () => {
    assert.equal(speechTextProblem('a\tb\r\nc'), null);
    assert.equal(speechTextProblem('é'.repeat(4_000)), null);
    for (const text of ['', ' \n', 'é'.repeat(4_001), 'a\u0000', 'a\u007f', 'a\u0085', '\ud800'])
      assert.ok(speechTextProblem(text), JSON.stringify(text.slice(0, 9)));
  });

  it('of very many sentences becomes few parts, in order', () => {
    const sentences = Array.from({ length: 131 }, (_, at) => `${at}.`);
    const parts = joinSentences(sentences, 64);
    assert.ok(parts.length <= 64);
    assert.equal(parts.join(' '), sentences.join(' '));
    assert.deepEqual(joinSentences(['a.', 'b.'], 64), ['a.', 'b.']);
  });
});

describe('the audio of a turn', () => {
  const turn = (complete: boolean, cutAtMs: number | null, ...statuses: ('READY' | 'FAILED' | 'UNAVAILABLE')[]) =>
    audioStatus({ complete, cutAtMs, chunks: statuses.map((status) => ({ status })) });
  it('says what became of it', () => {
    assert.equal(turn(false, null), 'PENDING');
    assert.equal(turn(false, null, 'READY'), 'PENDING');
    assert.equal(turn(true, null, 'READY', 'READY'), 'READY');
    assert.equal(turn(true, null, 'READY', 'FAILED'), 'PARTIAL');
    assert.equal(turn(true, 100, 'READY'), 'PARTIAL');
    assert.equal(turn(true, null, 'FAILED'), 'FAILED');
    assert.equal(turn(true, null, 'UNAVAILABLE'), 'UNAVAILABLE');
  });
});
