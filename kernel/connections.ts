import { Client } from 'undici';

export type Connections = {
  /** One that nothing is under way on, for one request; the caller gives it back. @throws the reason of `signal` */
  take(signal: AbortSignal | undefined): Client | Promise<Client>;
  giveBack(client: Client): void;
  /** Takes no more; what is under way, or waits, goes on. */
  retire(): void;
  /** Breaks off what is under way. */
  destroy(): Promise<void>;
};

/**
 * Up to `most` keep-alive connections, one request at a time on each. The one used last is taken first, so there are no
 * more than are needed. undici's own pool leaves each connection alone for a turn of the event loop after each answer.
 */
export const createConnections = (origin: string, most: number, options: Client.Options): Connections => {
  const all = new Set<Client>();
  const idle: Client[] = [];
  const waiting: ((client: Client) => void)[] = [];
  let retired = false;

  const waitForOne = (signal: AbortSignal | undefined): Promise<Client> =>
    new Promise((resolve, reject) => {
      const take = (client: Client): void => {
        signal?.removeEventListener('abort', leave);
        resolve(client);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(take);
    });
  const close = (client: Client): void => {
    all.delete(client);
    client.close().catch(() => {});
  };

  return {
    take: (signal) => {
      const client = idle.pop();
      if (client) return client;
      if (all.size >= most) return waitForOne(signal);
      // More than one to undici: with one it does what is said above. It never gets a second while a first is under way.
      const made = new Client(origin, { ...options, pipelining: 2 });
      all.add(made);
      return made;
    },
    giveBack: (client) => {
      const next = waiting.shift();
      if (next) next(client);
      else if (retired) close(client);
      else idle.push(client);
    },
    retire: () => {
      retired = true;
      for (const client of idle.splice(0)) close(client);
    },
    destroy: async () => {
      await Promise.all([...all].map((client) => client.destroy()));
    },
  };
};
