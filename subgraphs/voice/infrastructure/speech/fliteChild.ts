/**
 * Runs flite (BSD, English) as a WASI program, one run a sentence, away from our process: a run takes some 40 ms of CPU.
 * Argument: the path of `flite.wasm`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import { answerParent } from './childProcess.ts';
import type { FliteJob, FliteResult } from './flite.ts';

/** TypeScript declares it with the DOM only. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<object>;
};

const program = await WebAssembly.compile(readFileSync(process.argv[2] ?? ''));
const folder = mkdtempSync(join(tmpdir(), 'parley-flite-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const headerBytes = 44;

answerParent(async ({ text, voice, stretch }: FliteJob): Promise<FliteResult> => {
  // With a space in it the argument is text to flite, never a file's name.
  const wasi = new WASI({
    version: 'preview1',
    args: ['flite', '-voice', voice, '--setf', `duration_stretch=${stretch}`, ` ${text} `, 'speech.wav'],
    env: {},
    preopens: { '.': folder },
    returnOnExit: true,
  });
  const instance = await WebAssembly.instantiate(program, { wasi_snapshot_preview1: wasi.wasiImport });
  const code = wasi.start(instance);
  if (code !== 0) throw new Error(`flite ended with code ${code}`);
  const wav = readFileSync(join(folder, 'speech.wav'));
  const samples = new Int16Array((wav.length - headerBytes) >> 1);
  new Uint8Array(samples.buffer).set(wav.subarray(headerBytes, headerBytes + samples.byteLength));
  return { samples, sampleRate: wav.readUInt32LE(24) };
});
