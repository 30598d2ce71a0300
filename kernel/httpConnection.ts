import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CallFailure } from './callFailure.ts';
import {
  MalformedResponse,
  type ResponseHead,
  type ResponseHeaders,
  ResponseReader,
  type ResponseSink,
} from './responseReader.ts';
import type { SubgraphAddress } from './subgraphAddress.ts';

export type HttpRequest = {
  readonly path: string;
  /** Names in lower case; neither `host` nor anything about the length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
export type Exchanged = ResponseHead & { readonly bytes: Buffer };
export type ExchangeLimits = {
  /** Bytes of a body, of which no more are taken (D13). */
  readonly answerBytes: number;
  readonly signal: AbortSignal | undefined;
  /** What is wrong with an answer that begins so; its body is not waited for then. */
  readonly refuse: (statusCode: number, headers: ResponseHeaders) => CallFailure | null;
};
export type ConnectionOptions = {
  readonly connectMs: number;
  /** Without a byte for so long, what is under way has failed. */
  readonly silenceMs: number;
};

/** A server that says how long it keeps an idle connection is not relied on up to the last moment. */
const keptShorterMs = 1000;
const longestIdleMs = 60_000;
/** Where the server does not say how long. */
const unsaidIdleMs = 4000;
const readBytes = 256 * 1024;

/**
 * One buffer to read into for all connections: what is in it is taken in the same turn. On Windows reads are begun before
 * there is anything to read, so there each connection needs its own.
 */
const sharedBuffer = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(readBytes);

/** A keep-alive connection for POSTs, one at a time. It fails with a CallFailure or the network's own error. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #reader = new ResponseReader();
  readonly #head: string;
  readonly #onClosed: () => void;
  #underWay: { fail(reason: unknown): void } | null = null;
  #isConnected = false;
  #isOpen = true;
  #idleUntil = Date.now() + longestIdleMs;

  constructor(address: SubgraphAddress, { connectMs, silenceMs }: ConnectionOptions, onClosed: () => void) {
    const { host, hostname, port, protocol } = new URL(address.origin);
    this.#head = ` HTTP/1.1\r\nhost: ${host}\r\n`;
    this.#onClosed = onClosed;
    const isSecure = protocol === 'https:';
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    const options = {
      ...(address.socketPath === null
        ? { host: name, port: Number(port || (isSecure ? 443 : 80)), noDelay: true, keepAlive: true }
        : { path: address.socketPath }),
      onread: { buffer: sharedBuffer ?? Buffer.allocUnsafeSlow(readBytes), callback: this.#read },
    };
    this.#socket = isSecure
      ? connectTls({ ...options, ...(isIP(name) === 0 ? { servername: name } : {}) })
      : connectTcp(options);
    const tooLate = setTimeout(() => {
      this.destroy(new CallFailure('UNREACHABLE', `no connection within ${connectMs} ms`));
    }, connectMs);
    this.#socket
      .once(isSecure ? 'secureConnect' : 'connect', () => {
        this.#isConnected = true;
        clearTimeout(tooLate);
      })
      .once('close', () => {
        clearTimeout(tooLate);
        this.destroy(this.#ended('the other side closed the connection'));
      })
      .once('end', () => {
        if (this.#reader.end()) return;
        this.destroy(this.#ended('the other side ended the connection'));
      })
      .on('error', (error) => this.destroy(this.#isConnected ? error : unreachable(error)))
      .setTimeout(silenceMs, () => {
        this.destroy(new CallFailure('TIMEOUT', `not a byte within ${silenceMs} ms`));
      })
      // It keeps the process from ending only while something is under way.
      .unref();
  }

  /** May it be used for one request more? */
  get isUsable(): boolean {
    return this.#isOpen && Date.now() < this.#idleUntil;
  }

  /** One request and the whole of its answer. @throws as said above, or the reason of `signal` */
  exchange(request: HttpRequest, { answerBytes, signal, refuse }: ExchangeLimits): Promise<Exchanged> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!this.#isOpen) return reject(new CallFailure('UNREACHABLE', 'the connection was closed before its use'));
      const bytes = this.#toBytes(request);
      let head: ResponseHead | null = null;
      const body = new Body(answerBytes);
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#underWay = null;
      };
      const fail = (reason: unknown): void => {
        settle();
        reject(reason);
      };
      const onAbort = (): void => this.destroy(signal?.reason);
      const sink: ResponseSink = {
        onHead: (given, length) => {
          const refused = refuse(given.statusCode, given.headers);
          if (refused) throw refused;
          head = given;
          body.expect(length);
        },
        onBody: (part) => body.take(part),
        onEnd: (isLast, idleMs) => {
          settle();
          // An answer before all of the request was taken: what is left of it would be read as another.
          if (isLast || this.#socket.writableLength > 0) this.destroy();
          else {
            const kept = idleMs === null ? unsaidIdleMs : Math.min(idleMs - keptShorterMs, longestIdleMs);
            this.#idleUntil = Date.now() + kept;
            this.#socket.unref();
          }
          resolve({ ...(head as ResponseHead), bytes: body.whole() });
        },
      };
      this.#underWay = { fail };
      this.#reader.expect(sink);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#socket.ref();
      this.#socket.write(bytes);
    });
  }

  /** Breaks off what is under way. */
  destroy(reason: unknown = new CallFailure('RESET', 'the connection was closed')): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    this.#underWay?.fail(reason);
    this.#onClosed();
  }

  #toBytes({ path, headers, body }: HttpRequest): Buffer {
    let head = `POST ${path}${this.#head}`;
    for (const name in headers) {
      const value = String(headers[name]);
      if (notInHeader.test(value)) throw new CallFailure('INVALID', `the header ${name} holds what none may hold`);
      head += `${name}: ${value}\r\n`;
    }
    const length = Buffer.byteLength(body);
    head += `content-length: ${length}\r\n\r\n`;
    // In one piece, so that it is one write.
    const bytes = Buffer.allocUnsafe(head.length + length);
    bytes.write(head, 0, 'latin1');
    bytes.write(body, head.length);
    return bytes;
  }

  #ended(message: string): CallFailure {
    return new CallFailure(this.#isConnected ? 'RESET' : 'UNREACHABLE', message);
  }

  readonly #read = (length: number, buffer: Uint8Array): boolean => {
    try {
      this.#reader.read((buffer as Buffer).subarray(0, length));
    } catch (error) {
      this.destroy(
        error instanceof MalformedResponse ? new CallFailure('INVALID', error.message, { cause: error }) : error,
      );
    }
    return this.#isOpen;
  };
}

/** Whatever it was, nothing was begun. */
const unreachable = (error: Error): CallFailure => new CallFailure('UNREACHABLE', error.message, { cause: error });

/** RFC 9110 §5.5 */
const notInHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** A body put together of its parts, copied once where its length was said. */
class Body {
  readonly #most: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws CallFailure */
  expect(length: number | null): void {
    if (length !== null && length > this.#most) throw this.#tooLarge();
    if (length !== null) this.#bytes = Buffer.allocUnsafe(length);
  }

  /** @throws CallFailure */
  take(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#most) throw this.#tooLarge();
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    part.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #tooLarge(): CallFailure {
    return new CallFailure('TOO_LARGE', `more than ${this.#most} bytes`);
  }
}
