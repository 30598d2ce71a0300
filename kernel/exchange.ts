import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { CallFailure } from './callFailure.ts';

export type Exchanged = {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
};
export type ExchangeLimits = {
  /** Bytes of a body, of which no more are taken (D13). */
  readonly answerBytes: number;
  readonly signal: AbortSignal | undefined;
  /** What is wrong with an answer that begins so; its body is not waited for then. */
  readonly refuse: (statusCode: number, headers: IncomingHttpHeaders) => CallFailure | null;
};

/**
 * One request and the whole of its answer, without the streams that undici's own `request` makes of both: they cost more
 * than the rest. @throws CallFailure, undici's errors, or the reason of `signal`
 */
export const exchange = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { answerBytes, signal, refuse }: ExchangeLimits,
): Promise<Exchanged> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    let controller: Dispatcher.DispatchController | null = null;
    let stopped: Error | null = null;
    let head = { statusCode: 0, headers: {} as IncomingHttpHeaders };
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (reason: Error): void => {
      stopped ??= reason;
      signal?.removeEventListener('abort', onAbort);
      reject(reason);
      controller?.abort(reason);
    };
    const onAbort = (): void => stop(signal?.reason);
    const takeUpTo = (bytes: number): boolean => {
      if (bytes > answerBytes) stop(new CallFailure('TOO_LARGE', `more than ${answerBytes} bytes`));
      return bytes <= answerBytes;
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(request, {
      onRequestStart: (given) => {
        controller = given;
        if (stopped) given.abort(stopped);
      },
      onResponseStart: (_controller, statusCode, headers) => {
        head = { statusCode, headers };
        const refused = refuse(statusCode, headers);
        if (refused) stop(refused);
        else takeUpTo(Number(headers['content-length'] ?? 0));
      },
      onResponseData: (_controller, chunk) => {
        length += chunk.length;
        if (!stopped && takeUpTo(length)) chunks.push(chunk);
      },
      onResponseEnd: () => {
        signal?.removeEventListener('abort', onAbort);
        const [first, more] = chunks;
        resolve({ ...head, bytes: first && !more ? first : Buffer.concat(chunks, length) });
      },
      onResponseError: (_controller, error) => stop(error),
    });
  });
