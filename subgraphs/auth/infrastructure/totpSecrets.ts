import type { MasterKey } from '@parley/kernel/keyFile';

type Owner = { readonly tenantId: string; readonly userId: string };
const place = ({ tenantId, userId }: Owner) => `identity.credential.totp|${tenantId}|${userId}`;

/** A second factor's secret at rest: sealed, and only for the user it was made for. */
export const sealTotpSecret = (masterKey: MasterKey, owner: Owner, secret: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(masterKey.seal(secret, place(owner)));

export const openTotpSecret = (masterKey: MasterKey, owner: Owner, sealed: Uint8Array): Uint8Array =>
  masterKey.open(sealed, place(owner));
