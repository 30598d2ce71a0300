import type { Backlog } from './backlog.ts';
import type { EventBus } from './bus.ts';
import type { StoredEvent } from './event.ts';
import { inProcessBus } from './inProcessBus.ts';
import type { Log } from './log.ts';
import type { Poster } from './poster.ts';
import type { ProvenHandler } from './provenRequest.ts';

export const eventsPath = '/events';
const deliveryMs = 30_000;
/** How long a peer that could not be told is left alone: a whole outbox would wait for it, one batch after the other. */
const restMs = 1000;

/**
 * The in-process bus across processes, over signed HTTP: `publish` tells what every consumer here and at the peers has
 * handled, so the durable outbox delivers again what was not. Peers are those services that follow our events.
 */
export const httpBus = (
  service: string,
  peers: readonly Poster[],
  log?: Log,
  backlog?: Backlog,
): EventBus & { readonly receive: ProvenHandler } => {
  const here = inProcessBus(log, backlog);
  const told = peers.map(restingWhenDown);
  return {
    ...here,
    publish: async (topic, events) => {
      const signal = AbortSignal.timeout(deliveryMs);
      const by = { actor: null, requestId: `events.${service}`, signal };
      const answers = await Promise.all([here.publish(topic, events), ...told.map((tell) => tell(topic, events, by))]);
      const [first = new Set<string>(), ...others] = answers.map((ids) => new Set(ids));
      return [...first].filter((id) => others.every((at) => at.has(id)));
    },
    close: async () => {
      await here.close();
      await Promise.all(peers.map((peer) => peer.close()));
    },
    receive: async (body) => {
      const { topic, events } = body as { topic: string; events: StoredEvent[] };
      return { arrived: await here.publish(topic, events) };
    },
  };
};

type By = Parameters<Poster['post']>[2];

const restingWhenDown = (peer: Poster) => {
  let restsUntil = 0;
  let failure: unknown;
  return async (topic: string, events: readonly StoredEvent[], by: By): Promise<readonly string[]> => {
    if (Date.now() < restsUntil) throw failure;
    try {
      const answer = (await peer.post(eventsPath, { topic, events }, by)) as { arrived: readonly string[] };
      return answer.arrived;
    } catch (error) {
      failure = error;
      restsUntil = Date.now() + restMs;
      throw error;
    }
  };
};
