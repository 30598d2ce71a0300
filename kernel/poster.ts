import { CallFailure, isLeaving, isSilence, toCallFailure } from './callFailure.ts';
import { type CallSecrets, signCall } from './callProof.ts';
import { type Connections, createConnections } from './connections.ts';
import type { HttpConnection, HttpRequest } from './httpConnection.ts';
import { markPlain } from './plainAnswers.ts';
import type { ResponseHeaders } from './responseReader.ts';
import type { SubgraphRequest } from './subgraph.ts';
import type { SubgraphAddress } from './subgraphAddress.ts';

export type PosterOptions = {
  /** The called service's, which a signed call is good for. */
  readonly name: string;
  readonly address: SubgraphAddress;
  /** What calls are signed with; null for a service that is not ours. */
  readonly secrets: CallSecrets | null;
  readonly answerBytes?: number | undefined;
  readonly connections?: number | undefined;
};
export type Poster = {
  /** JSON in, JSON out. @throws CallFailure, or the reason of `signal` */
  post(path: string, value: unknown, by: Omit<SubgraphRequest, 'query' | 'variables'>): Promise<unknown>;
  close(): Promise<void>;
};

const connectMs = 2000;
/** The caller's own deadline comes first; this is for one that has none. */
const silenceMs = 60_000;
/** A slow service is not asked over new connections all the time. */
const trustMs = 1000;
/** One type, and its parameters: a second Content-Type would stand behind a comma (RFC 9110 §5.3). */
const jsonType = /^application\/(graphql-response\+)?json[\t ]*(?:;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?$/i;

/**
 * Posts to one service over keep-alive connections, one request at a time on each. Redirects are not followed, answers
 * are read up to `answerBytes`, and a signed call's answer must be signed.
 */
export const createPoster = (options: PosterOptions): Poster => {
  const { name, address, secrets, answerBytes = 16 * 1024 * 1024, connections = 64 } = options;
  const open = () => createConnections(address, connections, { connectMs, silenceMs });
  let trusted = open();
  let openedAt = Date.now();
  /** Those not trusted any more, on which something may be under way. */
  const left = new Set<Connections>();
  /**
   * Whoever is silent may be gone without a word, and every connection there with it: the next call makes a new one, to
   * wherever the name leads by then (D24).
   */
  const distrust = (): void => {
    if (Date.now() - openedAt < trustMs) return;
    for (const connections of left) if (connections.isOver()) left.delete(connections);
    left.add(trusted);
    trusted.retire();
    trusted = open();
    openedAt = Date.now();
  };
  return {
    post: async (path, value, { actor, requestId, headers, signal }) => {
      const body = JSON.stringify(value);
      const call = { audience: name, method: 'POST', path, actor, requestId };
      const signed = secrets === null ? null : signCall(secrets, call, body);
      const request: HttpRequest = {
        path,
        headers: signed
          ? { ...baseHeaders, ...signed.proof, ...traceOf(headers) }
          : { ...baseHeaders, ...headers, 'x-request-id': requestId },
        body,
      };
      const connections = trusted;
      let connection: HttpConnection | null = null;
      try {
        const taken = connections.take(signal);
        connection = taken instanceof Promise ? await taken : taken;
        const answer = await connection.exchange(request, { answerBytes, signal, refuse });
        if (signed && !signed.isAnswer(answer.headers['parley-proof'], answer.statusCode, answer.bytes))
          throw new CallFailure('TAMPERED', 'the answer is not signed as it should be');
        return parseAnswer(answer.bytes);
      } catch (error) {
        const failure = toCallFailure(error, signal);
        if (isSilence(failure) && connections === trusted) distrust();
        throw failure;
      } finally {
        if (connection) connections.giveBack(connection);
      }
    },
    close: async () => {
      for (const connections of [...left, trusted]) connections.destroy();
    },
  };
};

/** Of the headers passed on, the one that subgraphs of ours are told too; they decide nothing by it. */
const traceOf = (headers: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  headers?.['traceparent'] === undefined ? {} : { traceparent: headers['traceparent'] };

const baseHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

/** GraphQL over HTTP answers 200; a response type of its own lets other statuses carry a response too. */
const refuse = (statusCode: number, headers: ResponseHeaders): CallFailure | null => {
  const type = String(headers['content-type'] ?? '');
  const json = jsonType.exec(type);
  const isResponse = json?.[1] !== undefined && statusCode >= 400;
  if ((statusCode === 200 && json !== null) || (isResponse && statusCode !== 401 && statusCode !== 403)) return null;
  if (statusCode >= 300 && statusCode < 400) return new CallFailure('REDIRECT', `status ${statusCode}`);
  if (statusCode === 401 || statusCode === 403) return new CallFailure('REFUSED', `status ${statusCode}`);
  if (isLeaving(statusCode, headers)) return new CallFailure('UNREACHABLE', 'it is about to stop');
  return statusCode === 200
    ? new CallFailure('INVALID', `content type ${type.slice(0, 100)}`)
    : new CallFailure('STATUS', `status ${statusCode}`);
};

const parseAnswer = (bytes: Buffer): unknown => {
  try {
    const answer: unknown = JSON.parse(bytes.toString());
    markPlain(answer, bytes);
    return answer;
  } catch (error) {
    throw new CallFailure('INVALID', 'the answer is not JSON', { cause: error });
  }
};
