import type { Actor } from '@parley/kernel/actor';
import { appendEvents } from '@parley/kernel/eventStore';
import { spokenText } from '../domain/spokenText.ts';
import type { VoiceEvent } from '../events.ts';
import { toStored } from '../infrastructure/audioChunks.ts';
import { transaction, type Voice } from './voice.ts';

/** What was heard of a turn: `durationMs` is all audio made, `playedMs` what was played of it. */
export type CutAudio = { readonly spokenText: string; readonly playedMs: number; readonly durationMs: number };

/** Barge-in: nothing more is said in this turn. Asked again it answers as the first time. */
export const cutTurnAudio = async (voice: Voice, actor: Actor, turnId: string, playedMs: number): Promise<CutAudio> => {
  const { tenantId } = actor;
  const key = { tenantId_turnId: { tenantId, turnId } };
  const cut = await transaction(voice.database.forTenant(tenantId), async (tx) => {
    const known = await tx.turnAudio.findUnique({ where: key, select: { conversationId: true } });
    const conversationId = known?.conversationId ?? null;
    // Locks are taken conversation first, as everywhere; a turn without audio has no conversation to hold yet.
    if (conversationId !== null) {
      await tx.$queryRaw`SELECT 1 FROM voice.conversation_audio
        WHERE tenant_id = platform.tenant_id() AND conversation_id = ${conversationId}::uuid FOR UPDATE`;
    }
    const played = Math.max(0, playedMs);
    const changed = await tx.$executeRaw`
      INSERT INTO voice.turn_audio (tenant_id, turn_id, cut_at_ms) VALUES (platform.tenant_id(), ${turnId}::uuid, ${played})
      ON CONFLICT (tenant_id, turn_id) DO UPDATE SET cut_at_ms = excluded.cut_at_ms WHERE turn_audio.cut_at_ms IS NULL`;
    const turn = await tx.turnAudio.findUniqueOrThrow({
      where: key,
      include: { chunks: { orderBy: { sequence: 'asc' } } },
    });
    const { durationMs, cutAtMs } = turn;
    if (changed > 0) {
      const now = voice.clock();
      const event: VoiceEvent = {
        type: 'voice.TurnAudioCut',
        data: { conversationId: turn.conversationId, turnId, playedMs: played, durationMs },
      };
      await appendEvents(tx, 'voice', [{ aggregateId: conversationId ?? turnId, event }], { actor, now });
    }
    return {
      durationMs,
      playedMs: cutAtMs ?? played,
      chunks: turn.chunks.filter(({ status }) => status === 'READY').map(toStored),
    };
  });
  voice.turns.cut(`${tenantId} ${turnId}`, new Error('the turn was cut short'));
  voice.eventsCommitted();
  return { spokenText: spokenText(cut.chunks, cut.playedMs), playedMs: cut.playedMs, durationMs: cut.durationMs };
};
