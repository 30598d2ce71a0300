import type { KnownStrings } from '@parley/kernel/plainAnswers';

/** Bytes that are free behind whatever was written: enough for a literal, and the end of an object or list. */
export const slack = 16;
/** Of the longest number there is in JavaScript. */
export const longestNumber = 25;

/** Up to here it is quicker to go through a string than to have it written. */
const short = 40;
const special = /[^ !#-[\]-~]/;
/** Long strings of one answer that were looked at: in a graph the same one often stands in many places. */
const mostLookedAt = 500;
const nothing: Buffer = Buffer.alloc(0);
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length);
const noView = viewOf(nothing);

/** Source text: looks again for `b` and `d`, the bytes and their view, after anything that may have made room. */
export const again = 'if(b!==w.bytes){b=w.bytes;d=w.view;}';

/**
 * JSON as the bytes it is sent as, written in one go: text put together of thousands of parts, and made bytes then, costs
 * twice as much. Everything is written at a position and returns the position behind, with `slack` bytes free there.
 */
export class JsonBytes {
  /** Where bytes may be stored directly, as far as there is room. Another one after anything that may make room. */
  bytes = nothing;
  view = noView;
  #known: KnownStrings = 'nothing';
  /** true: as it is; else its JSON. */
  readonly #looked = new Map<string, string | true>();

  begin(room: number, known: KnownStrings): void {
    this.bytes = Buffer.allocUnsafe(room);
    this.view = viewOf(this.bytes);
    this.#known = known;
  }

  /** What was written. Nothing of it is kept here. */
  end(length: number): Buffer {
    const { bytes } = this;
    this.bytes = nothing;
    this.view = noView;
    if (this.#looked.size > 0) this.#looked.clear();
    const written = bytes.subarray(0, length);
    // Whoever keeps it is not to keep much else.
    return length < bytes.length / 2 ? Buffer.from(written) : written;
  }

  /** Makes room for so many bytes more, and returns where they go. */
  grow(at: number, room: number): Buffer {
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, at + room));
    this.bytes.copy(larger, 0, 0, at);
    this.bytes = larger;
    this.view = viewOf(larger);
    return larger;
  }

  string(text: string, at: number): number {
    const { length } = text;
    if (length > short) return this.#longString(text, at);
    let { bytes } = this;
    if (at + length + 2 + slack > bytes.length) bytes = this.grow(at, length + 2 + slack);
    bytes[at] = quote;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return this.#otherString(text, at);
      bytes[at + 1 + index] = code;
    }
    bytes[at + 1 + length] = quote;
    return at + length + 2;
  }

  /** A number that JSON has. There must be room for it. */
  number(value: number, at: number): number {
    const { bytes } = this;
    if (value > 0 && value < 1e9 && (value | 0) === value) {
      let end = at + 1;
      for (let power = 10; value >= power; power *= 10) end += 1;
      for (let left = value | 0, index = end - 1; index >= at; index--) {
        const rest = (left / 10) | 0;
        bytes[index] = 0x30 + left - rest * 10;
        left = rest;
      }
      return end;
    }
    const text = `${value}`;
    for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
    return at + text.length;
  }

  /** What is JSON already. */
  json(text: string, at: number): number {
    return this.#utf8(text, at);
  }

  #longString(text: string, at: number): number {
    if (this.#known === 'ascii') return this.#ascii(text, at);
    if (this.#known === 'plain') return this.#otherString(text, at);
    let looked = this.#looked.get(text);
    if (looked === undefined) {
      looked = special.test(text) ? JSON.stringify(text) : true;
      if (this.#looked.size < mostLookedAt) this.#looked.set(text, looked);
    }
    return looked === true ? this.#ascii(text, at) : this.#utf8(looked, at);
  }

  #otherString(text: string, at: number): number {
    return this.#utf8(this.#known === 'nothing' ? JSON.stringify(text) : `"${text}"`, at);
  }

  #ascii(text: string, at: number): number {
    const { length } = text;
    let { bytes } = this;
    if (at + length + 2 + slack > bytes.length) bytes = this.grow(at, length + 2 + slack);
    bytes[at] = quote;
    bytes.write(text, at + 1);
    bytes[at + 1 + length] = quote;
    return at + length + 2;
  }

  #utf8(text: string, at: number): number {
    // No UTF-16 code unit takes more than three bytes.
    const most = text.length * 3 + slack;
    const bytes = at + most > this.bytes.length ? this.grow(at, most) : this.bytes;
    return at + bytes.write(text, at);
  }
}

const quote = 0x22;
const backslash = 0x5c;
