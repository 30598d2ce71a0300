import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { OperationTypeNode } from 'graphql';
import type { Caller } from '../access/authenticate.ts';
import type { FoundOperation } from '../admission/admit.ts';
import type { Log } from '../log.ts';
import { boundedLabel, type Metrics } from './metrics.ts';
import { formatTraceparent, type Incoming, type Tracing } from './tracing.ts';

/** What is written down of one operation from its receipt to its end: log line, counts and span. Never throws. */
export type Observation = {
  calledBy(caller: Caller): void;
  found(operation: FoundOperation): void;
  /** What its static cost came to, in points. */
  costs(points: number): void;
  /** It was refused before it ran. */
  rejected(code: string): void;
  /** Its answer carries an error of this code. */
  failed(code: string): void;
  /** A call of a subgraph begins. */
  fetch(subgraph: string, operationName: string | undefined): FetchObservation;
  /** Its answer is out, or its stream over; `status` of HTTP. Later calls are nothing. */
  end(status?: number): void;
};
export type FetchObservation = {
  /** W3C Trace Context for the subgraph; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  /** `ok`, or the kind of failure. */
  end(outcome: string): void;
};
export type Transport = 'http' | 'websocket' | 'sse' | 'multipart';
export type Observe = (request: {
  readonly requestId: string;
  readonly transport: Transport;
  readonly incoming?: Incoming;
}) => Observation;

/** How many codes of one operation are written down: a stream may bring more in its life. */
const mostCodes = 10;
const longestName = 100;
const fresh: Incoming = { traceparent: undefined, trusted: false };

/** `trustedName`: the name of an operation by the sha256 of its document, where that is trusted; others are nameless in metrics. */
export const createObserve = (parts: {
  readonly log: Log;
  /** Operations are of everyday interest in production; in development they are noise. */
  readonly level: 'info' | 'debug';
  readonly metrics: Metrics | null;
  readonly tracing: Tracing | null;
  trustedName(hash: string): string | undefined;
}): Observe => {
  const { log, level, metrics, tracing, trustedName } = parts;
  const codeLabel = boundedLabel(/^[A-Z][A-Z0-9_]{0,63}$/);

  return ({ requestId, transport, incoming = fresh }) => {
    const started = performance.now();
    const span = tracing?.request('GraphQL Operation', incoming) ?? null;
    const traceId = span?.spanContext().traceId;
    const codes = new Set<string>();
    let caller: Caller | null = null;
    let type: OperationTypeNode | 'unknown' = 'unknown';
    let name: string | undefined;
    let hash: string | undefined;
    let cost: number | undefined;
    let outcome = 'ok';
    let ended = false;

    /** As a label. Subgraphs that are not ours may call their errors anything. */
    const note = (given: string): string => {
      const code = codeLabel(given);
      if (codes.size < mostCodes) codes.add(code);
      return code;
    };
    const label = (): string => (hash === undefined ? '' : (trustedName(hash) ?? ''));

    return {
      calledBy: (who) => {
        caller = who;
      },
      found: ({ operation: { node, document } }) => {
        type = node.operation;
        name = node.name?.value.slice(0, longestName);
        hash = document.hash;
        metrics?.running.inc({ transport, type });
        if (span === null) return;
        span.updateName(type);
        span.setAttributes({ 'graphql.operation.type': type, 'parley.document.hash': hash });
        if (name !== undefined) span.setAttribute('graphql.operation.name', name);
      },
      costs: (points) => {
        cost = points;
      },
      rejected: (code) => {
        outcome = 'rejected';
        const reason = note(code);
        metrics?.rejected.inc({ reason });
      },
      failed: (code) => {
        if (outcome === 'ok') outcome = 'error';
        const label = note(code);
        metrics?.operationErrors.inc({ code: label });
      },
      fetch: (subgraph, operationName) =>
        observeFetch(
          metrics,
          subgraph,
          // The events of a stream would make one trace without end.
          span !== null && type !== 'subscription' ? (tracing?.fetch(`fetch ${subgraph}`, span) ?? null) : null,
          operationName,
        ),
      end: (status) => {
        if (ended) return;
        ended = true;
        if (outcome === 'ok' && status !== undefined && status >= 400) outcome = status < 500 ? 'rejected' : 'error';
        const durationMs = performance.now() - started;
        if (type !== 'unknown') metrics?.running.dec({ transport, type });
        metrics?.operations.inc({ transport, type, operation: label(), outcome });
        if (type === 'query' || type === 'mutation')
          metrics?.operationSeconds.observe({ type, operation: label() }, durationMs / 1000);
        const actor = caller?.actor;
        log[level](
          {
            requestId,
            transport,
            operation: name,
            type,
            hash,
            status,
            outcome,
            codes: codes.size === 0 ? undefined : [...codes],
            durationMs: Math.round(durationMs * 100) / 100,
            cost,
            caller: actor?.kind ?? 'NOBODY',
            organizationId: actor?.tenantId,
            traceId,
          },
          'operation',
        );
        if (span !== null) endSpan(span, requestId, status, codes);
      },
    };
  };
};

const endSpan = (span: Span, requestId: string, status: number | undefined, codes: ReadonlySet<string>): void => {
  span.setAttribute('parley.request.id', requestId);
  if (status !== undefined) span.setAttribute('http.response.status_code', status);
  const [code] = codes;
  if (code !== undefined) span.setAttribute('error.type', code).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

export const observeFetch = (
  metrics: Metrics | null,
  subgraph: string,
  span: Span | null,
  operationName?: string,
): FetchObservation => {
  const started = performance.now();
  span?.setAttribute('parley.subgraph', subgraph);
  if (operationName !== undefined) span?.setAttribute('graphql.operation.name', operationName.slice(0, longestName));
  return {
    traceparent: span === null ? undefined : formatTraceparent(span),
    end: (outcome) => {
      metrics?.fetchSeconds.observe({ subgraph, outcome }, (performance.now() - started) / 1000);
      if (outcome !== 'ok') span?.setAttribute('error.type', outcome).setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
    },
  };
};
