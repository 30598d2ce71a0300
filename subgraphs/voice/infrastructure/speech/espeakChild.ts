/**
 * Runs espeak-ng (GPL-3.0) at arm's length: this process is the only one that loads it, and it talks to ours in plain
 * messages. Arguments: the package's entry file, then the dictionaries to load, comma-separated.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { answerParent, orphaned } from './childProcess.ts';
import type { EspeakJob, EspeakResult } from './espeak.ts';

type EspeakEvent = { type: string; text_position: number; audio_position: number };
type Worker = {
  samplerate: number;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  /** 0 on success */
  set_voice(name: string): number;
  /** synchronous; a true answer of `onAudio` stops it */
  synthesize(ssml: string, onAudio: (samples: Int16Array | null, events: EspeakEvent[]) => boolean): void;
};
type EspeakModule = { eSpeakNGWorker: new () => Worker };
type Load = (options: { getPreloadedPackage?: () => ArrayBuffer }) => Promise<EspeakModule>;

/**
 * The package's 24 MB data file, with only the parts in use read from disk: memory of a fresh buffer that is never
 * written is never resident. The table of contents stands in the package's script; without it the whole file is read.
 */
const readData = (entry: string, dictionaries: ReadonlySet<string>): ArrayBuffer => {
  const file = openSync(entry.replace(/\.js$/, '.data'), 'r');
  try {
    const { size } = fstatSync(file);
    const data = new ArrayBuffer(size);
    const read = (start: number, end: number): void => {
      for (let at = start; at < end; ) at += readSync(file, new Uint8Array(data, at, end - at), 0, end - at, at);
    };
    const contents = [...readFileSync(entry, 'latin1').matchAll(/filename:"([^"]+)",start:(\d+),end:(\d+)/g)];
    if (contents.length === 0) read(0, size);
    for (const [, name, start, end] of contents) {
      const dictionary = /\/([^/]+)_dict$/.exec(name ?? '')?.[1];
      if (dictionary === undefined || dictionaries.has(dictionary)) read(Number(start), Number(end));
    }
    return data;
  } finally {
    closeSync(file);
  }
};

const [entry = '', dictionaries = ''] = process.argv.slice(2);
const { default: load } = (await import(pathToFileURL(entry).href)) as { default: Load };
const data = readData(entry, new Set(dictionaries.split(',')));
const { eSpeakNGWorker } = await load({ getPreloadedPackage: () => data });
const espeak = new eSpeakNGWorker();

const synthesize = ({ ssml, voice, pitch, wordsPerMinute }: EspeakJob): EspeakResult => {
  if (espeak.set_voice(voice) !== 0) throw new Error(`espeak has no voice ${voice}`);
  espeak.set_rate(wordsPerMinute);
  espeak.set_pitch(pitch);
  const parts: Int16Array[] = [];
  const words: { position: number; ms: number }[] = [];
  espeak.synthesize(ssml, (samples, events) => {
    if (samples && samples.length > 0) parts.push(samples);
    for (const { type, text_position, audio_position } of events) {
      if (type === 'word') words.push({ position: text_position, ms: audio_position });
    }
    if (orphaned()) process.exit(0);
    return false;
  });
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return { samples, sampleRate: espeak.samplerate, words };
};

// The first sentence compiles the engine's hot paths: say one to nobody before the first customer waits for it.
synthesize({ ssml: 'One moment, please.', voice: 'en-us', pitch: 50, wordsPerMinute: 175 });
answerParent(synthesize);
