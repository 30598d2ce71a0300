import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiKeyScopes } from '@parley/kernel/actor';
import { Refusal } from '@parley/kernel/refusal';
import { checkApiKey, roleOfApiKey } from './apiKey.ts';
import { emailProblem, normaliseEmail } from './email.ts';
import { nameProblem, normaliseName } from './name.ts';
import { passwordBytes, passwordProblem } from './password.ts';

describe('e-mail addresses', () => {
  test('given what people have, they are accepted', () => {
    for (const email of [
      'a@b.co',
      ' Jo.O’Hara+tag@sub.example.com ',
      'jörg@müller.example',
      'x_1%-=@xn--mller-kva.de',
      `${'a'.repeat(64)}@example.com`,
    ]) {
      assert.equal(emailProblem(email), null, email);
    }
  });
  test('given what no mail can be sent to, they are not', () => {
    for (const email of [
      ...['', 'a', '@', 'a@', '@b.co', 'a@b', 'a@b..co', 'a@-b.co', 'a@b-.co', 'a@b.co.', 'a b@c.de', 'a@b c.de'],
      ...[
        '.a@b.co',
        'a.@b.co',
        'a..b@c.de',
        'a@@b.co',
        'a\0@b.co',
        'a@b.co\u0007',
        '\ud800@b.co',
        'a@b.c\u202eo',
        '<a@b.co>',
      ],
      `${'a'.repeat(65)}@example.com`,
      `a@${'b'.repeat(64)}.com`,
      `a@${'b.'.repeat(126)}com`,
    ]) {
      assert.notEqual(emailProblem(email), null, JSON.stringify(email));
    }
  });
  test('given two spellings of one address, they compare equal', () => {
    assert.equal(normaliseEmail(' Jo\u0308RG@Example.COM\n'), normaliseEmail('jörg@example.com'));
  });
});

describe('passwords', () => {
  test('H05 given 8 to 1,024 bytes, they are accepted, whatever is in them', () => {
    for (const password of ['12345678', 'äöüß', 'a\0b\0c\0d\0', '        ', 'x'.repeat(73), 'x'.repeat(1024), '🔑🔑']) {
      assert.equal(passwordProblem(password), null);
    }
  });
  test('H05 given fewer or more bytes, or half a character, they are not', () => {
    for (const password of ['', '1234567', 'äöü', 'x'.repeat(1025), 'x'.repeat(1_000_000), '\ud83d1234567', 'ＡＢＣ']) {
      assert.notEqual(passwordProblem(password), null);
    }
  });
  test('H05 given two spellings of one password, their bytes are equal; nothing is cut', () => {
    assert.deepEqual(passwordBytes('A\u030angstro\u0308m ﬁ'), passwordBytes('Ångström fi'));
    assert.notDeepEqual(passwordBytes('x'.repeat(1023)), passwordBytes('x'.repeat(1024)));
    assert.notDeepEqual(passwordBytes('12345678\0a'), passwordBytes('12345678\0b'));
  });
  test('H05 given a password of many decomposed characters, its normal form counts', () => {
    assert.equal(passwordProblem('e\u0301'.repeat(512)), null);
    assert.notEqual(passwordProblem('e\u0301'.repeat(513)), null);
  });
});

describe('names', () => {
  test('given 1 to 200 characters, they are accepted and stored without blanks around them', () => {
    for (const name of ['A', ' Acme & Söhne ', '会社', '👩‍👩‍👧', 'x'.repeat(200), '🏢'.repeat(200)]) {
      assert.equal(nameProblem(name), null, name);
    }
    assert.equal(normaliseName('  Acme  '), 'Acme');
  });
  test('given nothing, too much or control characters, they are not', () => {
    for (const name of ['', '   ', 'x'.repeat(201), 'a\nb', 'a\0', 'a\u0085', 'a\u2028b', '\udc00']) {
      assert.notEqual(nameProblem(name), null, JSON.stringify(name));
    }
  });
});

describe('API keys', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const input = { name: 'ci', scopes: ['agents:read'], expiresAt: null };
  const issuesOf = (changes: object) => {
    try {
      checkApiKey({ ...input, ...changes }, now);
    } catch (error) {
      assert.ok(error instanceof Refusal);
      assert.equal(error.code, 'INVALID_INPUT');
      return error.issues.map(({ path }) => path.join('.'));
    }
    return [];
  };
  test('given scopes twice, each is kept once', () => {
    assert.deepEqual(checkApiKey({ ...input, scopes: ['agents:read', 'agents:read'] }, now).scopes, ['agents:read']);
  });
  test('given every scope a key may have, persisted among them, it is an ordinary key', () => {
    assert.deepEqual(issuesOf({ scopes: [...apiKeyScopes] }), []);
  });
  test('given several wrong fields, each is an issue with its path', () => {
    assert.deepEqual(
      issuesOf({ name: '', scopes: ['agents:read', 'organization:admin', 'visitor', 'AGENTS:READ'], expiresAt: now }),
      ['name', 'scopes.1', 'scopes.2', 'scopes.3', 'expiresAt'],
    );
    assert.deepEqual(issuesOf({ scopes: [] }), ['scopes']);
  });
  test('given a partner, a key shows itself as a partner', () => {
    assert.equal(roleOfApiKey('p'), 'PARTNER');
    assert.equal(roleOfApiKey(null), 'MANAGER');
  });
});
