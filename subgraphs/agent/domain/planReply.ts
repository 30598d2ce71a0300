import { asksBefore, seedOf, type Voice, voiceOf } from './composeReply.ts';
import { ungroundedNumbers } from './grounding.ts';
import { type Found, findAnswer, findByCue, namesMentioned, type Passage, type Quote, quotable } from './knowledge.ts';
import type { Language } from './language.ts';
import { type ObjectionKind, objectionCues } from './objections.ts';
import { isQuestion, parseQuestion, questionsIn } from './question.ts';
import type { HistoryTurn, ReplyRequest } from './replyEngine.ts';
import { type ConversationPhase, certainMove, type Move, moveOf, nextAsk, nextPhase } from './replyPolicy.ts';
import { fold, tokenise } from './text.ts';
import { type Ask, askIn } from './wording.ts';

/** A reply before it is spoken: its text, what it quotes, how it was arrived at, and the phase the conversation is in. */
export type ReplyPlan = { text: string; citations: readonly Passage[]; strategy: string; phase: ConversationPhase };

type Intent = { name: string; confidence: number; outOfScope: boolean };
type Draft = { sentences: string[]; quotes: readonly Quote[]; strategy: string; ask: Ask | null };

const found = 12;
const priceQuery: Record<Language, string> = {
  en: 'price cost costs plan month euro dollar eur usd',
  es: 'precio cuesta coste tarifa plan mes euro dolar eur usd',
};
const overviewCues: Record<Language, string> = {
  en: 'offer offers provide helps product products plan plans platform service services includes',
  es: 'ofrecemos ofrece ayuda producto productos plan planes plataforma servicio servicios incluye',
};
const continues: Record<Language, RegExp> = {
  en: /^(?:and|what about|how about|and what about)\b/i,
  es: /^(?:y|qué tal|que tal|¿y)(?=\s)/i,
};

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
    before !== null || mayAsk(move, message, language, intent),
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

const appointment: Record<Language, RegExp> = {
  en: /^\W*(?:(?:on|next|this|maybe|how about|say) )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow)\b/i,
  es: /^\W*(?:el |este |la )?(?:próximo )?(?:lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|mañana)(?=[\s,.]|$)/i,
};

// "why is it so expensive?" objects, "how much …, is it expensive?" asks
const asksOutright: Record<Language, RegExp> = {
  en: /\b(?:how (?:much|many|long|do|does|can)|what|when|where|which|can (?:i|we|you)|do you|does it|is there|are there)\b.*\?|^(?:how (?:much|many|long)|can (?:i|we|you)|do you|does)\b/i,
  es: /(?:cu[aá]nt|qu[eé] (?!caro)|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde|pued|tiene|hay).*\?|^¿?(?:cu[aá]nt[oa]|cu[aá]l|c[oó]mo|cu[aá]ndo|d[oó]nde|puedo|pueden|tienen)/i,
};

const moveFor = (
  message: string,
  language: Language,
  intent: Intent,
  objection: ObjectionKind | null,
  lastAsk: Ask | null,
): Move => {
  if (!/[a-z0-9]/.test(fold(message))) return 'NOISE';
  const certain = certainMove(fold(message));
  if (certain) return certain;
  if (objection && !asksOutright[language].test(message)) return 'OBJECT';
  const move = moveOf(intent);
  if (appointment[language].test(message) && !isQuestion(message, language)) return 'TELL';
  if (/\S@\S+\.\S|\+?\d[\d\s-]{7,}\d/.test(message) && !isQuestion(message, language)) return 'TELL';
  const social: readonly Move[] = ['LEAVE', 'REFUSE', 'THANK', 'GREET', 'AFFIRM', 'DENY'];
  if (isQuestion(message, language) && intent.confidence < 0.7 && social.includes(move)) return 'ASK';
  const answering =
    lastAsk !== null && ['NEED', 'SIZE', 'TIMELINE', 'CONCERN', 'CONTACT', 'TIME', 'WHICH'].includes(lastAsk);
  if (
    answering &&
    !isQuestion(message, language) &&
    ['STRAY', 'ASK', 'GREET', 'REPEAT', 'BOOK', 'OBJECT'].includes(move)
  )
    return 'TELL';
  return move === 'OBJECT' ? 'STRAY' : move;
};

const wantsOverview: Record<Language, RegExp> = {
  en: /\bwhat (?:exactly )?(?:do|does|can|is it) (?:you|your \w+|it|this)(?: guys| people)? (?:offer|sell|do|provide|have|make)\b|\b(?:tell me|know|hear|info\w*) (?:more )?(?:about|on) (?:your|the|this|it)\b|\bwhat(?:'s| is) (?:your product|this|it)\b/i,
  es: /qu[eé] (?:es lo que )?(?:ofrece|vende|hace|tiene|ofrec|es esto)|(?:cu[eé]nt[ae]me|h[aá]bl[ae]me|saber|informaci[oó]n) (?:m[aá]s )?(?:de|sobre)/i,
};

const mayAsk = (move: Move, message: string, language: Language, intent: Intent): boolean => {
  if (['NOISE', 'WANT_HUMAN', 'REFUSE', 'LEAVE'].includes(move) || certainMove(fold(message)) !== null) return false;
  if (move === 'ASK_IDENTITY' && intent.confidence > 0.6) return false;
  return isQuestion(message, language) || (move === 'ASK' && !intent.outOfScope);
};

const questionBefore = (history: readonly HistoryTurn[], language: Language): string | null => {
  const turn = history.findLast(
    ({ role, text }) => role === 'CUSTOMER' && certainMove(fold(text)) === null && isQuestion(text, language),
  );
  return turn?.text ?? null;
};

const answersTo = async (
  message: string,
  request: ReplyRequest,
  language: Language,
  wanted: boolean,
): Promise<Found[]> => {
  if (!wanted) return [];
  const earlier = request.history
    .filter(({ role }) => role !== 'SYSTEM')
    .slice(-8)
    .reverse();
  const previous = earlier.find(({ role }) => role === 'CUSTOMER')?.text;
  const inherited = previous && continues[language].test(message) ? parseQuestion(previous, language).asks : undefined;
  const answers: Found[] = [];
  for (const part of questionsIn(message, language)) {
    const question = parseQuestion(part, language, inherited);
    if (question.subjects.length === 0 && question.asks !== 'PRICE') continue;
    const about =
      question.subjects.length === 0 && question.refersBack
        ? earlier
            .map(({ text }) => text)
            .join(' ')
            .slice(0, 600)
        : '';
    const words = question.subjects.map(({ raw }) => raw).join(' ');
    const passages = await request.search(
      [words, question.asks === 'PRICE' ? priceQuery[language] : part.slice(0, 400), about].join(' ').trim(),
      found,
    );
    const units = quotable(passages);
    const context = question.refersBack ? namesTalkedAbout(earlier, units, language) : [];
    answers.push(findAnswer(question, units, language, context));
  }
  return answers;
};

// newest first; a customer's question about something unknown ends it: "it" is that, not what came before
const namesTalkedAbout = (
  earlier: readonly HistoryTurn[],
  units: ReturnType<typeof quotable>,
  language: Language,
): string[] => {
  const names: string[] = [];
  for (const { role, text } of earlier) {
    const mentioned = namesMentioned(text, units, language);
    names.push(...mentioned);
    if (role !== 'CUSTOMER' || mentioned.length > 0) continue;
    const { subjects, asks, refersBack } = parseQuestion(text, language);
    if (asks === 'PRICE' && subjects.length > 0 && !refersBack) break;
  }
  return names;
};

type Situation = {
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
      : findByCue(cues, quotable(await request.search(`${cues} ${request.message.slice(0, 200)}`, found)), language);
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
  const passages = await request.search(`${overviewCues[language]} ${request.message.slice(0, 200)}`, found);
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

const draftFor = async (move: Move, situation: Situation): Promise<Draft> => {
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
