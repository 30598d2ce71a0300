const rate = 16_000;

/** A soft hum of `ms` milliseconds that rises and falls like syllables: 16 kHz mono 16-bit WAV. */
export const toneWav = (ms: number): Buffer => {
  const samples = Math.round((ms / 1000) * rate);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index += 1) {
    const seconds = index / rate;
    const loudness = 0.15 * Math.sin(Math.PI * 4 * seconds) ** 2;
    wav.writeInt16LE(Math.round(Math.sin(2 * Math.PI * 180 * seconds) * loudness * 32_767), 44 + index * 2);
  }
  return wav;
};
