import type { IncomingMessage } from 'node:http';
import { refusal } from '../errors.ts';

/** The body as JSON, or undefined where the request does not claim to carry any. Throws a refusal (400, 413, 415). */
export const readJsonBody = async (request: IncomingMessage, mostBytes: number): Promise<unknown> => {
  const contentType = request.headers['content-type'];
  if (request.method !== 'POST' || !isJson(contentType)) return undefined;
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8')
    throw refusal('UNSUPPORTED_MEDIA_TYPE', 'Bodies are read as UTF-8 only.', 415);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw refusal('UNSUPPORTED_MEDIA_TYPE', 'Compressed bodies are not read here.', 415);
  const bytes = await readBytes(request, mostBytes);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw refusal('BAD_REQUEST', 'The body is not valid JSON.');
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

const isJson = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^\s*application\/(json|graphql\+json)\s*(;|$)/i.test(contentType);

const readBytes = async (request: IncomingMessage, mostBytes: number): Promise<Buffer> => {
  const tooLarge = () => refusal('PAYLOAD_TOO_LARGE', `A body may have at most ${mostBytes} bytes.`, 413);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  // Not `for await`: leaving that loop early destroys the socket before the refusal is sent.
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > mostBytes) {
        request.removeAllListeners('data');
        request.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('error', () => reject(refusal('BAD_REQUEST', 'The body did not arrive.')));
  });
};
