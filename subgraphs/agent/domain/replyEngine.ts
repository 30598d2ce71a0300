import type { Personality } from './composeReply.ts';
import { wordsOf } from './composeReply.ts';
import { predict } from './intentClassifier.ts';
import { type IntentModel, parseIntentModel } from './intentModel.ts';
import type { Passage } from './knowledge.ts';
import { type Language, languageOf } from './language.ts';
import { type ObjectionKind, objectionIn } from './objections.ts';
import { planReply } from './planReply.ts';
import type { ConversationPhase } from './replyPolicy.ts';
import { sentimentOf } from './sentiment.ts';
import { normalise } from './text.ts';

export type { ConversationPhase, ObjectionKind, Passage, Personality };

/** One turn of the past: an agent's text is what was heard of it. */
export type HistoryTurn = { role: 'CUSTOMER' | 'AGENT' | 'HUMAN_AGENT' | 'SYSTEM'; text: string };

export type ReplyRequest = {
  agent: { name: string; locale: string; personality: Personality };
  /** BCP 47, the conversation's */
  locale: string;
  phase: ConversationPhase;
  /** oldest first, without the message */
  history: readonly HistoryTurn[];
  /** the customer's turn to answer */
  message: string;
  /** the agent's first turn: the reply says that it is an AI */
  discloseAi: boolean;
  search: (query: string, first: number) => Promise<readonly Passage[]>;
  signal?: AbortSignal;
};

export type ReplyPart =
  | {
      kind: 'UNDERSTOOD';
      intent: { name: string; confidence: number; outOfScope: boolean };
      sentiment: number;
      objection: ObjectionKind | null;
      /** after the customer's turn */
      phase: ConversationPhase;
      /** ISO 639-1, of the reply's wording */
      language: string;
    }
  | { kind: 'DELTA'; text: string }
  | {
      kind: 'COMPLETED';
      strategy: string;
      model: string;
      citations: readonly Passage[];
      inputTokens: number;
      outputTokens: number;
    };

/** The port a language model will sit behind: UNDERSTOOD, then DELTAs that joined are the reply, then COMPLETED. */
export type ReplyEngine = (request: ReplyRequest) => AsyncIterable<ReplyPart>;

const longestMessage = 8_000;

/**
 * The engine that needs no model server: same request, same reply; every fact a quotation of a cited passage. Takes the bytes of
 * the intent models; tokens are counted as words. Throws the signal's reason once aborted, and whatever `search` throws.
 */
export const createReplyEngine = (models: Readonly<Record<Language, Uint8Array>>): ReplyEngine => {
  const parsed: Record<Language, IntentModel> = { en: parseIntentModel(models.en), es: parseIntentModel(models.es) };
  return async function* (request) {
    request.signal?.throwIfAborted();
    const language = languageOf(request.locale);
    const message = normalise(request.message.slice(0, longestMessage));
    const intent = predict(parsed[language], message);
    const objection = objectionIn(message, language, intent);
    const plan = await planReply({ ...request, message }, language, intent, objection);
    request.signal?.throwIfAborted();
    yield {
      kind: 'UNDERSTOOD',
      intent,
      sentiment: sentimentOf(message, language),
      objection,
      phase: plan.phase,
      language,
    };
    const words = wordsOf(plan.text);
    for (const text of words) {
      request.signal?.throwIfAborted();
      yield { kind: 'DELTA', text };
    }
    const read = [message, ...request.history.map(({ text }) => text)];
    yield {
      kind: 'COMPLETED',
      strategy: plan.strategy,
      model: 'builtin',
      citations: plan.citations,
      inputTokens: read.reduce((sum, text) => sum + wordsOf(text).length, 0),
      outputTokens: words.length,
    };
  };
};
