import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createEncoder, type WasmMediaEncoder } from 'wasm-media-encoders';
import type { Pcm } from './wav.ts';

/**
 * At 44.1 kHz what the codec adds (its delay, and the fill of the last frame) is at most 51 ms; at the voice's own
 * 22.05 kHz it would be 76. A player that reads the gapless tag plays exactly what the WAV holds.
 */
const outputRate = 44_100;
const bitRate = 64;
const frameSamples = 1_152;
const encoderDelay = 576;
const decoderDelay = 529;
/** MPEG-1 Layer III, no CRC, 64 kbit/s, 44.1 kHz, mono (ISO/IEC 11172-3, 2.4.1.3): the header of the tag's own frame. */
const frameHeader = 0xff_fb_50_c4;
const frameBytes = Math.floor((144 * bitRate * 1_000) / outputRate);
const sideInfoBytes = 17;

let encoder: Promise<WasmMediaEncoder<'audio/mpeg'>> | undefined;
const loadEncoder = async (): Promise<WasmMediaEncoder<'audio/mpeg'>> =>
  createEncoder('audio/mpeg', await readFile(fileURLToPath(import.meta.resolve('wasm-media-encoders/wasm/mp3'))));

/** MP3, 64 kbit/s constant. Takes some 10 ms of CPU a second of speech: call it in a worker. Calls must not overlap. */
export const encodeMp3 = async ({ samples, sampleRate }: Pcm): Promise<Uint8Array> => {
  encoder ??= loadEncoder();
  const mp3 = await encoder;
  mp3.configure({ channels: 1, sampleRate, bitrate: bitRate, outputSampleRate: outputRate });
  const channel = Float32Array.from(samples, (sample) => sample / 32_768);
  // The encoder hands out views of its own memory, which the next call overwrites.
  const body = Buffer.concat([Buffer.from(mp3.encode([channel])), Buffer.from(mp3.finalize())]);
  const length = Math.round((samples.length * outputRate) / sampleRate);
  return Buffer.concat([gaplessTag(body, length), body]);
};

const countFrames = (body: Uint8Array): number => {
  let frames = 0;
  // Of constant bit rate, frames differ only in the padding bit.
  for (let at = 0; at + 4 <= body.length; frames++) at += frameBytes + (((body[at + 2] ?? 0) >> 1) & 1);
  return frames;
};

/**
 * The first frame of a well-made MP3: silent, and holding how many samples at both ends are the codec's own (the Xing
 * header with LAME's extension; gabriel.mp3-tech.org/mp3infotag.html).
 */
const gaplessTag = (body: Uint8Array, length: number): Uint8Array => {
  const frames = countFrames(body);
  const frame = Buffer.alloc(frameBytes);
  frame.writeUInt32BE(frameHeader, 0);
  let at = 4 + sideInfoBytes;
  // "Info" would be the name for constant bit rate, but some players (sox) then take this frame for sound.
  frame.write('Xing', at, 'latin1');
  frame.writeUInt32BE(0b0011, at + 4); // frames and bytes follow
  frame.writeUInt32BE(frames, at + 8);
  frame.writeUInt32BE(body.length + frameBytes, at + 12);
  at += 16;
  frame.write('LAME3.100', at, 'latin1');
  frame[at + 9] = 0x01; // constant bit rate
  const padding = Math.min(4_095, Math.max(decoderDelay, frames * frameSamples - encoderDelay - length));
  frame[at + 20] = bitRate;
  frame.writeUIntBE((encoderDelay << 12) | padding, at + 21, 3);
  frame.writeUInt32BE(body.length + frameBytes, at + 28);
  frame.writeUInt16BE(crc16(body), at + 32);
  frame.writeUInt16BE(crc16(frame.subarray(0, at + 34)), at + 34);
  return frame;
};

/** CRC-16/ARC */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
};
