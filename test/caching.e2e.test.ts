import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, post, signUp } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

const voices =
  'query Voices($locale: String) { voices(locale: $locale, first: 5) { edges { node { id name } } pageInfo { hasNextPage } } }';
const numbers = '{ organizationMetrics { conversationCount outcomes { outcome count } totalMs { p50 } } }';

describe('answers of the platform that may be kept', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform();
  });
  after(() => platform.stop());

  /** How often answers came from the cache, and how often they were made for it. */
  const counts = async (): Promise<{ hits: number; misses: number }> => {
    const text = await (await fetch(`${platform.url}/metrics`)).text();
    const of = (outcome: string) =>
      Number(new RegExp(`parley_response_cache_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    return { hits: of('hit'), misses: of('miss') };
  };

  test('come from the cache for a caller of equal rights, and never for another organization (I26)', async () => {
    const [one, other] = [await signUp(platform.url), await signUp(platform.url)];
    const before = await counts();
    const first = await ask<{ voices: object }>(platform.url, voices, {}, one.accessToken);
    // Its name and white space are not what it asks.
    const again = await ask<{ voices: object }>(platform.url, voices.replace('Voices', ' Same '), {}, one.accessToken);
    assert.deepEqual(again, first);
    assert.deepEqual(await counts(), { hits: before.hits + 1, misses: before.misses + 1 });
    await ask(platform.url, voices, { locale: 'es' }, one.accessToken);
    await ask(platform.url, voices, {}, other.accessToken);
    await ask(platform.url, numbers, {}, one.accessToken);
    await ask(platform.url, numbers, {}, other.accessToken);
    assert.deepEqual(await counts(), { hits: before.hits + 1, misses: before.misses + 5 });
  });

  test('a caller without the right gets the refusal, whatever is there', async () => {
    const owner = await signUp(platform.url);
    await ask(platform.url, numbers, {}, owner.accessToken);
    const { createApiKey } = await ask<{ createApiKey: { secret: string } }>(
      platform.url,
      'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } } }',
      { input: { name: 'key', scopes: ['voices:read'] } },
      owner.accessToken,
    );
    const { data, errors } = await post(platform.url, numbers, {}, createApiKey.secret);
    assert.equal(data?.['organizationMetrics'] ?? null, null);
    assert.equal(errors?.[0]?.extensions?.['code'], 'UNAUTHORIZED_FIELD_OR_TYPE');
    const before = await counts();
    await post(platform.url, numbers, {}, createApiKey.secret);
    assert.deepEqual(await counts(), before);
  });

  test('clients and proxies are told to keep nothing (A28)', async () => {
    const { accessToken } = await signUp(platform.url);
    for (let n = 0; n < 2; n++) {
      const response = await fetch(`${platform.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ query: numbers }),
      });
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.match(response.headers.get('vary') ?? '', /authorization/);
      assert.equal(((await response.json()) as { errors?: unknown }).errors, undefined);
    }
  });

  test('switched off, nothing is kept', async () => {
    const off = await startTestPlatform({ GATEWAY_CACHE: 'false' });
    try {
      const { accessToken } = await signUp(off.url);
      for (let n = 0; n < 2; n++) await ask(off.url, voices, {}, accessToken);
      assert.doesNotMatch(await (await fetch(`${off.url}/metrics`)).text(), /response_cache_total\{/);
    } finally {
      await off.stop();
    }
  });
});
