import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalLocale } from '@parley/kernel/locale';
import { Refusal } from '@parley/kernel/refusal';
import { type AgentInput, type AgentSettings, changedSettings, decideSettings, lineProblem } from './agent.ts';

const known = { voice: true, knowledgeBase: true };
const mia: AgentSettings = {
  name: 'Mia',
  locale: 'en-US',
  voiceId: 'ana',
  knowledgeBaseId: 'base',
  personality: { warmth: 0.1, formality: 0.2, assertiveness: 0.3, brevity: 0.4 },
};
const refusalOf = (input: AgentInput, before: AgentSettings | null = null, found = known): Refusal => {
  try {
    decideSettings(before, input, found);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('agent settings', () => {
  test('a locale becomes canonical; what is no tag, or of no language, is none', () => {
    for (const [given, canonical] of Object.entries({
      EN: 'en',
      'en-us': 'en-US',
      'zh-hant-tw': 'zh-Hant-TW',
      iw: 'he',
      eng: 'en',
      tlh: 'tlh',
      'en-US-u-ca-gregory': 'en-US-u-ca-gregory',
    })) {
      assert.equal(canonicalLocale(given), canonical, given);
    }
    for (const given of [
      '',
      'xx',
      'und',
      'mul',
      'zxx',
      'root',
      'en_US',
      'e',
      'english language',
      'x-private',
      `en-${'x'.repeat(40)}`,
    ]) {
      assert.equal(canonicalLocale(given), null, given);
    }
  });

  test('a name is one line of 1 to 200 characters, whatever script', () => {
    for (const name of ['M', '👋'.repeat(200), 'Ñandú', 'x'.repeat(200)])
      assert.equal(lineProblem(name, 200), null, name);
    for (const name of ['', ' ', '\u3000', 'x'.repeat(201), 'a\tb', 'a\u0085b', 'a\u007fb', '\udc00']) {
      assert.notEqual(lineProblem(name, 200), null, JSON.stringify(name));
    }
  });

  test('a new agent needs a name and a locale, the rest has a middle', () => {
    assert.deepEqual(
      decideSettings(
        null,
        { name: 'Mia', locale: 'en-us', personality: { warmth: 0, brevity: 1, formality: null } },
        known,
      ),
      {
        name: 'Mia',
        locale: 'en-US',
        voiceId: null,
        knowledgeBaseId: null,
        personality: { warmth: 0, formality: 0.5, assertiveness: 0.5, brevity: 1 },
      },
    );
    assert.deepEqual(
      refusalOf({}).issues.map(({ path }) => path),
      [['name'], ['locale']],
    );
  });

  test('traits outside 0..1, and those that are no number, are named one by one', () => {
    const personality = {
      warmth: -0.001,
      formality: Number.NaN,
      assertiveness: Number.POSITIVE_INFINITY,
      brevity: 1.001,
    };
    const { code, issues } = refusalOf({ name: 'Mia', locale: 'en', personality });
    assert.equal(code, 'INVALID_INPUT');
    assert.deepEqual(
      issues.map(({ path }) => path),
      [
        ['personality', 'warmth'],
        ['personality', 'formality'],
        ['personality', 'assertiveness'],
        ['personality', 'brevity'],
      ],
    );
  });

  test('what is not there is told with what else is wrong; a knowledge base alone is NOT_FOUND', () => {
    const input = { name: 'Mia', locale: 'en' };
    assert.equal(refusalOf(input, null, { voice: true, knowledgeBase: false }).code, 'NOT_FOUND');
    assert.equal(refusalOf(input, null, { voice: false, knowledgeBase: true }).code, 'INVALID_INPUT');
    assert.deepEqual(
      refusalOf(input, null, { voice: false, knowledgeBase: false }).issues.map(({ path }) => path),
      [['voiceId'], ['knowledgeBaseId']],
    );
  });

  test('a change touches what it names; null clears what may be missing and nothing else', () => {
    assert.deepEqual(decideSettings(mia, {}, known), mia);
    assert.deepEqual(
      decideSettings(mia, { voiceId: null, knowledgeBaseId: null, personality: { warmth: 1, brevity: null } }, known),
      {
        ...mia,
        voiceId: null,
        knowledgeBaseId: null,
        personality: { ...mia.personality, warmth: 1 },
      },
    );
    assert.deepEqual(
      refusalOf({ name: null, locale: null }, mia).issues.map(({ path }) => path),
      [['name'], ['locale']],
    );
  });

  test('the changed settings are told by name', () => {
    assert.deepEqual(changedSettings(mia, mia), []);
    const after = decideSettings(mia, { name: 'Eva', locale: 'es', voiceId: null, personality: { brevity: 0 } }, known);
    assert.deepEqual(changedSettings(mia, after), ['name', 'locale', 'voiceId', 'brevity']);
  });
});
