import { type Actor, serviceActor } from '@parley/kernel/actor';
import { replyIdOf } from '../domain/replyId.ts';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import type { Unanswered } from '../infrastructure/replies.ts';
import { type ReplyInput, streamReply, type Understood, voiceOfAgent } from '../infrastructure/replySource.ts';
import { appendDelta, TurnClosed, type TurnOfConversation } from '../infrastructure/turnUpdates.ts';
import { deltaPacer } from './deltaPacer.ts';
import { beginReply, completeReply, completeVoice } from './recordReply.ts';
import { announce, type Sales } from './sales.ts';
import { type Speaker, speakReply } from './speakReply.ts';

/** How long later words and the end of a reply stand back behind the first words of others. */
const mayWaitMs = 100;

/** A reply whose text is whole. */
export type Replied = {
  /** Resolves when its audio is made, or will never be, and that is recorded; `released`: with it the conversation was given back. */
  finishVoice(): Promise<{ readonly released: boolean }>;
  /** Replies the conversation waits for, this one's audio included, as far as is known. */
  readonly pendingReplies: number;
};

/**
 * Makes the one reply to a customer's turn, or finishes the reply that another process has begun: text that was stored
 * is never changed, audio that was made is not made again. Resolves when the text is whole.
 */
export const replyToTurn = async (
  sales: Sales,
  tenantId: string,
  unanswered: Unanswered,
  { owner, signal, spokenBefore }: { owner: string; signal: AbortSignal; spokenBefore: Promise<unknown> },
): Promise<Replied> => {
  const { conversation, message, reply } = unanswered;
  const actor = serviceActor('sales', tenantId);
  let voiceId: Promise<string | null> | undefined;
  const speakWith = (id: string | null) => {
    voiceId ??= Promise.resolve(id);
  };
  const askVoiceId = () => {
    const asked = voiceOfAgent(sales.agent, actor, conversation.agentId);
    // An agent that is away is asked again with the next sentence.
    asked.catch(() => {
      if (voiceId === asked) voiceId = undefined;
    });
    return asked;
  };
  const speakerOf = (turn: Turn) =>
    speakReply(sales, actor, turn, {
      voiceId: () => (voiceId ??= askVoiceId()),
      locale: conversation.locale,
      receivedAt: message.createdAt,
      after: spokenBefore,
      signal,
    });

  let turn: TurnOfConversation | null = reply && { ...reply, conversation };
  let speaker = turn === null ? null : speakerOf(turn);
  if (turn === null || turn.state === 'STREAMING') {
    const request = replyInput(unanswered);
    const work = { sales, actor, conversation, message, owner, request, speakWith, speakerOf, turn, speaker };
    const streamed = await streamText(work, signal);
    speaker = streamed.speaker;
    await sales.foreground.clear(mayWaitMs);
    turn = await completeReply(sales, actor, streamed.turn, message.createdAt, owner);
  } else if (turn.state === 'COMPLETED') speaker?.say(turn.text);

  const whole = turn;
  const voice = speaker;
  return {
    pendingReplies: whole.conversation?.pendingReplies ?? Number.POSITIVE_INFINITY,
    finishVoice: async () => {
      const spoken = whole.state === 'COMPLETED' ? await voice?.finish() : await voice?.stop();
      // What is not spoken because we stop is left to whoever takes over.
      signal.throwIfAborted();
      const { durationMs = 0, timeToFirstAudio = null } = spoken ?? {};
      return { released: await completeVoice(sales, actor, whole, { durationMs, timeToFirstAudio }, owner) };
    },
  };
};

const replyInput = ({ conversation, message, history }: Unanswered): ReplyInput => ({
  conversationId: conversation.id,
  inReplyTo: message.id,
  turnId: replyIdOf(message.id),
  agentId: conversation.agentId,
  locale: conversation.locale,
  phase: conversation.phase,
  message: message.text,
  history,
  discloseAi: !history.some(({ role }) => role === 'AGENT'),
});

type Streaming = {
  sales: Sales;
  actor: Actor;
  conversation: Conversation;
  message: Turn;
  owner: string;
  request: ReplyInput;
  speakWith: (voiceId: string | null) => void;
  speakerOf: (turn: Turn) => Speaker;
  turn: TurnOfConversation | null;
  speaker: Speaker | null;
};

/** Reads the reply and stores, shows and speaks it as it comes, to its end or until the turn is interrupted. */
const streamText = async (
  work: Streaming,
  signal: AbortSignal,
): Promise<{ turn: TurnOfConversation; speaker: Speaker }> => {
  const { sales, actor, conversation, message, owner, request } = work;
  const sql = sales.database.sql(actor.tenantId);
  let { turn, speaker } = work;
  let understood: Understood | null = null;
  let received = '';
  if (turn !== null) speaker?.say(turn.text);
  const begun = turn === null ? sales.foreground.begin() : () => {};

  const store = async (delta: string) => {
    if (turn === null) {
      if (understood === null) throw new Error('agent: text came before what was understood');
      const { turnId } = request;
      turn = await beginReply(sales, actor, { conversation, message, turnId, understood, firstDelta: delta, owner });
      begun();
      speaker = work.speakerOf(turn);
    } else {
      await sales.foreground.clear(mayWaitMs);
      const update = await appendDelta(sql, turn, delta, owner);
      turn = update.turn;
      await announce(sales, actor.tenantId, { turns: [update] });
    }
    speaker?.say(delta);
  };
  const pacer = deltaPacer(store);
  const already = turn?.text ?? '';
  try {
    for await (const part of streamReply(sales.agent, actor, request, signal)) {
      if (part.kind === 'UNDERSTOOD') {
        understood = part.understood;
        work.speakWith(part.voiceId);
      } else if (part.kind === 'DELTA') {
        const before = received.length;
        received += part.text;
        // After a takeover the stream repeats what is stored; only what goes beyond it is new.
        if (received.length > already.length) pacer.push(received.slice(Math.max(before, already.length)));
      }
      if (pacer.failed()) break;
    }
    await pacer.drained();
  } catch (error) {
    if (!(error instanceof TurnClosed)) throw error;
    if (turn === null || speaker === null) throw error;
    return { turn, speaker };
  } finally {
    begun();
  }
  if (turn === null || speaker === null) throw new Error('agent: the reply was empty');
  return { turn, speaker };
};
