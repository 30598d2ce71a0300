import { createHmac, timingSafeEqual } from 'node:crypto';
import { isBlobKey } from './blobStore.ts';

/** What a request for an object turned out to be. */
export type Verdict =
  | { readonly kind: 'valid'; readonly key: string; readonly expires: number }
  | { readonly kind: 'refused' };

const prefix = '/audio/';

/** The right is to read one object, with GET or HEAD, until a second: nothing else is signed, nothing else may vary. */
const sign = (secret: Uint8Array, key: string, expires: number): Buffer =>
  createHmac('sha256', secret).update(`GET\n${key}\n${expires}`).digest();

/** `<baseUrl>/audio/<key>?expires=<unix seconds>&signature=<base64url>` */
export const signUrl = (
  secret: Uint8Array,
  baseUrl: string,
  key: string,
  options: { readonly expiresInMs: number; readonly now: Date },
): URL => {
  if (!isBlobKey(key)) throw new Error('not an object key');
  const expires = Math.ceil((options.now.getTime() + options.expiresInMs) / 1_000);
  const url = new URL(`${baseUrl.replace(/\/$/, '')}${prefix}${key}`);
  url.searchParams.set('expires', String(expires));
  url.searchParams.set('signature', sign(secret, key, expires).toString('base64url'));
  return url;
};

/** Judges a request target. Every way of being wrong looks the same, and the comparison takes the same time. */
export const verifyUrl = (secret: Uint8Array, method: string | undefined, target: string, now: Date): Verdict => {
  const refused: Verdict = { kind: 'refused' };
  if (method !== 'GET' && method !== 'HEAD') return refused;
  const query = target.indexOf('?');
  if (query === -1 || target.length > 1_000) return refused;
  // The path is taken as it was sent: nothing is decoded or resolved, so there is one spelling of each key.
  const path = target.slice(0, query);
  const at = path.indexOf(prefix);
  const key = at === -1 ? '' : path.slice(at + prefix.length);
  const given = new URLSearchParams(target.slice(query + 1));
  const expires = given.get('expires') ?? '';
  const signature = given.get('signature') ?? '';
  if (!isBlobKey(key) || !/^\d{1,12}$/.test(expires) || !/^[A-Za-z0-9_-]{43}$/.test(signature)) return refused;
  if (given.size !== 2 || String(Number(expires)) !== expires) return refused;
  const signed = Buffer.from(signature, 'base64url');
  const genuine = timingSafeEqual(signed, sign(secret, key, Number(expires)));
  if (!genuine || signed.toString('base64url') !== signature || Number(expires) * 1_000 <= now.getTime())
    return refused;
  return { kind: 'valid', key, expires: Number(expires) };
};
