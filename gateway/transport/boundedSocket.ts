import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

const slowReader = { code: 1013, reason: 'resume from your last cursor' };
/** How long a reader told to go has to take notice before its socket is cut. */
const graceMs = 10_000;

export type BoundedSocket = {
  /** A text message. */
  send(text: string | Buffer): void;
  /** Asks the peer to go; cuts the connection if it does not. */
  close(code: number, reason: string): void;
};

/**
 * Sends without waiting, so that whatever a reader does not take piles up in one place that can be measured: ws and
 * the TCP socket below it. Past `mostBytes` the reader is told to resume later, with 1013, because graphql-ws clients
 * take 4429 as final (F04); the socket itself is closed, since a parked stream would never notice (F05).
 */
export const boundSocket = (
  socket: WebSocket,
  below: Duplex,
  mostBytes: number,
  onTooSlow: () => void,
): BoundedSocket => {
  let closing = false;
  const close = (code: number, reason: string): void => {
    if (closing) return;
    closing = true;
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), graceMs).unref();
  };
  return {
    send: (text) => {
      if (closing || socket.readyState !== socket.OPEN) return;
      gatherWrites(below);
      socket.send(text, { binary: false });
      if (socket.bufferedAmount <= mostBytes) return;
      close(slowReader.code, slowReader.reason);
      onTooSlow();
    },
    close,
  };
};

/** What a turn of the event loop has to say to one peer leaves in one write. */
const gatherWrites = (socket: Duplex): void => {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
};
