import type { Voice } from './composeReply.ts';
import { type Found, findByCue, type Quote, quotable } from './knowledge.ts';
import type { Language } from './language.ts';
import { type ObjectionKind, objectionCues } from './objections.ts';
import { isQuestion } from './question.ts';
import { appointment, type Intent, wantsOverview } from './readMove.ts';
import type { ReplyRequest } from './replyEngine.ts';
import { type ConversationPhase, type Move, nextAsk } from './replyPolicy.ts';
import { searchSize } from './searchAnswers.ts';
import { tokenise } from './text.ts';
import { type Ask, askIn } from './wording.ts';

/** A reply's own sentences, what they quote, and the question that may follow. */
export type Draft = { sentences: string[]; quotes: readonly Quote[]; strategy: string; ask: Ask | null };

const overviewCues: Record<Language, string> = {
  en: 'offer offers provide helps product products plan plans platform service services includes',
  es: 'ofrecemos ofrece ayuda producto productos plan planes plataforma servicio servicios incluye',
};

/** All that a reply is drafted from. */
export type Situation = {
  request: ReplyRequest;
  language: Language;
  intent: Intent;
  objection: ObjectionKind | null;
  voice: Voice;
  answers: readonly Found[];
  asked: ReadonlySet<Ask>;
  lastAsk: Ask | null;
  phase: ConversationPhase;
};

const answerDraft = ({ request, voice, answers, asked, phase }: Situation): Draft => {
  const { warmth, brevity } = request.agent.personality;
  const sentences = [voice.say(warmth >= 0.6 && brevity < 0.65 ? 'warmLead' : 'lead')];
  const quotes: Quote[] = [];
  const answered = answers.filter(({ kind }) => kind !== 'NOTHING');
  for (const answer of answered) {
    const chosen = answer.kind === 'PRICE' ? answer.quotes.slice(0, 4) : answer.quotes.slice(0, brevity >= 0.5 ? 1 : 2);
    quotes.push(...chosen.filter(({ text }) => !quotes.some((quote) => quote.text === text)));
  }
  sentences.push(...quotes.map(({ text }) => text));
  const missing = [...new Set(answers.flatMap(({ unknown }) => unknown))].filter(isEchoable);
  const unanswered = answers.length > answered.length || missing.length > 0;
  if (unanswered)
    sentences.push(missing.length > 0 ? voice.say('unknownPart', missing.join(', ')) : voice.say('unknown'));
  const priced = answered.some(({ kind }) => kind === 'PRICE');
  const ask = unanswered ? 'FOLLOW_UP' : answered.some(({ listed }) => listed) ? 'WHICH' : nextAsk(phase, asked);
  return { sentences, quotes, strategy: priced ? 'answer.price' : 'answer.fact', ask };
};

const isEchoable = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}.-]{0,29}$/u.test(name);

const unknownDraft = ({ voice, answers, intent }: Situation): Draft => {
  const names = [...new Set(answers.flatMap(({ unknown }) => unknown))].filter(isEchoable).slice(0, 2);
  const stray = intent.outOfScope && intent.name === 'out_of_scope' && names.length === 0;
  if (stray)
    return {
      sentences: [voice.say('unknown'), voice.say('help')],
      quotes: [],
      strategy: 'answer.unknown',
      ask: 'MORE',
    };
  return {
    sentences: [names.length > 0 ? voice.say('unknownPrice', names.join(' ')) : voice.say('unknown')],
    quotes: [],
    strategy: 'answer.unknown',
    ask: 'FOLLOW_UP',
  };
};

const say = (strategy: string, ask: Ask | null, ...sentences: string[]): Draft => ({
  sentences,
  quotes: [],
  strategy,
  ask,
});

const objectionDraft = async (situation: Situation): Promise<Draft> => {
  const { request, language, objection, voice, answers, asked } = situation;
  if (!objection) return unknownDraft(situation);
  const cues = objectionCues[language][objection];
  const direct = answers.filter(({ kind }) => kind === 'FACT').flatMap(({ quotes }) => quotes);
  const helpful =
    direct.length > 0 || !cues
      ? direct
      : findByCue(
          cues,
          quotable(await request.search(`${cues} ${request.message.slice(0, 200)}`, searchSize)),
          language,
        );
  const quotes = helpful.slice(0, request.agent.personality.brevity <= 0.35 ? 2 : 1);
  const ask: Ask =
    objection === 'TIMING' || objection === 'AUTHORITY' ? 'FOLLOW_UP' : nextAsk('OBJECTION_HANDLING', asked);
  return {
    sentences: [voice.say(`objection${objection}`), ...quotes.map(({ text }) => text)],
    quotes,
    strategy: `objection.${objection}`,
    ask,
  };
};

const overview = async (situation: Situation): Promise<Draft> => {
  const { request, language, voice, asked, phase } = situation;
  const passages = await request.search(`${overviewCues[language]} ${request.message.slice(0, 200)}`, searchSize);
  const quotes = findByCue(overviewCues[language], quotable(passages), language).slice(
    0,
    request.agent.personality.brevity >= 0.65 ? 1 : 2,
  );
  if (quotes.length === 0) return unknownDraft(situation);
  return {
    sentences: [voice.say('lead'), ...quotes.map(({ text }) => text)],
    quotes,
    strategy: 'answer.overview',
    ask: nextAsk(phase, asked),
  };
};

/** What to say to a move, before disclosure, follow-up question and grounding check. */
export const draftFor = async (move: Move, situation: Situation): Promise<Draft> => {
  const { request, voice, answers, asked, lastAsk, phase, intent } = situation;
  const answered = answers.some(({ kind }) => kind !== 'NOTHING');
  switch (move) {
    case 'NOISE':
      return say('clarify', 'MORE', voice.say('unintelligible'));
    case 'GREET':
      return say(
        'greet',
        request.history.length > 0 ? 'MORE' : 'OPEN',
        voice.say(request.history.length > 0 ? 'helloAgain' : 'hello'),
      );
    case 'ASK_IDENTITY':
      return say('identity', 'MORE', voice.say('identity'));
    case 'THANK':
      return say('thanks', 'MORE', voice.say('thanks'));
    case 'LEAVE':
      return say('goodbye', null, voice.say('goodbye'));
    case 'REFUSE':
      return say('refusal', null, voice.say('notInterested'));
    case 'WANT_HUMAN':
      return say('handoff', 'CONTACT', voice.say('human'));
    case 'OBJECT':
      return objectionDraft(situation);
    case 'BUY':
      return answered ? answerDraft(situation) : say('close', 'CONTACT', voice.say('buy'));
    case 'BOOK':
      if (answered) return { ...answerDraft(situation), ask: asked.has('TIME') ? 'CONTACT' : 'TIME' };
      return say('demo', asked.has('TIME') ? 'CONTACT' : 'TIME', voice.say('demo'));
    case 'AFFIRM':
      if (lastAsk === 'DEMO') return say('demo', 'TIME', voice.say('yes'));
      if (lastAsk === 'CONTACT' || lastAsk === 'TIME') return say('acknowledge', lastAsk, voice.say('yes'));
      if (lastAsk === 'FOLLOW_UP') return say('followUp', 'CONTACT', voice.say('yes'));
      return say('acknowledge', lastAsk === 'MORE' ? 'NEED' : nextAsk(phase, asked), voice.say('yes'));
    case 'DENY':
      return lastAsk === 'MORE'
        ? say('goodbye', null, voice.say('no'), voice.say('goodbye'))
        : say('acknowledge', 'MORE', voice.say('no'));
    case 'TELL':
      if (lastAsk === 'TIME' || appointment[situation.language].test(request.message))
        return say('acknowledge', asked.has('CONTACT') ? 'MORE' : 'CONTACT', voice.say('noted'));
      if (lastAsk === 'CONTACT' || /\S@\S+\.\S/.test(request.message))
        return say('acknowledge', 'MORE', voice.say('noted'));
      return say('acknowledge', nextAsk(phase, asked), voice.say('details'));
    case 'REPEAT': {
      const again = request.history.findLast(({ role }) => role === 'AGENT')?.text;
      const ask = again ? askIn(again, situation.language) : null;
      return ask ? say('repeat', ask, voice.say('rephrase')) : say('clarify', 'MORE', voice.say('unintelligible'));
    }
    default:
      if (answered) return answerDraft(situation);
      if (
        answers.length === 0 &&
        (intent.name === 'ask_product' || wantsOverview[situation.language].test(request.message))
      )
        return overview(situation);
      if (move === 'STRAY' && !isQuestion(request.message, situation.language)) {
        return tokenise(request.message).length <= 2
          ? say('clarify', 'MORE', voice.say('unintelligible'))
          : unknownDraft(situation);
      }
      return unknownDraft(situation);
  }
};
