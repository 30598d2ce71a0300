import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../log.ts';

export type TracingConfig = {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Share of requests that are traced, 0 to 1. */
  readonly ratio: number;
};
/** Who says that a request belongs to a trace: a proxy of ours, who is believed, or a stranger. */
export type Incoming = { readonly traceparent: string | undefined; readonly trusted: boolean };
export type Tracing = {
  request(name: string, incoming: Incoming): Span;
  fetch(name: string, parent: Span): Span;
  /** Sends what is left, and waits for that no longer than a moment. */
  close(): Promise<void>;
};

const longestFlushMs = 2000;

/**
 * Spans for an OpenTelemetry collector (OTLP over HTTP). They wait in a queue of fixed size and are dropped when it is
 * full: a collector that is down costs nothing but its spans (M15).
 */
export const createTracing = ({ endpoint, headers, serviceName, ratio }: TracingConfig, log: Log): Tracing => {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: 5000,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: withComplaints(exporter, log) })],
  });
  const tracer = provider.getTracer('parley-gateway');
  return {
    request: (name, { traceparent, trusted }) => {
      const remote = parseTraceparent(traceparent);
      const parent: Context = remote && trusted ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
      // A stranger decides neither what is sampled nor into which trace it goes: theirs is only linked to.
      const links = remote && !trusted ? [{ context: remote }] : [];
      return tracer.startSpan(name, { kind: SpanKind.SERVER, links }, parent);
    },
    fetch: (name, parent) => tracer.startSpan(name, { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, parent)),
    close: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, longestFlushMs).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
    },
  };
};

/** Says once that the collector does not take our spans, and once that it does again. */
const withComplaints = (exporter: SpanExporter, log: Log): SpanExporter => {
  let isFailing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !isFailing)
          log.warn({ err: result.error }, 'the collector does not take our traces; they are dropped');
        if (!failed && isFailing) log.info({}, 'the collector takes our traces again');
        isFailing = failed;
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
};

/** W3C Trace Context §3.2; undefined for anything that is not exactly that. */
const parseTraceparent = (text: string | undefined): SpanContext | undefined => {
  const [, traceId = '', spanId = '', flags = ''] =
    /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '') ?? [];
  if (traceId === '') return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
};

export const formatTraceparent = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};
