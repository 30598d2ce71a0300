import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What happens to a request on its way. `refuse`: answered with a status. `hang`: never answered. `cutUpload`: half of
 * its body goes on, then the line is cut. `cutDownload`: so the answer's. `flipBit`: one bit of its body is another.
 */
export type Fault =
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hang' | 'cutUpload' | 'cutDownload' | 'flipBit' | 'reset' };

/** A server in front of another that lets requests through as they are, but for those that a fault is laid upon. */
export type FaultyHttp = {
  readonly url: string;
  /** Every request that came, `METHOD /path`. */
  readonly seen: readonly string[];
  /** The next requests meet these, one each, in order; `forever` then goes on with the last. */
  next(faults: readonly Fault[], forever?: boolean): void;
  /** From now on all is well. */
  heal(): void;
  stop(): Promise<void>;
};

const read = async (stream: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** @param target e.g. `http://127.0.0.1:7070`; the Host header goes on unchanged, so that signatures hold */
export const startFaultyHttp = async (target: string): Promise<FaultyHttp> => {
  const { hostname, port } = new URL(target);
  const seen: string[] = [];
  let waiting: Fault[] = [];
  let isForever = false;
  const take = (): Fault | undefined => (isForever && waiting.length === 1 ? waiting[0] : waiting.shift());

  const forward = (request: IncomingMessage, body: Buffer, fault: Fault | undefined, response: ServerResponse) => {
    const { expect: _, ...headers } = request.headers;
    const onward = httpRequest({ hostname, port, method: request.method, path: request.url, headers });
    onward.on('error', () => response.destroy());
    onward.on('response', async (answer) => {
      const bytes = await read(answer).catch(() => null);
      if (bytes === null) return response.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault?.kind !== 'cutDownload') return response.end(bytes);
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    });
    if (fault?.kind === 'cutUpload') {
      onward.write(body.subarray(0, body.length / 2), () => {
        onward.destroy();
        response.destroy();
      });
    } else onward.end(body);
  };
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${new URL(request.url ?? '', target).pathname}`);
    const fault = take();
    if (fault?.kind === 'reset') return request.socket.resetAndDestroy();
    const body = await read(request).catch(() => null);
    if (body === null || fault?.kind === 'hang') return;
    if (fault?.kind === 'refuse') return response.writeHead(fault.status).end();
    if (fault?.kind === 'delay') await delay(fault.ms);
    if (fault?.kind === 'flipBit' && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
    forward(request, body, fault, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    next: (faults, forever = false) => {
      waiting = [...faults];
      isForever = forever;
    },
    heal: () => {
      waiting = [];
      isForever = false;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
