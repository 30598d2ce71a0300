import type { WebSocket } from 'ws';

/** Finds a peer that is gone without a word: one that leaves a ping unanswered until the next is due (F14). Returns how to stop. */
export const keepAlive = (socket: WebSocket, everyMs: number): (() => void) => {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, everyMs);
  return () => clearInterval(timer);
};
