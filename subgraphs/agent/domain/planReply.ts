import { asksBefore, seedOf, type Voice, voiceOf } from './composeReply.ts';
import { draftFor } from './draftReply.ts';
import { ungroundedNumbers } from './grounding.ts';
import type { Passage } from './knowledge.ts';
import type { Language } from './language.ts';
import type { ObjectionKind } from './objections.ts';
import { type Intent, mayAsk, moveFor } from './readMove.ts';
import type { ReplyRequest } from './replyEngine.ts';
import { type ConversationPhase, nextPhase } from './replyPolicy.ts';
import { answersTo, questionBefore } from './searchAnswers.ts';
import type { Ask } from './wording.ts';

/** A reply before it is spoken: its text, what it quotes, how it was arrived at, and the phase the conversation is in. */
export type ReplyPlan = { text: string; citations: readonly Passage[]; strategy: string; phase: ConversationPhase };

/** Decides what to say to a message and says it. Searches; otherwise a function of the request alone. */
export const planReply = async (
  request: ReplyRequest,
  language: Language,
  intent: Intent,
  objection: ObjectionKind | null,
): Promise<ReplyPlan> => {
  const { agent, message, history } = request;
  const agentTexts = history.filter(({ role }) => role === 'AGENT' || role === 'HUMAN_AGENT').map(({ text }) => text);
  const { asked, last: lastAsk } = asksBefore(agentTexts, language);
  const voice = voiceOf(
    agent.name,
    agent.personality,
    language,
    seedOf(`${history.length} ${message}`),
    agentTexts.at(-1) ?? '',
  );

  let move = moveFor(message, language, intent, objection, lastAsk);
  // repeating what was said could repeat a price that is gone: the question is answered anew
  const before = move === 'REPEAT' ? questionBefore(history, language) : null;
  const text = before ?? message;
  const answers = await answersTo(
    text,
    { ...request, message: text },
    language,
    before !== null || mayAsk(move, message, language),
  );
  if (before !== null) move = 'ASK';
  else if (
    answers.some(({ kind }) => kind !== 'NOTHING') &&
    ['STRAY', 'GREET', 'AFFIRM', 'DENY', 'THANK', 'TELL', 'REPEAT', 'ASK_IDENTITY', 'BUY'].includes(move)
  )
    move = 'ASK';

  const phase = nextPhase(
    request.phase,
    move,
    objection,
    answers.some(({ kind }) => kind === 'PRICE'),
  );
  const draft = await draftFor(move, { request, language, intent, objection, voice, answers, asked, lastAsk, phase });
  const { assertiveness, brevity } = agent.personality;
  const pushes = assertiveness >= 0.35 && (brevity < 0.65 || assertiveness >= 0.5);
  const opening = request.discloseAi && move !== 'ASK_IDENTITY' ? [voice.say('disclosure')] : [];
  const lead = before !== null && opening.length === 0 ? [voice.say('rephrase')] : [];
  const needed = draft.ask !== null && (['CONTACT', 'TIME', 'FOLLOW_UP'] as Ask[]).includes(draft.ask);
  const spoken = (
    opening.length + lead.length > 0
      ? draft.sentences.filter((line) => !openers(voice).includes(line))
      : draft.sentences
  ).filter(Boolean);
  const nags = draft.ask === 'MORE' && lastAsk === 'MORE' && draft.quotes.length > 0;
  const ask = draft.ask && (needed || pushes) && !nags ? [voice.ask(draft.ask)] : [];
  const reply = [...opening, ...lead, ...spoken, ...ask].join(' ');
  const citations = [...new Map(draft.quotes.map(({ passage }) => [passage.id, passage])).values()];
  const sources = [
    ...citations.flatMap((passage) => [passage.text, passage.documentTitle]),
    agent.name,
    message,
    ...history.filter(({ role }) => role === 'CUSTOMER').map((turn) => turn.text),
  ];
  if (ungroundedNumbers(reply, sources).length > 0) {
    const safe = [...opening, voice.say('unknown'), voice.ask('FOLLOW_UP')].join(' ');
    return { text: safe, citations: [], strategy: 'answer.unknown', phase };
  }
  return { text: reply, citations, strategy: draft.strategy, phase };
};

const openers = (voice: Voice): string[] => [voice.say('hello'), voice.say('lead'), voice.say('warmLead')];
