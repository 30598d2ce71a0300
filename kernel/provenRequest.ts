import type { IncomingMessage, ServerResponse } from 'node:http';
import type { createCallVerifier, ProvenCall } from './callProof.ts';
import type { Log } from './log.ts';

/** Answers a proven request's body; `signal` fires when the caller is gone (B27). */
export type ProvenHandler = (body: unknown, call: ProvenCall, signal: AbortSignal) => Promise<unknown>;

export type ProvenRequests = {
  readonly verify: ReturnType<typeof createCallVerifier>;
  readonly bodyBytes: number;
  readonly log: Log;
};

/**
 * One signed POST with JSON in and out. What is not proven gets a 401 and is not read; a body that is not the signed
 * one gets a 401 and is not parsed. Every other answer is signed.
 */
export const answerProven = async (
  { verify, bodyBytes, log }: ProvenRequests,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  handle: ProvenHandler,
): Promise<void> => {
  const refuse = (status: number, message: string): void => {
    // The rest of the body is not waited for.
    if (!request.complete) response.setHeader('connection', 'close');
    sendText(response, status, JSON.stringify({ errors: [{ message }] }));
  };
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST');
    return refuse(405, 'POST only.');
  }
  const call = verify(request.headers, 'POST', path);
  if (typeof call === 'string') {
    log.warn({ proof: call, path }, 'an unproven call was refused');
    return refuse(401, 'Unauthorized.');
  }
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the caller is gone'));
  });
  const body = await readBody(request, bodyBytes);
  if (body === 'too large') return refuse(413, `A body has at most ${bodyBytes} bytes.`);
  if (!call.isBody(body)) {
    log.warn({ proof: 'other body', path }, 'an unproven call was refused');
    return refuse(401, 'Unauthorized.');
  }
  const answer = JSON.stringify(await handle(JSON.parse(body.toString()), call, gone.signal));
  response.setHeader('parley-proof', call.signAnswer(200, answer));
  sendText(response, 200, answer);
};

const sendText = (response: ServerResponse, status: number, text: string): void => {
  if (response.destroyed) return;
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
};

const readBody = async (request: IncomingMessage, most: number): Promise<Buffer | 'too large'> => {
  if (Number(request.headers['content-length'] ?? 0) > most) return 'too large';
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return 'too large';
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
};
