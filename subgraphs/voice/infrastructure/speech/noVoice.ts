import { type SpeechSynthesizer, VoiceUnavailable } from './speechSynthesizer.ts';

/** Where no speech engine is installed: no voices, and every request is told so. */
export const noVoice = (): SpeechSynthesizer => ({
  voices: async () => [],
  synthesize: async ({ voiceId }) => {
    throw new VoiceUnavailable(voiceId);
  },
  close: async () => {},
});
