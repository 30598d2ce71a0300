import type { EventBus } from './bus.ts';
import type { StoredEvent } from './event.ts';
import { inProcessBus } from './inProcessBus.ts';
import type { Poster } from './poster.ts';
import type { ProvenHandler } from './provenRequest.ts';

export const eventsPath = '/events';
const deliveryMs = 30_000;

/**
 * The in-process bus across processes, over signed HTTP: `publish` resolves when every consumer here and at the peers has
 * handled the event, so the durable outbox delivers again what was not. Peers are those services that follow our events.
 */
export const httpBus = (service: string, peers: readonly Poster[]): EventBus & { readonly receive: ProvenHandler } => {
  const here = inProcessBus();
  return {
    ...here,
    publish: async (topic, events) => {
      const signal = AbortSignal.timeout(deliveryMs);
      const by = { actor: null, requestId: `events.${service}`, signal };
      const outcomes = await Promise.allSettled([
        here.publish(topic, events),
        ...peers.map((peer) => peer.post(eventsPath, { topic, events }, by)),
      ]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    },
    close: async () => {
      await here.close();
      await Promise.all(peers.map((peer) => peer.close()));
    },
    receive: async (body) => {
      const { topic, events } = body as { topic: string; events: StoredEvent[] };
      await here.publish(topic, events);
      return {};
    },
  };
};
