import type { IncomingMessage } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';

/** How answers that come one after the other are written into one HTTP response. */
export type StreamFormat = {
  readonly transport: 'sse' | 'multipart';
  readonly contentType: string;
  readonly start: Buffer;
  answer(json: Buffer): Buffer;
  /** Keeps proxies from taking a quiet stream for a dead one. */
  readonly heartbeat: Buffer;
  /** The stream is over because of these. */
  errors(errors: readonly GraphQLFormattedError[]): Buffer;
  readonly complete: Buffer;
  /** What is written before a stream is ended that the client is to take up again. */
  broken(errors: readonly GraphQLFormattedError[]): Buffer;
};

const nothing = Buffer.alloc(0);
const toJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** graphql-sse's distinct connections mode: one operation, any kind, per response. */
const eventStream: StreamFormat = {
  transport: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  start: Buffer.from(':\n\n'),
  answer: (json) => Buffer.concat([Buffer.from('event: next\ndata: '), json, Buffer.from('\n\n')]),
  heartbeat: Buffer.from(':\n\n'),
  errors: (errors) => eventStream.answer(toJson({ errors })),
  complete: Buffer.from('event: complete\ndata: \n\n'),
  // A stream that ends without `complete` is one to dial again.
  broken: () => nothing,
};

/**
 * Apollo's subscriptions over multipart HTTP (`subscriptionSpec=1.0`). A part is read once the delimiter after it has
 * come, so each is sent together with it.
 */
const multipart: StreamFormat = {
  transport: 'multipart',
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
  start: Buffer.from('\r\n--graphql'),
  answer: (json) => part(Buffer.concat([Buffer.from('{"payload":'), json, Buffer.from('}')])),
  heartbeat: Buffer.from('\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql'),
  errors: (errors) => part(toJson({ payload: null, errors })),
  complete: Buffer.from('--\r\n'),
  broken: (errors) => Buffer.concat([multipart.errors(errors), multipart.complete]),
};

const part = (json: Buffer): Buffer =>
  Buffer.concat([Buffer.from('\r\ncontent-type: application/json\r\n\r\n'), json, Buffer.from('\r\n--graphql')]);

/** `isOnly`: the client reads nothing else, whatever the operation. */
export type AskedFormat = { readonly format: StreamFormat; readonly isOnly: boolean };

/** The format a request's answers may come in; null where they are to be one piece of JSON. */
export const streamFormatFor = ({ headers: { accept = '' } }: IncomingMessage): AskedFormat | null => {
  if (/\bmultipart\/mixed\b[^,]*;\s*subscriptionSpec="?1\.0/i.test(accept)) return { format: multipart, isOnly: false };
  if (!/\btext\/event-stream\b/i.test(accept)) return null;
  // Apollo Client and urql say with every operation what a subscription may come in, beside JSON.
  return { format: eventStream, isOnly: !/\bapplication\/(graphql-response\+)?json\b/i.test(accept) };
};
