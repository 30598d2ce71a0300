import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type BlobInfo, type BlobStore, BlobStoreUnavailable, type ByteRange } from './blobStore.ts';
import type { Compressor } from './compressedAudio.ts';
import { verifyUrl } from './signedUrl.ts';

export type AudioHandlerOptions = {
  readonly store: BlobStore;
  readonly compressor: Compressor;
  readonly signingKey: Uint8Array;
  readonly now?: () => Date;
  readonly onError?: (error: unknown) => void;
};

/** `whole` also where a Range is not to be obeyed: malformed, several ranges, another unit, a changed object (RFC 9110, 14.2 and 13.1.5). */
export const chooseRange = (
  size: number,
  etag: string,
  headers: IncomingMessage['headers'],
): ByteRange | 'whole' | 'unsatisfiable' => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.range?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return 'whole';
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '') {
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? 'unsatisfiable' : { start: size - suffix, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
};

const fail = (response: ServerResponse, status: number, code: string, message: string): void => {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
};

/**
 * Serves `/audio/<key>`: GET and HEAD with the signature as the only right, byte ranges, and `.mp3` beside every
 * `.wav`, made when first asked for.
 */
export const audioHandler = (options: AudioHandlerOptions) => {
  const { store, compressor } = options;
  const making = new Map<string, Promise<BlobInfo | null>>();

  const makeMp3 = async (key: string): Promise<BlobInfo | null> => {
    const wav = await store.get(key.replace(/mp3$/, 'wav'));
    if (wav === null) return null;
    return store.put(key, await compressor.compress(await buffer(wav.body)), { contentType: 'audio/mpeg' });
  };
  /** Several requests for the same MP3 wait for one encoding. */
  const find = async (key: string): Promise<BlobInfo | null> => {
    const found = await store.info(key);
    if (found !== null || !key.endsWith('.mp3')) return found;
    const made = making.get(key) ?? makeMp3(key).finally(() => making.delete(key));
    making.set(key, made);
    return made;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'accept-ranges, content-length, content-range, etag');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    response.setHeader('x-content-type-options', 'nosniff');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, {
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': 'range, if-range, if-none-match',
        'access-control-max-age': '86400',
      });
      response.end();
      return;
    }
    const now = options.now?.() ?? new Date();
    const verdict = verifyUrl(options.signingKey, request.method, request.url ?? '', now);
    if (verdict.kind === 'refused') return fail(response, 403, 'FORBIDDEN', 'This link is not valid, or no longer.');
    const { key } = verdict;
    const info = await find(key);
    if (info === null) return fail(response, 404, 'NOT_FOUND', 'There is no such audio.');
    const etag = `"${info.checksum}"`;
    response.setHeader('etag', etag);
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader(
      'cache-control',
      `private, max-age=${Math.max(0, Math.floor(verdict.expires - now.getTime() / 1_000))}`,
    );
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
      response.writeHead(304).end();
      return;
    }
    response.setHeader('content-type', info.contentType);
    const range = request.method === 'GET' ? chooseRange(info.size, etag, request.headers) : 'whole';
    if (range === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${info.size}`);
      return fail(response, 416, 'RANGE_NOT_SATISFIABLE', 'The range lies outside the audio.');
    }
    const headers =
      range === 'whole'
        ? { 'content-length': info.size }
        : {
            'content-length': range.end - range.start + 1,
            'content-range': `bytes ${range.start}-${range.end}/${info.size}`,
          };
    const blob = request.method === 'GET' ? await store.get(key, range === 'whole' ? undefined : range) : null;
    if (request.method === 'GET' && blob === null) return fail(response, 404, 'NOT_FOUND', 'There is no such audio.');
    response.writeHead(range === 'whole' ? 200 : 206, headers);
    if (blob === null) response.end();
    else await pipeline(blob.body, response);
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await serve(request, response);
    } catch (error) {
      // A listener who leaves mid-way is no fault of ours.
      if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE' && response.destroyed) return;
      options.onError?.(error);
      if (response.headersSent) response.destroy();
      else if (error instanceof BlobStoreUnavailable) {
        response.setHeader('retry-after', '2');
        fail(response, 503, 'SERVICE_UNAVAILABLE', 'Audio cannot be had just now. Try again in a moment.');
      } else fail(response, 500, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side.');
    }
  };
};
