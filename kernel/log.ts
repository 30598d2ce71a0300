import { type Logger, pino } from 'pino';

export type Log = Logger;

/** One JSON line per event on stdout. Never given a token, a secret, or a person's words: ids only. */
export const createLog = (options: { level: string; service: string }): Log =>
  pino({ level: options.level, base: { service: options.service }, timestamp: pino.stdTimeFunctions.isoTime });
