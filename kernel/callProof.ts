import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Actor } from './actor.ts';
import type { NonceMemory } from './nonceMemory.ts';

/**
 * What signs calls between our own services, and what they accept: `signs` is also accepted, `accepts` only accepted.
 * To rotate: give the new one to every service as accepted, then let each sign with it, then drop the old one.
 */
export type CallSecrets = { readonly signs: string; readonly accepts: string | null };
/** What a signature covers beside its own time and nonce. `audience` is the called service: a call is good for one. */
export type SignedCall = {
  readonly audience: string;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly actor: Actor | null;
};
/** The three headers (or, on a socket, members) that a proven call carries. */
export type CallProof = {
  readonly 'parley-actor': string;
  readonly 'parley-proof': string;
  readonly 'x-request-id': string;
};
export type ProvenCall = {
  readonly actor: Actor | null;
  readonly requestId: string;
  readonly nonce: string;
  /** Does the body, once read, belong to this call? */
  isBody(body: string | Uint8Array): boolean;
  /** For the answer, so that the caller knows whose it is and that not a bit was turned (D18). */
  signAnswer(status: number, body: string | Uint8Array): string;
  /** The same for the frames of a stream, each with its place in it. */
  signFrame(index: number, text: string): string;
};

/** How far clocks may be apart, and how old a call may be. */
const windowMs = 30_000;
const version = 'v1';
const nonceShape = /^[A-Za-z0-9_-]{22}$/;
const requestIdShape = /^[A-Za-z0-9._:-]{1,200}$/;

/** SHA-256, base64url. */
const digestOf = (body: string | Uint8Array): string => hash('sha256', body, 'base64url');
const macOf = (secret: string, ...parts: readonly string[]): string =>
  createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');
const answerMac = (secret: string, nonce: string, status: number, body: string | Uint8Array): string =>
  createHmac('sha256', secret).update(`answer\n${nonce}\n${status}\n`).update(body).digest('base64url');

const frameMac = (secret: string, nonce: string, index: number, text: string): string =>
  macOf(secret, 'frame', nonce, String(index), text);

const callMac = (
  secret: string,
  { audience, method, path }: Pick<SignedCall, 'audience' | 'method' | 'path'>,
  requestId: string,
  actor: string,
  time: string,
  nonce: string,
  digest: string,
): string => macOf(secret, version, audience, method, path, requestId, actor, time, nonce, digest);

export type SignedRequest = {
  readonly proof: CallProof;
  isAnswer(signature: unknown, status: number, body: Uint8Array): boolean;
  isFrame(signature: unknown, index: number, text: string): boolean;
};

/** Proves a call (HMAC-SHA256 over method, path, actor, request id, time, nonce and the body's digest). */
export const signCall = (
  { signs }: CallSecrets,
  call: SignedCall,
  body: string | Uint8Array,
  now: number = Date.now(),
): SignedRequest => {
  const actor = Buffer.from(JSON.stringify(call.actor)).toString('base64url');
  const requestId = requestIdShape.test(call.requestId) ? call.requestId : 'unnamed';
  const [time, nonce, digest] = [String(now), randomBytes(16).toString('base64url'), digestOf(body)];
  const mac = callMac(signs, call, requestId, actor, time, nonce, digest);
  return {
    proof: {
      'parley-actor': actor,
      'parley-proof': [version, time, nonce, digest, mac].join('.'),
      'x-request-id': requestId,
    },
    isAnswer: (signature, status, answer) =>
      typeof signature === 'string' && same(signature, answerMac(signs, nonce, status, answer)),
    isFrame: (signature, index, text) =>
      typeof signature === 'string' && same(signature, frameMac(signs, nonce, index, text)),
  };
};

/**
 * Whether a call comes from one of our own services, now and for the first time; why not, where it does not. Looks at
 * nothing but the three headers, so that what is not proven is never read, let alone parsed (C03, C10, C11, C12).
 */
export const createCallVerifier = (
  { signs, accepts }: CallSecrets,
  audience: string,
  nonces: NonceMemory,
  now: () => number = Date.now,
) => {
  const secrets = accepts === null ? [signs] : [signs, accepts];
  return (
    headers: Readonly<Record<string, unknown>>,
    method: string,
    path: string,
  ): ProvenCall | 'missing' | 'wrong' | 'expired' | 'replayed' => {
    const { 'parley-actor': actor, 'parley-proof': proof, 'x-request-id': requestId } = headers;
    if (typeof actor !== 'string' || typeof proof !== 'string' || typeof requestId !== 'string') return 'missing';
    const [given, time = '', nonce = '', digest = '', mac = '', ...more] = proof.split('.');
    if (given !== version || more.length > 0 || !nonceShape.test(nonce) || !requestIdShape.test(requestId))
      return 'wrong';
    const call = { audience, method, path };
    const secret = secrets.find((one) => same(mac, callMac(one, call, requestId, actor, time, nonce, digest)));
    if (secret === undefined) return 'wrong';
    if (Math.abs(now() - Number(time)) > windowMs) return 'expired';
    if (!nonces.isFirst(nonce, Number(time) + windowMs, now())) return 'replayed';
    return {
      actor: JSON.parse(Buffer.from(actor, 'base64url').toString()) as Actor | null,
      requestId,
      nonce,
      isBody: (body) => same(digest, digestOf(body)),
      signAnswer: (status, body) => answerMac(secret, nonce, status, body),
      signFrame: (index, text) => frameMac(secret, nonce, index, text),
    };
  };
};

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};
