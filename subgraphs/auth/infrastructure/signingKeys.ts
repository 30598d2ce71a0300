import type { MasterKey } from '@parley/kernel/keyFile';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { nextSignsFrom, overlapMs, publishedKeys, signingKeyAt } from '../domain/signingKey.ts';
import { type AuthDatabase, gate, type Tx } from './database.ts';

export const signingAlgorithm = 'ES256';

/** The platform's signing keys, as far as this process has looked: at most a minute ago. */
export type SigningKeys = {
  current(): Promise<{ kid: string; key: CryptoKey }>;
  /** Public keys that tokens may be verified with. */
  published(): Promise<{ kid: string; jwk: JWK }[]>;
};

type Key = {
  kid: string;
  jwk: JWK;
  sealedPrivateJwk: Uint8Array;
  createdAt: Date;
  signsFrom: Date;
  retiredAt: Date | null;
};

const staleMs = 60_000;
const place = (kid: string) => `identity.signing_key|${kid}`;

const read = async (tx: Pick<Tx, 'signingKey'>): Promise<Key[]> =>
  (await tx.signingKey.findMany()).map(({ publicJwk, ...key }) => ({ ...key, jwk: publicJwk as JWK }));

/** Makes the next key where one is due; the keys before it stay published until no token of theirs can be alive. */
const addKey = async (tx: Tx, masterKey: MasterKey, now: Date): Promise<void> => {
  const keys = await read(tx);
  const signsFrom = nextSignsFrom(keys, now);
  if (signsFrom === null) return;
  const pair = await generateKeyPair(signingAlgorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(pair.publicKey)), alg: signingAlgorithm, use: 'sig' };
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateJwk = Buffer.from(JSON.stringify(await exportJWK(pair.privateKey)));
  await tx.signingKey.updateMany({
    where: { kid: { in: publishedKeys(keys, now).map((key) => key.kid) } },
    data: { retiredAt: new Date(signsFrom.getTime() + overlapMs) },
  });
  await tx.signingKey.createMany({
    data: [
      {
        kid,
        publicJwk: { ...publicJwk, kid },
        sealedPrivateJwk: Uint8Array.from(masterKey.seal(privateJwk, place(kid))),
        createdAt: now,
        signsFrom,
      },
    ],
  });
};

/**
 * Opens the signing keys and makes the first one, under a lock so that two starting processes make one.
 * @throws when the master key is not the one they were sealed with
 */
export const openSigningKeys = async (options: {
  database: AuthDatabase;
  masterKey: MasterKey;
  clock: () => Date;
}): Promise<SigningKeys> => {
  const { database, masterKey, clock } = options;
  const client = gate(database);
  const opened = new Map<string, CryptoKey>();
  let known: { keys: Promise<Key[]>; at: number } | undefined;

  const load = async (): Promise<Key[]> => {
    const keys = await read(client);
    if (nextSignsFrom(keys, clock()) === null) return keys;
    await client.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('identity:signing_key', 0))::text`;
      await addKey(tx, masterKey, clock());
    });
    return read(client);
  };
  const keys = (): Promise<Key[]> => {
    const now = clock().getTime();
    if (known === undefined || Math.abs(now - known.at) >= staleMs) {
      const earlier = known?.keys;
      // A database that is away for a moment does not take the keys with it.
      known = { keys: load().catch((error: unknown) => earlier ?? Promise.reject(error)), at: now };
    }
    return known.keys;
  };
  const open = async (key: Key): Promise<CryptoKey> => {
    const found = opened.get(key.kid);
    if (found !== undefined) return found;
    let jwk: JWK;
    try {
      jwk = JSON.parse(masterKey.open(key.sealedPrivateJwk, place(key.kid)).toString()) as JWK;
    } catch (cause) {
      throw new Error('The signing keys in the database were sealed with another master key', { cause });
    }
    const imported = (await importJWK(jwk, signingAlgorithm)) as CryptoKey;
    opened.set(key.kid, imported);
    return imported;
  };
  const current = async () => {
    const key = signingKeyAt(await keys(), clock());
    if (key === null) throw new Error('There is no signing key');
    return { kid: key.kid, key: await open(key) };
  };
  await current();
  return {
    current,
    published: async () => publishedKeys(await keys(), clock()).map(({ kid, jwk }) => ({ kid, jwk })),
  };
};
