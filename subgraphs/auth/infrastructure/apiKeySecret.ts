import { createHash, randomBytes } from 'node:crypto';

/** `pk_<8 characters>_<256 bits in base64url>`; only `prefix` and `hash` (sha256, lower-case hex) are stored. */
export const newApiKeySecret = (): { secret: string; prefix: string; hash: string } => {
  const prefix = `pk_${randomBytes(4).toString('hex')}`;
  const secret = `${prefix}_${randomBytes(32).toString('base64url')}`;
  return { secret, prefix, hash: createHash('sha256').update(secret).digest('hex') };
};
