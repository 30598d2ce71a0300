import type { BlobStore } from './blobStore.ts';
import { signUrl } from './signedUrl.ts';

export type AudioFormat = 'WAV' | 'MP3';
export type AudioLinks = {
  /**
   * A signed link to the audio of a chunk, good until it expires.
   * @throws for a key of another tenant: what a row says is not enough
   */
  linkTo(tenantId: string, blobKey: string, format: AudioFormat): Promise<URL>;
};

/** What lies in the store is fetched from the store; the MP3 beside it is made by us when first asked for (`audioHandler.ts`). */
export const audioLinks = (options: {
  readonly store: BlobStore;
  /** where `audioHandler` is reached */
  readonly baseUrl: string;
  readonly signingKey: Uint8Array;
  readonly expiresInMs: number;
  readonly clock: () => Date;
}): AudioLinks => ({
  async linkTo(tenantId, blobKey, format) {
    if (!blobKey.startsWith(`${tenantId}/`)) throw new Error('the object is of another tenant');
    const life = { expiresInMs: options.expiresInMs, now: options.clock() };
    if (format === 'WAV') return options.store.signedUrl(blobKey, life);
    return signUrl(options.signingKey, options.baseUrl, blobKey.replace(/\.wav$/, '.mp3'), life);
  },
});
