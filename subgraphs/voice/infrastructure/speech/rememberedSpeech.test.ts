import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberedSpeech } from './rememberedSpeech.ts';
import type { SpeechRequest, SpeechSynthesizer } from './speechSynthesizer.ts';

const request = (text: string, more: Partial<SpeechRequest> = {}): SpeechRequest => ({
  text,
  voiceId: 'v',
  locale: 'en-US',
  ...more,
});

const countingSpeech = () => {
  const asked: string[] = [];
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const speech: SpeechSynthesizer = {
    voices: async () => [],
    close: async () => {},
    synthesize: async ({ text }) => {
      asked.push(text);
      await gate;
      if (text === 'broken') throw new Error('the engine failed');
      return { samples: new Int16Array(1000), sampleRate: 22_050, words: [], durationMs: 45 };
    },
  };
  return { asked, release, speech };
};

test('equal sentences are made once, also when asked for at the same time', async () => {
  const { asked, release, speech } = countingSpeech();
  const remembered = rememberedSpeech(speech, 1_000_000);
  const all = [1, 2, 3].map(() => remembered.synthesize(request('Hello.'), { priority: 0 }));
  release();
  const results = await Promise.all(all);
  assert.equal(new Set(results).size, 1);
  assert.equal(await remembered.synthesize(request('Hello.'), { priority: 0 }), results[0]);
  await remembered.synthesize(request('Hello.', { rate: 2 }), { priority: 0 });
  await remembered.synthesize(request('Hello.', { voiceId: 'w' }), { priority: 0 });
  assert.equal(asked.length, 3);
});

test('a failure is not remembered', async () => {
  const { asked, release, speech } = countingSpeech();
  release();
  const remembered = rememberedSpeech(speech, 1_000_000);
  for (let i = 0; i < 2; i++) await assert.rejects(remembered.synthesize(request('broken'), { priority: 0 }), /engine/);
  assert.equal(asked.length, 2);
});

test('one caller’s abort does not take the words from another', async () => {
  const { asked, release, speech } = countingSpeech();
  const remembered = rememberedSpeech(speech, 1_000_000);
  const leaving = new AbortController();
  const left = remembered.synthesize(request('Hello.'), { priority: 0, signal: leaving.signal });
  const stays = remembered.synthesize(request('Hello.'), { priority: 0 });
  leaving.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  release();
  assert.equal((await stays).durationMs, 45);
  assert.equal(asked.length, 1);
});

test('what is held is bounded by its samples', async () => {
  const { asked, release, speech } = countingSpeech();
  release();
  const remembered = rememberedSpeech(speech, 5000);
  for (const text of ['a', 'b', 'c', 'a']) await remembered.synthesize(request(text), { priority: 0 });
  assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
});
