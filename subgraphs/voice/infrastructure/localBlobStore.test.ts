import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audioHandler } from './audioHandler.ts';
import { blobStoreContract } from './blobStoreContract.fixture.ts';
import { createCompressor } from './compressedAudio.ts';
import { localBlobStore } from './localBlobStore.ts';

blobStoreContract('objects in files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  const signingKey = Buffer.alloc(32, 7);
  const compressor = createCompressor();
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = localBlobStore({ folder, baseUrl, signingKey });
  const serve = audioHandler({ store, compressor, signingKey });
  return {
    store,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await compressor.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
