import { type ConnectionOptions, HttpConnection } from './httpConnection.ts';
import type { SubgraphAddress } from './subgraphAddress.ts';

export type Connections = {
  /** One that nothing is under way on, for one request; the caller gives it back. @throws the reason of `signal` */
  take(signal: AbortSignal | undefined): HttpConnection | Promise<HttpConnection>;
  giveBack(connection: HttpConnection): void;
  /** Takes no more; what is under way, or waits, goes on. */
  retire(): void;
  /** Nothing is open. */
  isOver(): boolean;
  /** Breaks off what is under way. */
  destroy(): void;
};

/**
 * Up to `most` keep-alive connections to one place, one request at a time on each. The one used last is taken first, so
 * there are no more than are needed.
 */
export const createConnections = (address: SubgraphAddress, most: number, options: ConnectionOptions): Connections => {
  const all = new Set<HttpConnection>();
  const idle: HttpConnection[] = [];
  const waiting: ((connection: HttpConnection) => void)[] = [];
  let [retired, destroyed] = [false, false];

  const open = (): HttpConnection => {
    const connection: HttpConnection = new HttpConnection(address, options, () => {
      all.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    });
    all.add(connection);
    return connection;
  };
  const waitForOne = (signal: AbortSignal | undefined): Promise<HttpConnection> =>
    new Promise((resolve, reject) => {
      const take = (connection: HttpConnection): void => {
        signal?.removeEventListener('abort', leave);
        resolve(connection);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(take);
    });

  return {
    take: (signal) => {
      if (signal?.aborted) throw signal.reason;
      for (let connection = idle.pop(); connection; connection = idle.pop()) {
        if (connection.isUsable) return connection;
        connection.destroy();
      }
      return all.size >= most ? waitForOne(signal) : open();
    },
    giveBack: (connection) => {
      const mayGoOn = connection.isUsable && !destroyed;
      if (!mayGoOn) connection.destroy();
      const next = waiting.shift();
      // Of what is destroyed, those that wait are told so by the connection.
      if (next) next(mayGoOn || destroyed ? connection : open());
      else if (retired) connection.destroy();
      else if (mayGoOn) idle.push(connection);
    },
    retire: () => {
      retired = true;
      for (const connection of idle.splice(0)) connection.destroy();
    },
    isOver: () => all.size === 0,
    destroy: () => {
      destroyed = true;
      for (const connection of [...all]) connection.destroy();
    },
  };
};
