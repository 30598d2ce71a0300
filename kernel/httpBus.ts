import type { EventBus } from './bus.ts';
import type { StoredEvent } from './event.ts';
import { inProcessBus } from './inProcessBus.ts';
import type { Poster } from './poster.ts';
import type { ProvenHandler } from './provenRequest.ts';

export const eventsPath = '/events';
const deliveryMs = 30_000;
/** How long a peer that could not be told is left alone: a whole outbox would wait for it, one event after the other. */
const restMs = 1000;

/**
 * The in-process bus across processes, over signed HTTP: `publish` resolves when every consumer here and at the peers has
 * handled the event, so the durable outbox delivers again what was not. Peers are those services that follow our events.
 */
export const httpBus = (service: string, peers: readonly Poster[]): EventBus & { readonly receive: ProvenHandler } => {
  const here = inProcessBus();
  const told = peers.map(restingWhenDown);
  return {
    ...here,
    publish: async (topic, events) => {
      const signal = AbortSignal.timeout(deliveryMs);
      const by = { actor: null, requestId: `events.${service}`, signal };
      const outcomes = await Promise.allSettled([
        here.publish(topic, events),
        ...told.map((tell) => tell(topic, events, by)),
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

type By = Parameters<Poster['post']>[2];

const restingWhenDown = (peer: Poster) => {
  let restsUntil = 0;
  let failure: unknown;
  return async (topic: string, events: readonly StoredEvent[], by: By): Promise<void> => {
    if (Date.now() < restsUntil) throw failure;
    try {
      await peer.post(eventsPath, { topic, events }, by);
    } catch (error) {
      failure = error;
      restsUntil = Date.now() + restMs;
      throw error;
    }
  };
};
