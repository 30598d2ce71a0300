export type ResponseHeaders = Readonly<Record<string, string>>;
export type ResponseHead = { readonly statusCode: number; readonly headers: ResponseHeaders };
/** What is told of one response while it is read. Throwing in any of them ends the reading. */
export type ResponseSink = {
  /** @param length bytes of the body, where that was said */
  onHead(head: ResponseHead, length: number | null): void;
  /** Good only during the call: the memory is used again. */
  onBody(bytes: Buffer): void;
  /** @param isLast nothing may follow on this connection; else how long it may be idle, where that was said, in ms */
  onEnd(isLast: boolean, idleMs: number | null): void;
};

/** What came is not a response as RFC 9112 has it, or not one that can be told from the next. */
export class MalformedResponse extends Error {}

const longestHead = 16 * 1024;
const longestChunkLine = 256;
const mostInterim = 10;

type State = 'idle' | 'head' | 'length' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'until close';

/**
 * Reads the responses of one HTTP/1.1 connection, each asked for by `expect` (RFC 9112). Strict where being lenient lets
 * two readers see different responses: lines end in CRLF, a body has one length, and nothing comes unasked.
 */
export class ResponseReader {
  #state: State = 'idle';
  #sink: ResponseSink | null = null;
  /** The beginning of a line or head whose rest has not come. */
  #rest: Buffer = nothing;
  /** Bytes still missing of the body or the chunk. */
  #missing = 0;
  #interim = 0;
  #trailer = 0;
  #isLast = false;
  #idleMs: number | null = null;

  /** The next response is this one's. */
  expect(sink: ResponseSink): void {
    this.#sink = sink;
    this.#state = 'head';
    this.#interim = 0;
  }

  /** @throws MalformedResponse, after which nothing more may be read, or what the sink throws */
  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'idle':
          throw new MalformedResponse('bytes came that nobody asked for');
        case 'head':
          at = this.#readHead(bytes, at);
          break;
        case 'length':
        case 'chunk':
          at = this.#readBody(bytes, at);
          break;
        case 'until close':
          this.#sink?.onBody(at === 0 ? bytes : bytes.subarray(at));
          return;
        default:
          at = this.#readChunkLine(bytes, at);
      }
    }
  }

  /** The other side closed. Returns whether that was the end of a response. */
  end(): boolean {
    if (this.#state !== 'until close') return false;
    this.#finish();
    return true;
  }

  #readHead(bytes: Buffer, from: number): number {
    const kept = this.#rest.length;
    const all = kept === 0 ? bytes : Buffer.concat([this.#rest, bytes.subarray(from)]);
    const start = kept === 0 ? from : 0;
    const end = all.indexOf('\r\n\r\n', Math.max(start, kept - 3), 'latin1');
    if ((end < 0 ? all.length : end) - start > longestHead) throw new MalformedResponse('the head is too long');
    if (end < 0) {
      // Whoever speaks something else may wait for an answer to it.
      if (!beginning.startsWith(all.toString('latin1', start, start + beginning.length)))
        throw new MalformedResponse('no status line');
      if (all.includes('\n\n', start, 'latin1')) throw new MalformedResponse('lines do not end in CRLF');
      this.#rest = kept === 0 ? Buffer.from(all.subarray(start)) : all;
      return bytes.length;
    }
    this.#rest = nothing;
    this.#begin(all.toString('latin1', start, end));
    return from + end + 4 - start - kept;
  }

  #begin(text: string): void {
    const { statusCode, isOld, headers } = parseHead(text);
    if (statusCode < 200) {
      this.#interim += 1;
      if (statusCode === 101 || this.#interim > mostInterim) throw new MalformedResponse(`an unasked ${statusCode}`);
      return;
    }
    const { connection = '', 'content-length': length, 'transfer-encoding': encoding } = headers;
    this.#isLast = isOld ? !/\bkeep-alive\b/i.test(connection) : /\bclose\b/i.test(connection);
    const idleSeconds = /\btimeout=(\d{1,6})\b/i.exec(headers['keep-alive'] ?? '')?.[1];
    this.#idleMs = idleSeconds === undefined ? null : Number(idleSeconds) * 1000;
    if (encoding !== undefined && (length !== undefined || isOld || encoding.toLowerCase() !== 'chunked'))
      throw new MalformedResponse('the length of the body is not clear');
    if (length !== undefined && !/^\d{1,15}$/.test(length))
      throw new MalformedResponse('a content-length of no number');
    const isEmpty = statusCode === 204 || statusCode === 304;
    const known = isEmpty ? 0 : length === undefined ? null : Number(length);
    // It has none; whoever says otherwise may send one.
    if (isEmpty && (encoding !== undefined || (statusCode === 204 && (length ?? '0') !== '0'))) this.#isLast = true;
    this.#missing = known ?? 0;
    this.#trailer = 0;
    this.#state = known !== null ? 'length' : encoding !== undefined ? 'chunk size' : 'until close';
    if (this.#state === 'until close') this.#isLast = true;
    this.#sink?.onHead({ statusCode, headers }, known);
    if (known === 0) this.#finish();
  }

  #readBody(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length, from + this.#missing);
    this.#missing -= end - from;
    this.#sink?.onBody(bytes.subarray(from, end));
    if (this.#missing === 0) {
      if (this.#state === 'length') this.#finish();
      else this.#state = 'chunk end';
    }
    return end;
  }

  /** A line of the chunked coding: a size, the end of a chunk, or a trailer, of which none is kept. */
  #readChunkLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(lineFeed, from);
    const piece = bytes.subarray(from, end < 0 ? bytes.length : end + 1);
    const line = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (line.length > (this.#state === 'trailers' ? longestHead : longestChunkLine))
      throw new MalformedResponse('a line among the chunks is too long');
    this.#rest = end < 0 ? Buffer.from(line) : nothing;
    if (end < 0) return bytes.length;
    const text = line.toString('latin1');
    if (!text.endsWith('\r\n')) throw new MalformedResponse('a line does not end in CRLF');
    this.#takeChunkLine(text.slice(0, -2));
    return end + 1;
  }

  #takeChunkLine(line: string): void {
    if (this.#state === 'chunk end') {
      if (line !== '') throw new MalformedResponse('a chunk is longer than it said');
      this.#state = 'chunk size';
    } else if (this.#state === 'chunk size') {
      const size = /^([0-9a-f]{1,8})[\t ]*(?:;[\t\x20-\x7e]*)?$/i.exec(line)?.[1];
      if (size === undefined) throw new MalformedResponse('a chunk has no size');
      this.#missing = Number.parseInt(size, 16);
      this.#state = this.#missing === 0 ? 'trailers' : 'chunk';
    } else if (line === '') this.#finish();
    else {
      this.#trailer += line.length;
      if (this.#trailer > longestHead) throw new MalformedResponse('the trailers are too long');
      if (!headerLine.test(line)) throw new MalformedResponse('a trailer that is none');
    }
  }

  #finish(): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#state = 'idle';
    sink?.onEnd(this.#isLast, this.#idleMs);
  }
}

const nothing = Buffer.alloc(0);
const beginning = 'HTTP/1.';
const lineFeed = 0x0a;

/** RFC 9112 §4; many leave out the blank before a reason they do not give. */
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** Names are tokens right before the colon; nothing folded, no control characters (RFC 9110 §5.1, §5.5). */
const headerLine = /^([!#$%&'*+\-.^_`|~\w]+):([\t\x20-\x7e\x80-\xff]*)$/;

/** Blanks and tabs around a value (RFC 9110 §5.6.3), in one walk: a pattern would try each beginning of a row of them. */
const withoutBlanks = (value: string): string => {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
};
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const parseHead = (text: string): { statusCode: number; isOld: boolean; headers: Record<string, string> } => {
  const [first = '', ...lines] = text.split('\r\n');
  const status = statusLine.exec(first);
  if (status === null) throw new MalformedResponse('no status line');
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new MalformedResponse('a header that is none');
    const key = name.toLowerCase();
    const before = headers[key];
    const given = withoutBlanks(value);
    headers[key] = before === undefined ? given : `${before}, ${given}`;
  }
  return { statusCode: Number(status[2]), isOld: status[1] === '0', headers };
};
