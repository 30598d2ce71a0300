import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedStep, base32, hotp, stepAt } from './totp.ts';

const secret = Buffer.from('12345678901234567890');

describe('one-time codes', () => {
  test('H19 RFC 4226 appendix D: ten counters', () => {
    const expected = [
      '755224',
      '287082',
      '359152',
      '969429',
      '338314',
      '254676',
      '287922',
      '162583',
      '399871',
      '520489',
    ];
    assert.deepEqual(
      expected.map((_, counter) => hotp(secret, counter)),
      expected,
    );
  });

  test('H19 RFC 6238 appendix B: six moments with three hashes', () => {
    const seeds = { sha1: 20, sha256: 32, sha512: 64 } as const;
    const rows: [seconds: number, sha1: string, sha256: string, sha512: string][] = [
      [59, '94287082', '46119246', '90693936'],
      [1111111109, '07081804', '68084774', '25091201'],
      [1111111111, '14050471', '67062674', '99943326'],
      [1234567890, '89005924', '91819424', '93441116'],
      [2000000000, '69279037', '90698825', '38618901'],
      [20000000000, '65353130', '77737706', '47863826'],
    ];
    for (const [seconds, ...codes] of rows) {
      const step = stepAt(new Date(seconds * 1000));
      for (const [index, algorithm] of (['sha1', 'sha256', 'sha512'] as const).entries()) {
        const seed = Buffer.from('1234567890'.repeat(7).slice(0, seeds[algorithm]));
        assert.equal(hotp(seed, step, 8, algorithm), codes[index], `${algorithm} at ${seconds}`);
      }
    }
  });

  const now = new Date(1_700_000_010_000);
  const codeAt = (offset: number) => hotp(secret, stepAt(now) + offset);

  test('H20 given this step or a neighbour it is accepted, two steps off it is not', () => {
    assert.deepEqual(
      [-2, -1, 0, 1, 2].map((offset) => acceptedStep(secret, codeAt(offset), now, null) !== null),
      [false, true, true, true, false],
    );
  });

  test('H20 given a code that was used, neither it nor an older one is accepted again', () => {
    const used = acceptedStep(secret, codeAt(0), now, null);
    assert.equal(used, stepAt(now));
    assert.equal(acceptedStep(secret, codeAt(0), now, used), null);
    assert.equal(acceptedStep(secret, codeAt(-1), now, used), null);
    assert.equal(acceptedStep(secret, codeAt(1), now, used), stepAt(now) + 1);
  });

  test('given something that is no code it is not accepted', () => {
    for (const code of ['', '12345', '1234567', 'abcdef', '０００000', `${codeAt(0)}0`]) {
      assert.equal(acceptedStep(secret, code, now, null), null);
    }
  });

  test('RFC 4648 §10: base32 without padding', () => {
    const pairs = {
      '': '',
      f: 'MY',
      fo: 'MZXQ',
      foo: 'MZXW6',
      foob: 'MZXW6YQ',
      fooba: 'MZXW6YTB',
      foobar: 'MZXW6YTBOI',
    };
    for (const [plain, encoded] of Object.entries(pairs)) assert.equal(base32(Buffer.from(plain)), encoded);
  });
});
