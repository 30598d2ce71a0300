import type { ServerResponse } from 'node:http';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { AdmittedOperation } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphCall.ts';
import type { GatewayLimits } from '../config.ts';
import { type Mask, refusal } from '../errors.ts';
import type { RunAdmitted } from '../execution/sharedRuns.ts';
import type { ReadLive } from '../live/liveReading.ts';
import { inWaves } from './inWaves.ts';
import type { StreamFormat } from './streamFormats.ts';

/** Operations answered in a stream over HTTP: the same ones, as any socket's. */
export type LiveResponses = {
  /** `watch` calls back when the caller's credential has ended, and returns how to stop watching. */
  answer(
    exchange: { readonly response: ServerResponse; readonly format: StreamFormat },
    admitted: AdmittedOperation,
    call: Call,
    watch: (onEnd: () => void) => () => void,
  ): void;
  /** Ends every stream, in waves, so that its client takes it up elsewhere. */
  close(overMs: number): Promise<void>;
  readonly open: number;
};

export const createLiveResponses = (parts: {
  readonly readLive: ReadLive;
  readonly run: RunAdmitted;
  readonly mask: Mask;
  readonly limits: Pick<GatewayLimits, 'socketQueueBytes' | 'keepAliveMs'>;
}): LiveResponses => {
  const { readLive, run, mask, limits } = parts;
  const open = new Set<{ breakOff(): void }>();

  return {
    answer: ({ response, format }, admitted, call, watch) => {
      begin(response, format);
      let isOver = false;
      const write = (bytes: Buffer): void => {
        if (isOver || response.destroyed) return;
        response.write(bytes);
        // A reader that does not take what it is sent must come back for it, by its last cursor (F04).
        if (response.writableLength > limits.socketQueueBytes) {
          finish();
          response.destroy();
        }
      };
      const finish = (...last: readonly Buffer[]): void => {
        if (isOver) return;
        for (const bytes of last) write(bytes);
        isOver = true;
        open.delete(stream);
        clearInterval(heartbeat);
        stopWatching();
        reading.leave();
        response.end();
      };
      const fail = (error: unknown): void => {
        const errors = [mask(error, { requestId: call.requestId })];
        finish(format.errors(errors), format.complete);
      };
      const stream = { breakOff: () => finish(format.broken([mask(goingAway())])) };
      write(format.start);
      const heartbeat = setInterval(() => write(format.heartbeat), limits.keepAliveMs);
      let stopWatching = (): void => {};
      const reading =
        admitted.operation.node.operation === 'subscription'
          ? readLive(admitted, call, (json) => write(format.answer(json)))
          : runOnce(run, admitted, call, (json) => write(format.answer(json)));
      reading.over.then(() => finish(format.complete), fail);
      open.add(stream);
      stopWatching = watch(() => fail(credentialEnded()));
      response.once('close', () => finish());
    },
    close: (overMs) => inWaves([...open], overMs, (stream) => stream.breakOff()),
    get open() {
      return open.size;
    },
  };
};

const begin = (response: ServerResponse, { contentType }: StreamFormat): void =>
  void response.writeHead(200, { 'content-type': contentType, 'x-accel-buffering': 'no' });

/** An operation that was refused before it began, as a stream of that alone. */
export const answerRefused = (
  response: ServerResponse,
  format: StreamFormat,
  errors: readonly GraphQLFormattedError[],
): void => {
  begin(response, format);
  response.end(Buffer.concat([format.start, format.errors(errors), format.complete]));
};

const runOnce = (run: RunAdmitted, admitted: AdmittedOperation, call: Call, send: (json: Buffer) => void) => ({
  over: run(admitted, call).then(({ json }) => send(json)),
  leave: (): void => {},
});

const goingAway = (): GraphQLError =>
  refusal('SERVICE_RESTARTING', 'This server is going away. Resume the stream from its last cursor.', 503);

const credentialEnded = (): GraphQLError =>
  refusal('UNAUTHENTICATED', 'The credential of this stream is no longer valid. Resume it with a fresh one.', 401);
