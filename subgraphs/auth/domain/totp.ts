import { createHmac, timingSafeEqual } from 'node:crypto';

const stepSeconds = 30;
type Algorithm = 'sha1' | 'sha256' | 'sha512';

/** RFC 4226 §5.3: the code for one counter. */
export const hotp = (secret: Uint8Array, counter: number, digits = 6, algorithm: Algorithm = 'sha1'): string => {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm, secret).update(message).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
};

/** RFC 6238 §4.2: which 30-second step a moment lies in. */
export const stepAt = (now: Date): number => Math.floor(now.getTime() / 1000 / stepSeconds);

/**
 * The time step whose code was given: this one, or its neighbours for a clock that is a little off (RFC 6238 §5.2).
 * A step up to `lastStep` was used before and is not accepted again.
 */
export const acceptedStep = (secret: Uint8Array, code: string, now: Date, lastStep: number | null): number | null => {
  const given = Buffer.from(code.trim());
  const current = stepAt(now);
  const matches = (step: number) => {
    const expected = Buffer.from(hotp(secret, step));
    return expected.length === given.length && timingSafeEqual(expected, given);
  };
  const fresh = [current - 1, current, current + 1].filter((step) => lastStep === null || step > lastStep);
  return fresh.filter(matches)[0] ?? null;
};

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** RFC 4648 §6, without padding: how secrets are typed into authenticator apps. */
export const base32 = (bytes: Uint8Array): string => {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
};
