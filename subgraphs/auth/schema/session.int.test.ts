import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { hash } from '@node-rs/argon2';
import { actorOf, type Data, startTestAuth, type TestAuth } from '../auth.fixture.ts';
import { hotp, stepAt } from '../domain/totp.ts';

describe('accounts and sessions', () => {
  let t: TestAuth;
  before(async () => {
    t = await startTestAuth();
  });
  after(() => t.stop());
  const refresh = (refreshToken: string): Promise<Data> => t.mutate('refreshSession', { refreshToken });
  const signIn = (input: object): Promise<Data> => t.mutate('signIn', input);
  const eventsOf = async (aggregateId: string) => {
    await t.auth.drained();
    return t.events.filter((event) => event.aggregateId === aggregateId);
  };
  const column = async (sql: string, values: unknown[] = []) => (await t.admin.query(sql, values)).rows;

  describe('signUp', () => {
    test('given a new e-mail, then there are an organization, its owner and a session', async () => {
      const email = 'Owner@Example.com';
      const answer = await t.mutate('signUp', { email, password: 'correct horse', organizationName: ' Acme & Söhne ' });
      assert.equal(answer.__typename, 'SignUpSuccess');
      assert.equal(answer.expiresIn, 300);
      assert.equal(answer.viewer.email, email);
      assert.equal(answer.viewer.role, 'OWNER');
      assert.equal(answer.viewer.organization.name, 'Acme & Söhne');
      const actor = actorOf(answer.accessToken);
      assert.equal(actor.id, answer.viewer.id);
      assert.equal(actor.tenantId, answer.viewer.organization.id);
      const { viewer } = await t.ask('{ viewer { id email role organization { id name } } }', {}, actor);
      assert.deepEqual(viewer, answer.viewer);
      assert.deepEqual(
        (await eventsOf(actor.tenantId)).map(({ type, version }) => [type, version]),
        [['auth.OrganizationCreated', 1]],
      );
      assert.deepEqual(
        (await eventsOf(actor.id)).map(({ type, version }) => [type, version]),
        [
          ['auth.UserSignedUp', 1],
          ['auth.UserSignedIn', 2],
        ],
      );
    });

    test('given an e-mail that has an account, however it is spelled, then EMAIL_TAKEN and nothing is left behind', async () => {
      const { email } = await t.signUp('taken@example.com');
      const [{ count }] = await column('SELECT count(*) FROM identity.organization');
      for (const spelling of [email, ' TAKEN@Example.com ', 'taken@example.COM']) {
        const input = { email: spelling, password: 'another one', organizationName: 'Other' };
        assert.equal((await t.mutate('signUp', input)).code, 'EMAIL_TAKEN');
      }
      assert.equal((await column('SELECT count(*) FROM identity.organization'))[0].count, count);
    });

    test('given the same e-mail many times at once, then exactly one account', async () => {
      const input = { email: 'race@example.com', password: 'correct horse', organizationName: 'Race' };
      const answers = await Promise.all(Array.from({ length: 6 }, () => t.mutate('signUp', input)));
      assert.deepEqual(answers.map(({ __typename, code }) => code ?? __typename).sort(), [
        ...Array.from({ length: 5 }, () => 'EMAIL_TAKEN'),
        'SignUpSuccess',
      ]);
      assert.equal((await column("SELECT 1 FROM identity.organization WHERE name = 'Race'")).length, 1);
    });

    test('given wrong fields, then one issue for each, with its path', async () => {
      const answer = await t.mutate('signUp', { email: 'nobody', password: 'short', organizationName: 'a\u0000b' });
      assert.equal(answer.code, 'INVALID_INPUT');
      assert.deepEqual(
        answer.issues.map(({ path }: Data) => path),
        [['email'], ['password'], ['organizationName']],
      );
    });

    test('H05 given passwords of any characters and 1,024 bytes, then sign-in tells them apart to the last byte', async () => {
      const [long, other] = [`${'x'.repeat(1023)}y`, `${'x'.repeat(1023)}z`];
      await t.signUp('long@example.com', long);
      assert.equal((await signIn({ email: 'long@example.com', password: long })).__typename, 'SignInSuccess');
      assert.equal((await signIn({ email: 'long@example.com', password: other })).code, 'INVALID_CREDENTIALS');
      await t.signUp('nul@example.com', 'before\u0000after');
      assert.equal(
        (await signIn({ email: 'nul@example.com', password: 'before\u0000afte!' })).code,
        'INVALID_CREDENTIALS',
      );
      await t.signUp('nfkc@example.com', 'A\u030angstro\u0308m');
      assert.equal((await signIn({ email: 'nfkc@example.com', password: 'Ångström' })).__typename, 'SignInSuccess');
      for (const password of ['x'.repeat(1_000_000), '']) {
        assert.equal((await signIn({ email: 'nul@example.com', password })).code, 'INVALID_CREDENTIALS');
        const input = { email: 'no@example.com', password, organizationName: 'No' };
        assert.deepEqual((await t.mutate('signUp', input)).issues[0].path, ['password']);
      }
    });
  });

  describe('signIn', () => {
    test('H07 given the right password, then a new session, also beside an open one', async () => {
      const { email, password, actor } = await t.signUp();
      const answer = await signIn({ email: ` ${email.toUpperCase()}`, password });
      assert.equal(answer.__typename, 'SignInSuccess');
      assert.notEqual(actorOf(answer.accessToken).sessionId, actor.sessionId);
    });

    test('H01 given an unknown e-mail or a wrong password, then the same answer', async () => {
      const { email } = await t.signUp();
      const wrong = await signIn({ email, password: 'wrong horse' });
      assert.equal(wrong.code, 'INVALID_CREDENTIALS');
      for (const unknown of [
        'unknown@example.com',
        'not an e-mail',
        '',
        'a\u0000b@example.com',
        `${'x'.repeat(10_000)}@example.com`,
      ]) {
        assert.deepEqual(await signIn({ email: unknown, password: 'wrong horse' }), wrong);
      }
    });

    test('H01 given many of both, then the same work: the medians lie close together', async () => {
      const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
      const times = { known: [] as number[], unknown: [] as number[] };
      for (let index = 0; index < 12; index++) {
        const { email } = await t.signUp();
        for (const [name, address] of Object.entries({ known: email, unknown: `x${email}` })) {
          const start = performance.now();
          await signIn({ email: address, password: 'wrong horse' });
          times[name as keyof typeof times].push(performance.now() - start);
        }
        await t.auth.drained();
      }
      const [known, unknown] = [median(times.known), median(times.unknown)];
      // Loose, for a busy machine: without the dummy hash it would be a factor of five.
      assert.ok(Math.max(known, unknown) / Math.min(known, unknown) < 1.5, `${known} ms and ${unknown} ms`);
    });

    test('H02 given 100 wrong passwords at once, then ten are looked at; the owner gets in after the pause', async () => {
      const { email, password, actor } = await t.signUp();
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => signIn({ email, password: `wrong horse ${index}` })),
      );
      const count = (code: string) => answers.filter((answer) => answer.code === code).length;
      assert.deepEqual([count('INVALID_CREDENTIALS'), count('RATE_LIMITED')], [10, 90]);
      const blocked = await signIn({ email, password });
      assert.equal(blocked.code, 'RATE_LIMITED');
      assert.ok(blocked.retryAfterMs > 0 && blocked.retryAfterMs <= 30_000);
      assert.equal((await eventsOf(actor.id)).filter(({ type }) => type === 'auth.SignInFailed').length, 10);
      t.clock.offset += blocked.retryAfterMs;
      assert.equal((await signIn({ email, password })).__typename, 'SignInSuccess');
      assert.equal(
        (await signIn({ email, password: 'wrong horse' })).code,
        'INVALID_CREDENTIALS',
        'counting began anew',
      );
    });

    test('H02 given as many for an e-mail nobody has, then it is slowed down just the same', async () => {
      const email = 'ghost@example.com';
      const codes: string[] = [];
      for (let index = 0; index < 11; index++) codes.push((await signIn({ email, password: 'wrong horse' })).code);
      assert.deepEqual(new Set(codes.slice(0, 10)), new Set(['INVALID_CREDENTIALS']));
      assert.equal(codes[10], 'RATE_LIMITED');
    });

    test('given one person’s many right sign-ins at once, then all get in', async () => {
      const { email, password } = await t.signUp();
      const answers = await Promise.all(Array.from({ length: 20 }, () => signIn({ email, password })));
      assert.ok(answers.every(({ __typename }) => __typename === 'SignInSuccess'));
    });

    test('H06 given a hash made at a lower cost, then it is renewed by signing in', async () => {
      const { email, password, actor } = await t.signUp();
      const old = await hash(Buffer.from(password), { memoryCost: 8192, timeCost: 1, parallelism: 1 });
      await t.admin.query('UPDATE identity.credential SET password_hash = $1 WHERE user_id = $2', [old, actor.id]);
      assert.equal((await signIn({ email, password: 'wrong horse' })).code, 'INVALID_CREDENTIALS');
      const stored = async () =>
        (await column('SELECT password_hash FROM identity.credential WHERE user_id = $1', [actor.id]))[0].password_hash;
      assert.equal(await stored(), old);
      assert.equal((await signIn({ email, password })).__typename, 'SignInSuccess');
      assert.match(await stored(), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      assert.equal((await signIn({ email, password })).__typename, 'SignInSuccess');
    });
  });

  describe('the second factor', () => {
    const codeAt = (secret: Uint8Array, offset = 0) => hotp(secret, stepAt(t.options.clock()) + offset);
    const enrol = async () => {
      const user = await t.signUp();
      const { secret, uri } = await t.mutate('beginTotpEnrolment', { password: user.password }, user.actor);
      assert.match(uri, /^otpauth:\/\/totp\/Parley%3A.+\?secret=[A-Z2-7]{32}&issuer=Parley$/);
      const bits = [...String(secret)]
        .map((character) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0'))
        .join('');
      const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
      return { ...user, secret: bytes, encoded: String(secret) };
    };

    test('given an enrolment that was not confirmed, then the password is enough', async () => {
      const { email, password, actor } = await enrol();
      assert.equal((await signIn({ email, password })).__typename, 'SignInSuccess');
      const answer = await t.mutate('confirmTotpEnrolment', { code: '000000x' }, actor);
      assert.equal(answer.code, 'INVALID_CREDENTIALS');
    });

    test('given a wrong password, then nothing is offered', async () => {
      const { actor } = await t.signUp();
      assert.equal(
        (await t.mutate('beginTotpEnrolment', { password: 'wrong horse' }, actor)).code,
        'INVALID_CREDENTIALS',
      );
      assert.equal((await t.mutate('confirmTotpEnrolment', { code: '123456' }, actor)).code, 'NOT_FOUND');
    });

    test('H20 H21 given it is enrolled, then a code is required, is good once, and the sixth guess is not looked at', async () => {
      const { email, password, actor, secret } = await enrol();
      assert.equal((await t.mutate('confirmTotpEnrolment', { code: codeAt(secret) }, actor)).enrolled, true);
      assert.equal((await t.mutate('beginTotpEnrolment', { password }, actor)).code, 'CONFLICT');
      assert.equal((await signIn({ email, password })).code, 'TOTP_REQUIRED');
      assert.equal((await signIn({ email, password: 'wrong horse' })).code, 'INVALID_CREDENTIALS');
      const wrong = await signIn({ email, password, totp: codeAt(secret) });
      assert.equal(wrong.code, 'INVALID_CREDENTIALS', 'the code that confirmed the enrolment was used');
      t.clock.offset += 30_000;
      const totp = codeAt(secret);
      const both = await Promise.all([signIn({ email, password, totp }), signIn({ email, password, totp })]);
      assert.deepEqual(both.map(({ __typename }) => __typename).sort(), ['Refusal', 'SignInSuccess']);
      t.clock.offset += 15 * 60_000 + 1;
      for (let guess = 0; guess < 5; guess++) {
        assert.equal((await signIn({ email, password, totp: codeAt(secret, -2 - guess) })).code, 'INVALID_CREDENTIALS');
      }
      assert.equal((await signIn({ email, password, totp: codeAt(secret) })).code, 'RATE_LIMITED');
    });

    test('H23 given it is enrolled, then the database holds no readable secret', async () => {
      const { actor, secret, encoded } = await enrol();
      await t.mutate('confirmTotpEnrolment', { code: codeAt(secret) }, actor);
      const [row] = await column('SELECT totp_secret, totp_offered FROM identity.credential WHERE user_id = $1', [
        actor.id,
      ]);
      assert.equal(row.totp_offered, null);
      for (const readable of [secret, Buffer.from(encoded)]) assert.equal(row.totp_secret.includes(readable), false);
    });
  });

  describe('refreshSession', () => {
    test('given a fresh token, then a new pair for the same session, again and again', async () => {
      const { refreshToken, actor } = await t.signUp();
      const seen = new Set([refreshToken]);
      let token = refreshToken;
      for (let index = 0; index < 3; index++) {
        const answer = await refresh(token);
        assert.equal(answer.__typename, 'RefreshSessionSuccess');
        const { expiresAt: _then, ...before } = actor;
        const { expiresAt: _now, ...now } = actorOf(answer.accessToken);
        assert.deepEqual(now, before);
        token = answer.refreshToken;
        seen.add(token);
      }
      assert.equal(seen.size, 4);
    });

    test('only hashes are stored', async () => {
      const { refreshToken } = await t.signUp();
      const digest = createHash('sha256').update(refreshToken).digest();
      assert.equal((await column('SELECT 1 FROM identity.refresh_token WHERE hash = $1', [digest])).length, 1);
      const rows = JSON.stringify(await column('SELECT * FROM identity.refresh_token'));
      assert.equal(rows.includes(refreshToken), false);
    });

    test('H08 given a token used before, then the family ends, and it is told', async () => {
      const { refreshToken, actor } = await t.signUp();
      const second = await refresh(refreshToken);
      const third = await refresh(second.refreshToken);
      assert.equal(third.__typename, 'RefreshSessionSuccess');
      assert.equal((await refresh(refreshToken)).code, 'INVALID_CREDENTIALS');
      assert.equal((await refresh(third.refreshToken)).code, 'INVALID_CREDENTIALS');
      assert.deepEqual(
        (await eventsOf(actor.id)).slice(-2).map(({ type, data }) => [type, (data as Data).reason]),
        [
          ['auth.RefreshTokenReused', undefined],
          ['auth.SessionRevoked', 'REFRESH_TOKEN_REUSED'],
        ],
      );
      assert.ok(t.revocations.some(({ kind, id }) => kind === 'SESSION' && id === actor.sessionId));
    });

    test('H08 given a second use after the grace, then the family ends although nobody used the successor', async () => {
      const { refreshToken } = await t.signUp();
      const second = await refresh(refreshToken);
      t.clock.offset += 10_001;
      assert.equal((await refresh(refreshToken)).code, 'INVALID_CREDENTIALS');
      assert.equal((await refresh(second.refreshToken)).code, 'INVALID_CREDENTIALS');
    });

    test('H09 given a lost reply, then the retry gets the same successor: never two live branches', async () => {
      const { refreshToken } = await t.signUp();
      const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(refreshToken)));
      assert.ok(answers.every(({ __typename }) => __typename === 'RefreshSessionSuccess'));
      assert.equal(new Set(answers.map((answer) => answer.refreshToken)).size, 1);
      assert.equal((await refresh(answers[0]?.refreshToken)).__typename, 'RefreshSessionSuccess');
      assert.equal((await refresh(refreshToken)).code, 'INVALID_CREDENTIALS', 'the successor has been used');
    });

    test('given a token that is unknown, misshapen or 30 days old, then the same answer', async () => {
      const { refreshToken } = await t.signUp();
      const codes: string[] = [];
      for (const token of ['', 'x', 'A'.repeat(43), `${refreshToken} `, 'x'.repeat(1_000_000), '\u0000']) {
        const { code, message } = await refresh(token);
        codes.push(`${code} ${message}`);
      }
      t.clock.offset += 30 * 24 * 60 * 60 * 1000;
      const expired = await refresh(refreshToken);
      assert.deepEqual(new Set([...codes, `${expired.code} ${expired.message}`]).size, 1);
    });
  });

  describe('signOut', () => {
    test('given one session, then its refresh token is no good and it is told; the other goes on', async () => {
      const first = await t.signUp();
      const second = await signIn({ email: first.email, password: first.password });
      const { signOut } = await t.ask(
        'mutation { signOut { ... on SignOutSuccess { sessionsEnded } } }',
        {},
        first.actor,
      );
      assert.equal(signOut.sessionsEnded, 1);
      assert.equal((await refresh(first.refreshToken)).code, 'INVALID_CREDENTIALS');
      assert.equal((await refresh(second.refreshToken)).__typename, 'RefreshSessionSuccess');
      assert.ok(t.revocations.some(({ id }) => id === first.actor.sessionId));
      const isOpen = async (sessionId: string | null) =>
        (
          await t.ask('query ($t: ID!, $s: ID!) { sessionIsOpen(tenantId: $t, sessionId: $s) }', {
            t: first.actor.tenantId,
            s: sessionId,
          })
        ).sessionIsOpen;
      assert.equal(await isOpen(first.actor.sessionId), false);
      assert.equal(await isOpen(actorOf(second.accessToken).sessionId), true);
    });

    test('H31 given it is everywhere, then all of the person’s sessions end and nobody else’s', async () => {
      const [mine, other] = [await t.signUp(), await t.signUp()];
      const second = await signIn({ email: mine.email, password: mine.password });
      const query = 'mutation { signOutEverywhere { ... on SignOutEverywhereSuccess { sessionsEnded } } }';
      assert.equal((await t.ask(query, {}, mine.actor)).signOutEverywhere.sessionsEnded, 2);
      assert.equal((await t.ask(query, {}, mine.actor)).signOutEverywhere.sessionsEnded, 0);
      for (const token of [mine.refreshToken, second.refreshToken]) {
        assert.equal((await refresh(token)).code, 'INVALID_CREDENTIALS');
      }
      assert.equal((await refresh(other.refreshToken)).__typename, 'RefreshSessionSuccess');
      const revoked = (await eventsOf(mine.actor.id)).filter(({ type }) => type === 'auth.SessionRevoked');
      assert.equal(revoked.length, 2);
    });

    test('given pub/sub is away, then the session has ended all the same, and the log says what was not told', async (context) => {
      const { actor, refreshToken } = await t.signUp();
      context.mock.method(t.options.pubsub, 'publish', () => Promise.reject(new Error('away')));
      const { signOut } = await t.ask('mutation { signOut { ... on SignOutSuccess { sessionsEnded } } }', {}, actor);
      assert.equal(signOut.sessionsEnded, 1);
      assert.equal((await refresh(refreshToken)).code, 'INVALID_CREDENTIALS');
      assert.ok(t.logged.some((line) => line.includes('could not be told') && line.includes(String(actor.sessionId))));
    });

    test('given an API key, which has no session, then NOT_FOUND', async () => {
      const { actor } = await t.signUp();
      const key = { ...actor, kind: 'API_KEY', sessionId: null, role: null } as const;
      const { signOut } = await t.ask('mutation { signOut { ... on Refusal { code } } }', {}, key);
      assert.equal(signOut.code, 'NOT_FOUND');
    });
  });

  test('H26 N given all of the above, then events and logs hold no e-mail, password or token', async () => {
    const user = await t.signUp('secret.person@example.com', 'a very secret password');
    await signIn({ email: user.email, password: 'a very wrong password' });
    await refresh(user.refreshToken);
    await t.auth.drained();
    const told = JSON.stringify([await column('SELECT data, actor FROM identity.event'), t.logged, t.revocations]);
    for (const secret of [
      'secret.person',
      '@example.com',
      'very secret',
      'very wrong',
      user.refreshToken,
      user.accessToken,
    ]) {
      assert.equal(told.includes(secret), false, secret);
    }
  });
});
