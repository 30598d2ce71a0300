import { serviceActor } from '@parley/kernel/actor';
import type { StoredEvent } from '@parley/kernel/event';
import type { SalesEvent } from '@parley/sales/events';
import { audioChannel } from '../infrastructure/audioChunks.ts';
import { cutTurnAudio } from './cutTurnAudio.ts';
import type { Voice } from './voice.ts';

/**
 * Sales has asked for the cut as well, so that it is heard at once; should we have been away then, it is made here, before
 * the turn counts as voiced.
 */
const cutInterrupted = async (voice: Voice, { tenantId, type, data }: StoredEvent<SalesEvent>): Promise<void> => {
  if (type !== 'sales.TurnInterrupted') return;
  await cutTurnAudio(voice, serviceActor('sales', tenantId), data.turnId, data.playedMs);
};

/** What an event changes: replies whose audio is still to come, and whether there will be more turns. */
const effect = (event: StoredEvent<SalesEvent>): { awaited: number; ended: boolean } | null => {
  switch (event.type) {
    case 'sales.TurnReceived':
      return { awaited: 1, ended: false };
    case 'sales.TurnVoiced':
    case 'sales.TurnFailed':
      return { awaited: -1, ended: false };
    case 'sales.ConversationEnded':
      return { awaited: 0, ended: true };
    default:
      return null;
  }
};

const taken = `
  INSERT INTO voice.conversation_audio AS audio (tenant_id, conversation_id, awaited, ended, sales_version)
  VALUES (platform.tenant_id(), $1::uuid, $2, $3, $4)
  ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET
    awaited = audio.awaited + excluded.awaited, ended = audio.ended OR excluded.ended, sales_version = excluded.sales_version
  WHERE audio.sales_version < excluded.sales_version
  RETURNING ended AND awaited <= 0 AS done`;

/**
 * Learns when a conversation's audio is complete: it has ended, and every customer's turn has had its reply voiced.
 * Events come in order per conversation, some of them twice; the version of the newest one taken in tells.
 */
export const onSalesEvent = async (voice: Voice, event: StoredEvent): Promise<void> => {
  await cutInterrupted(voice, event as StoredEvent<SalesEvent>);
  const change = effect(event as StoredEvent<SalesEvent>);
  if (change === null) return;
  const { tenantId, aggregateId: conversationId, version } = event;
  const [audio] = await voice.database
    .sql(tenantId)
    .run<{ done: boolean }>(taken, [conversationId, change.awaited, change.ended, version]);
  // Subscribers look at the store and see that nothing follows.
  if (audio?.done) await voice.pubsub.publish(audioChannel(tenantId, conversationId), null);
};
