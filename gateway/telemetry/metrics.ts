import { backlogMetric } from '@parley/kernel/backlog';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds: from an answer out of a cache to one that ran into the deadline. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const planTimes = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

/**
 * What the gateway counts, in a registry of its own. Labels take their values from us: never from a document, a
 * variable or a person, so their number has a bound. Names and meanings: docs/operations.md.
 */
export const createMetrics = () => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Counter({ name: `parley_${name}`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Gauge({ name: `parley_${name}`, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, labelNames: T[], buckets = durations) =>
    new Histogram({ name: `parley_${name}`, help, labelNames, buckets, registers });
  const reads: (() => void)[] = [];
  return {
    registry,
    /** Sets what is only known when asked. */
    onRead: (set: () => void) => void reads.push(set),
    /** In Prometheus' text format. */
    read: (): Promise<string> => {
      for (const set of reads) set();
      return registry.metrics();
    },
    httpRequests: counter('http_requests_total', 'HTTP requests, by what they were for and how they ended', [
      'route',
      'status',
    ]),
    operations: counter('operations_total', 'Operations that ended; named where the document is trusted', [
      'transport',
      'type',
      'operation',
      'outcome',
    ]),
    operationSeconds: histogram('operation_duration_seconds', 'From receipt to the whole answer; no subscriptions', [
      'type',
      'operation',
    ]),
    operationErrors: counter('operation_errors_total', 'Errors in answers, by code', ['code']),
    rejected: counter('rejected_total', 'Operations refused before they ran, by code', ['reason']),
    running: gauge('operations_running', 'Operations under way, among them open subscriptions', ['transport', 'type']),
    /** Set when it is read. */
    sockets: gauge('sockets_open', 'WebSockets open', []),
    /** Set when it is read. */
    liveStreams: gauge('live_streams_open', 'Streams from subgraphs, however many subscribers read each', []),
    fetchSeconds: histogram('subgraph_fetch_duration_seconds', 'Calls of subgraphs, each attempt', [
      'subgraph',
      'outcome',
    ]),
    documents: counter('documents_total', 'Documents looked up: parsed and valid already, or not', ['cache']),
    cachedAnswers: counter(
      'response_cache_total',
      'Queries that may be answered from the cache, and times it was away',
      ['outcome'],
    ),
    planSeconds: histogram('plan_duration_seconds', 'Planning and compiling one operation', [], planTimes),
    supergraphLoads: counter('supergraph_loads_total', 'Supergraphs offered while running', ['outcome']),
    shed: counter('shed_total', 'Requests answered with 503 because the event loop was late', []),
    /** Set when it is read. */
    events: new Gauge({ ...backlogMetric, labelNames: ['stage', 'topic', 'group', 'partition'], registers }),
    lateness: gauge('event_loop_lateness_seconds', 'What load shedding goes by', []),
  };
};

/** At most so many values of a label, whoever makes them up. */
const mostValues = 100;

/** The value itself while there are few; `OTHER` for one that is not of our shape or too many. */
export const boundedLabel = (shape: RegExp): ((value: string) => string) => {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= mostValues || !shape.test(value)) return 'OTHER';
    seen.add(value);
    return value;
  };
};
