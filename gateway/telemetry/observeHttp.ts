import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observation, Observe, Transport } from './observe.ts';

export type ObserveHttp = (
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  transport: Exclude<Transport, 'websocket'>,
) => Observation;

/** The client went before its answer was out (as nginx has it). */
const clientGone = 499;

/** Observes a GraphQL request over HTTP until its answer is out. A trace is carried on from a proxy of ours alone. */
export const createObserveHttp =
  (observe: Observe, isFromProxy: (request: IncomingMessage) => boolean): ObserveHttp =>
  (request, response, requestId, transport) => {
    const { traceparent } = request.headers;
    const incoming = {
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      trusted: traceparent !== undefined && isFromProxy(request),
    };
    const observation = observe({ requestId, transport, incoming });
    response.once('close', () =>
      // A stream that its reader left has ended its observation itself by then.
      queueMicrotask(() => observation.end(response.writableFinished ? response.statusCode : clientGone)),
    );
    return observation;
  };
