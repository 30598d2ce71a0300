import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The root of our secrets, behind a small port: a local file here, a key management service when outgrown. */
export type MasterKey = {
  /** A 32-byte key of its own for one purpose (HKDF, RFC 5869). */
  derive(purpose: string): Buffer;
  /** AES-256-GCM (NIST SP 800-38D); `context` is authenticated, so a value cannot be moved to another place. */
  seal(plain: Uint8Array, context: string): Buffer;
  /** @throws when the bytes, the key or the context are not those it was sealed with */
  open(sealed: Uint8Array, context: string): Buffer;
};

const ivBytes = 12;
const tagBytes = 16;

/** iv | tag | ciphertext */
export const encrypt = (key: Uint8Array, plain: Uint8Array, context: string): Buffer => {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
};

export const decrypt = (key: Uint8Array, sealed: Uint8Array, context: string): Buffer => {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
};

/** Opens the key file, or makes it on first use (32 random bytes, readable by its owner only). Losing it loses every sealed value. */
export const openKeyFile = async (file: string): Promise<MasterKey> => {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  let root = await readFile(file).catch(() => null);
  if (root === null) {
    // Not a process id: in containers that share the folder everybody is process 1.
    const draft = `${file}.${randomUUID()}`;
    await writeFile(draft, randomBytes(32), { mode: 0o600, flush: true, flag: 'wx' });
    // link fails when another process was first: then its key is the key.
    await link(draft, file).catch(() => {});
    await rm(draft);
    root = await readFile(file);
  }
  if (root.length !== 32)
    throw new Error(`The key file ${path.basename(file)} must hold exactly 32 bytes; restore it from a backup`);
  const key = root;
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, 'parley', purpose, 32));
  const sealing = derive('seal');
  return {
    derive,
    seal: (plain, context) => encrypt(sealing, plain, context),
    open: (sealed, context) => decrypt(sealing, sealed, context),
  };
};
