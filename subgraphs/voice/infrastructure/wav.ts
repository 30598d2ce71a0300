/** Mono 16-bit PCM. */
export type Pcm = { readonly samples: Int16Array; readonly sampleRate: number };

const headerBytes = 44;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A RIFF/WAVE file of one PCM channel (Microsoft's Multimedia Programming Interface 1.0, format 1): 44 bytes, then the samples. */
export const encodeWav = ({ samples, sampleRate }: Pcm): Uint8Array => {
  const dataBytes = samples.length * 2;
  const file = Buffer.alloc(headerBytes + dataBytes);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(headerBytes - 8 + dataBytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16); // the format chunk's size
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // channels
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(sampleRate * 2, 28); // bytes a second
  file.writeUInt16LE(2, 32); // bytes a frame
  file.writeUInt16LE(16, 34); // bits a sample
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(dataBytes, 40);
  file.set(new Uint8Array(samples.buffer, samples.byteOffset, dataBytes), headerBytes);
  if (!littleEndian) file.subarray(headerBytes).swap16();
  return file;
};

/** Reads back what `encodeWav` wrote. @throws when it is anything else */
export const decodeWav = (file: Uint8Array): Pcm => {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const ours =
    view.length >= headerBytes &&
    view.toString('latin1', 0, 4) === 'RIFF' &&
    view.toString('latin1', 8, 16) === 'WAVEfmt ' &&
    view.readUInt16LE(20) === 1 &&
    view.readUInt16LE(22) === 1 &&
    view.readUInt16LE(34) === 16 &&
    view.readUInt32LE(40) === view.length - headerBytes;
  if (!ours) throw new Error('not a WAV file of ours');
  const samples = new Int16Array((view.length - headerBytes) / 2);
  const bytes = Buffer.from(samples.buffer);
  bytes.set(view.subarray(headerBytes));
  if (!littleEndian) bytes.swap16();
  return { samples, sampleRate: view.readUInt32LE(24) };
};
