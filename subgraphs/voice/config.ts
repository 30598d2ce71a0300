import { integer, readConfig } from '@parley/kernel/config';
import { z } from 'zod';

export type VoiceConfig = { readonly speechProcesses: number; readonly linkMs: number };

const environmentShape = z.object({
  /** Processes that speak; one speaks some 300 times faster than real time. */
  SPEECH_PROCESSES: integer(1, 16).default(1),
  /** How long a link to audio is good for. */
  AUDIO_LINK_SECONDS: integer(10, 3_600).default(300),
});

/** Voice's settings. @throws ConfigError */
export const voiceConfig = (environment: Readonly<Record<string, string | undefined>> = process.env): VoiceConfig => {
  const { SPEECH_PROCESSES, AUDIO_LINK_SECONDS } = readConfig(environmentShape, environment);
  return { speechProcesses: SPEECH_PROCESSES, linkMs: AUDIO_LINK_SECONDS * 1_000 };
};
