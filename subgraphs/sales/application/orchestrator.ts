import { setTimeout as delay } from 'node:timers/promises';
import { serviceActor } from '@parley/kernel/actor';
import { isOutage } from '@parley/kernel/outage';
import { replyIdOf } from '../domain/replyId.ts';
import {
  abandonConversation,
  claimConversation,
  leaseMs,
  nextUnanswered,
  releaseConversation,
  renewClaim,
  type Unanswered,
  waitingConversations,
} from '../infrastructure/replies.ts';
import { TurnClosed } from '../infrastructure/turnUpdates.ts';
import { failReply } from './recordReply.ts';
import { type Replied, replyToTurn } from './replyToTurn.ts';
import type { Sales } from './sales.ts';

/** Answers customers' turns: each exactly once, one after the other within a conversation, whatever dies in between. */
export type Orchestrator = {
  /** A turn of this conversation waits for its reply; `taken`: the conversation is ours already, and this is the turn. */
  wake(tenantId: string, conversationId: string, taken?: Unanswered | null): void;
  /** Hands unfinished work over: what is stored is taken up by the next process to ask. */
  stop(): Promise<void>;
};

const tries = 3;
/** A service or a store that is away comes back: a restart, a move. Who waits this long for a reply has left. */
const patienceMs = 30_000;
const awayMs = 500;

/** Rings whoever waits for it; `next` is the next ring, `rang` whether one came that nobody has asked for since. */
type Alarm = { ring(): void; next(): Promise<void>; rang(): boolean };
const createAlarm = (): Alarm => {
  let missed = false;
  let wakeUp = () => {};
  return {
    ring: () => {
      missed = true;
      wakeUp();
    },
    next: () => {
      missed = false;
      return new Promise((resolve) => {
        wakeUp = resolve;
      });
    },
    rang: () => missed,
  };
};

/** Of a turn that has its reply, or whose failure is the reply; whether more waits is not known. */
const nothingLeft: Replied = {
  finishVoice: async () => ({ released: false }),
  pendingReplies: Number.POSITIVE_INFINITY,
};

export const startOrchestrator = (sales: Sales, options: { recoverEveryMs?: number } = {}): Orchestrator => {
  const owner = sales.worker;
  const working = new Map<string, { alarm: Alarm; done: Promise<void> }>();
  const stopping = new AbortController();

  /** Makes the reply's text; after several failures the failed turn is the reply. */
  const answer = async (tenantId: string, work: Unanswered, spokenBefore: Promise<unknown>): Promise<Replied> => {
    const started = Date.now();
    for (let attempt = 1; ; ) {
      try {
        return await replyToTurn(sales, tenantId, work, { owner, signal: stopping.signal, spokenBefore });
      } catch (error) {
        if (error instanceof TurnClosed || stopping.signal.aborted) throw error;
        sales.log.error({ err: error, turnId: work.message.id, attempt }, 'reply failed');
        const isAway = isOutage(error) && Date.now() - started < patienceMs;
        if (attempt === tries && !isAway) {
          await failReply(sales, serviceActor('sales', tenantId), work.message, replyIdOf(work.message.id), owner);
          return nothingLeft;
        }
        await delay(isAway ? awayMs : 200 * attempt, undefined, { signal: stopping.signal });
        if (!isAway) attempt += 1;
        // What was stored before the failure stands.
        const now = await nextUnanswered(sales.database.sql(tenantId), work.conversation.id, []);
        if (now?.message.id !== work.message.id) return nothingLeft;
        work = now;
      }
    }
  };

  /**
   * Answers until nothing is left. Texts follow one another at once; their audio follows behind, in the same order, so
   * a customer who types faster than the agent speaks does not wait for speech.
   */
  const workOn = async (
    tenantId: string,
    conversationId: string,
    alarm: Alarm,
    taken: Unanswered | null,
  ): Promise<void> => {
    const sql = sales.database.sql(tenantId);
    const claimed = taken === null ? await claimConversation(sql, conversationId, owner) : { next: taken };
    if (claimed === null) return;
    let { next } = claimed;
    const renewal = setInterval(() => void renewClaim(sql, conversationId, owner).catch(() => {}), leaseMs / 3);
    const speaking = new Map<string, Promise<void>>();
    let spokenBefore: Promise<unknown> = Promise.resolve();
    let isOurs = true;
    let moreWaits = false;
    try {
      while (isOurs && !stopping.signal.aborted) {
        moreWaits ||= alarm.rang();
        const rung = alarm.next();
        if (next === null && moreWaits) next = await nextUnanswered(sql, conversationId, [...speaking.keys()]);
        if (next !== null) {
          const { id } = next.message;
          const { finishVoice, pendingReplies } = await answer(tenantId, next, spokenBefore);
          const finished = finishVoice()
            .then(({ released }) => {
              isOurs &&= !released;
            })
            .catch((error: unknown) => {
              if (stopping.signal.aborted || error instanceof TurnClosed) return;
              sales.log.error({ err: error, turnId: id }, 'audio left for a later try');
            })
            .finally(() => speaking.delete(id));
          speaking.set(id, finished);
          spokenBefore = finished;
          moreWaits = pendingReplies > speaking.size;
          next = null;
          continue;
        }
        moreWaits = false;
        if (speaking.size > 0) {
          await Promise.race([rung, ...speaking.values()]);
          continue;
        }
        const again = (await releaseConversation(sql, conversationId, owner))
          ? null
          : await claimConversation(sql, conversationId, owner);
        isOurs = again !== null;
        next = again?.next ?? null;
      }
    } catch (error) {
      if (!(error instanceof TurnClosed) && !stopping.signal.aborted) throw error;
    } finally {
      clearInterval(renewal);
      await Promise.all(speaking.values());
      if (isOurs) await abandonConversation(sql, conversationId, owner).catch(() => {});
    }
  };

  const wake = (tenantId: string, conversationId: string, taken: Unanswered | null = null): void => {
    if (stopping.signal.aborted) return;
    const key = `${tenantId} ${conversationId}`;
    const busy = working.get(key);
    if (busy !== undefined) {
      busy.alarm.ring();
      return;
    }
    const alarm = createAlarm();
    const done = workOn(tenantId, conversationId, alarm, taken)
      .catch((error: unknown) => sales.log.error({ err: error, conversationId }, 'conversation left for a later try'))
      .finally(() => {
        working.delete(key);
        // Rung after the last look: somebody has to look once more.
        if (alarm.rang()) wake(tenantId, conversationId);
      });
    working.set(key, { alarm, done });
  };

  const recover = async () => {
    const waiting = await waitingConversations(sales.database.asRole('sales_recovery'));
    for (const { tenantId, conversationId } of waiting) wake(tenantId, conversationId);
  };
  const recoverSafely = () =>
    void recover().catch((error: unknown) => sales.log.error({ err: error }, 'looking for waiting conversations'));
  recoverSafely();
  const timer = setInterval(recoverSafely, options.recoverEveryMs ?? 1000);

  return {
    wake,
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await Promise.all([...working.values()].map(({ done }) => done));
    },
  };
};
