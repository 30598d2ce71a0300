import type { ReplyTrace } from '../generated/prisma/client.ts';

/** What sales hears of a reply, in this order: UNDERSTOOD, DELTAs that joined are the text, COMPLETED. */
export type ReplyPart =
  | {
      readonly kind: 'UNDERSTOOD';
      readonly intent: { readonly name: string; readonly confidence: number; readonly outOfScope: boolean };
      readonly sentiment: number;
      readonly objection: string | null;
      readonly phase: ReplyTrace['phase'];
      /** null: chosen by locale */
      readonly voiceId: string | null;
    }
  | { readonly kind: 'DELTA'; readonly text: string }
  | { readonly kind: 'COMPLETED' };

const shortSentence = /^[^.!?…\n]{1,80}[.!?…]+["'”’»)]*\s+/u;
const wordsPerDelta = 4;

/**
 * A text as it is handed out: the first sentence whole when it is short, so that it can be spoken at once; then a few
 * words at a time. Joined, the parts are the text.
 */
export const deltasOf = (text: string): string[] => {
  const opening = shortSentence.exec(text)?.[0] ?? '';
  const words = text.slice(opening.length).split(/(?<=\s)(?=\S)/u);
  const deltas = opening === '' ? [] : [opening];
  for (let at = 0; at < words.length; at += wordsPerDelta) deltas.push(words.slice(at, at + wordsPerDelta).join(''));
  return deltas.filter((delta) => delta !== '');
};

/** The stored reply as the parts of its stream; the same each time. */
export const partsOf = (trace: ReplyTrace, voiceId: string | null): ReplyPart[] => [
  {
    kind: 'UNDERSTOOD',
    intent: { name: trace.intentName, confidence: trace.intentConfidence, outOfScope: trace.intentOutOfScope },
    sentiment: trace.sentiment,
    objection: trace.objection,
    phase: trace.phase,
    voiceId,
  },
  ...deltasOf(trace.text).map((text) => ({ kind: 'DELTA' as const, text })),
  { kind: 'COMPLETED' },
];
