import { isObject } from '../execution/ownKeys.ts';

export type OperationIds = {
  /** A client's message as graphql-ws is to get it; null where it gets none. */
  incoming(text: string): string | null;
  /** A message of graphql-ws as the client is to get it; null where the client no longer waits for it. */
  outgoing(text: string): string | null;
  /** The client's id of an operation, by ours; undefined once it no longer waits for it. */
  clientIdOf(own: string): string | undefined;
};

const idStart = '{"id":"';

/**
 * Gives every operation of a socket an id of its own. graphql-ws tells operations apart by the client's id alone, and
 * a client may use one again as soon as it has completed it: what is left of the first would then end the second, or
 * neither would ever end (E12, F16).
 */
export const createOperationIds = (onDuplicate: (id: string) => void): OperationIds => {
  const ours = new Map<string, string>();
  const theirs = new Map<string, string>();
  let last = 0;

  const forget = (own: string, id: string): void => {
    theirs.delete(own);
    ours.delete(id);
  };
  const subscribed = (message: Record<string, unknown>, id: string): string | null => {
    if (ours.has(id)) {
      onDuplicate(id);
      return null;
    }
    last += 1;
    const own = String(last);
    ours.set(id, own);
    theirs.set(own, id);
    return JSON.stringify({ ...message, id: own, payload: withQuery(message['payload']) });
  };

  return {
    incoming: (text) => {
      const message = parsed(text);
      const id = message?.['id'];
      if (message === null || typeof id !== 'string' || id === '') return text;
      if (message['type'] === 'subscribe') return subscribed(message, id);
      if (message['type'] !== 'complete') return text;
      const own = ours.get(id);
      if (own === undefined) return null;
      forget(own, id);
      return JSON.stringify({ ...message, id: own });
    },
    outgoing: (text) => {
      if (!text.startsWith(idStart)) return text;
      const end = text.indexOf('"', idStart.length);
      const own = text.slice(idStart.length, end);
      const id = theirs.get(own);
      if (id === undefined) return null;
      const rest = text.slice(end + 1);
      if (!rest.startsWith(',"type":"next"')) forget(own, id);
      return `{"id":${JSON.stringify(id)}${rest}`;
    },
    clientIdOf: (own) => theirs.get(own),
  };
};

const parsed = (text: string): Record<string, unknown> | null => {
  try {
    const message: unknown = JSON.parse(text);
    return isObject(message) ? message : null;
  } catch {
    return null;
  }
};

/** graphql-ws insists on a `query`; a message that names a published document has none. */
const withQuery = (payload: unknown): unknown => {
  if (!isObject(payload) || payload['query'] !== undefined) return payload;
  const namesDocument = payload['documentId'] !== undefined || payload['extensions'] !== undefined;
  return namesDocument ? { ...payload, query: '' } : payload;
};
