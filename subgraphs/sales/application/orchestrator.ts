import { setTimeout as delay } from 'node:timers/promises';
import { serviceActor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { replyIdOf } from '../domain/replyId.ts';
import {
  abandonConversation,
  claimConversation,
  leaseMs,
  nextUnanswered,
  releaseConversation,
  type Unanswered,
  waitingConversations,
} from '../infrastructure/replies.ts';
import { TurnClosed } from '../infrastructure/turnUpdates.ts';
import { failReply } from './recordReply.ts';
import { replyToTurn } from './replyToTurn.ts';
import type { Sales } from './sales.ts';

/** Answers customers' turns: each exactly once, one after the other within a conversation, whatever dies in between. */
export type Orchestrator = {
  /** A turn of this conversation waits for its reply. */
  wake(tenantId: string, conversationId: string): void;
  /** Hands unfinished work over: what is stored is taken up by the next process to ask. */
  stop(): Promise<void>;
};

const tries = 3;

export const startOrchestrator = (sales: Sales, options: { recoverEveryMs?: number } = {}): Orchestrator => {
  const owner = uuidv7();
  const working = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const stopping = new AbortController();

  const answer = async (tenantId: string, work: Unanswered): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await replyToTurn(sales, tenantId, work, owner, stopping.signal);
      } catch (error) {
        if (error instanceof TurnClosed || stopping.signal.aborted) throw error;
        sales.log.error({ err: error, turnId: work.message.id, attempt }, 'reply failed');
        if (attempt === tries)
          return failReply(sales, serviceActor('sales', tenantId), work.message, replyIdOf(work.message.id), owner);
        await delay(200 * attempt, undefined, { signal: stopping.signal });
        // What was stored before the failure stands.
        const now = await nextUnanswered(sales.database.sql(tenantId), work.conversation.id);
        if (now?.message.id !== work.message.id) return;
        work = now;
      }
    }
  };

  const workOn = async (tenantId: string, conversationId: string): Promise<void> => {
    const sql = sales.database.sql(tenantId);
    if (!(await claimConversation(sql, conversationId, owner))) return;
    const renewal = setInterval(() => void claimConversation(sql, conversationId, owner).catch(() => {}), leaseMs / 3);
    try {
      do {
        for (
          let work = await nextUnanswered(sql, conversationId);
          work !== null;
          work = await nextUnanswered(sql, conversationId)
        ) {
          await answer(tenantId, work);
        }
        // Not given back when a message has come in since: then it is answered now.
      } while (
        !(await releaseConversation(sql, conversationId, owner)) &&
        !stopping.signal.aborted &&
        (await claimConversation(sql, conversationId, owner))
      );
    } catch (error) {
      await abandonConversation(sql, conversationId, owner).catch(() => {});
      if (!(error instanceof TurnClosed) && !stopping.signal.aborted) throw error;
    } finally {
      clearInterval(renewal);
    }
  };

  const wake = (tenantId: string, conversationId: string): void => {
    if (stopping.signal.aborted) return;
    const key = `${tenantId} ${conversationId}`;
    if (working.has(key)) {
      again.add(key);
      return;
    }
    const work = workOn(tenantId, conversationId)
      .catch((error: unknown) => sales.log.error({ err: error, conversationId }, 'conversation left for a later try'))
      .finally(() => {
        working.delete(key);
        if (again.delete(key)) wake(tenantId, conversationId);
      });
    working.set(key, work);
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
      await Promise.all(working.values());
    },
  };
};
