import type { Dispatcher } from 'undici';
import { CallFailure } from './callFailure.ts';

/** The whole body of an answer. @throws CallFailure TOO_LARGE past `most` bytes, of which no more are taken (D13) */
export const readCapped = async ({ headers, body }: Dispatcher.ResponseData, most: number): Promise<Buffer> => {
  const tooLarge = () => {
    body.on('error', () => {}).destroy();
    return new CallFailure('TOO_LARGE', `more than ${most} bytes`);
  };
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
};
