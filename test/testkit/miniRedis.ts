import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** As much of Redis (RESP2) as publishing, subscribing and rate limits need, with what it was asked. */
export type MiniRedis = {
  readonly url: string;
  readonly commands: readonly (readonly string[])[];
  /** Breaks every connection, as a restart would. */
  cut(): void;
  stop(): Promise<void>;
};

/** Bytes are kept as latin1 text: one character each, whatever they mean. */
const bulk = (bytes: string) => `$${bytes.length}\r\n${bytes}\r\n`;
const push = (...parts: readonly (string | number)[]) =>
  `*${parts.length}\r\n${parts.map((part) => (typeof part === 'number' ? `:${part}\r\n` : bulk(part))).join('')}`;

export const startMiniRedis = async (): Promise<MiniRedis> => {
  const sockets = new Map<Socket, Set<string>>();
  const commands: string[][] = [];
  const counts = new Map<string, { count: number; until: number }>();

  const answer = (socket: Socket, channels: Set<string>, [name = '', ...rest]: string[]): string => {
    const subscribed = (kind: string, change: (channel: string) => void) =>
      rest
        .map((channel) => {
          change(channel);
          return push(kind, channel, channels.size);
        })
        .join('');
    switch (name.toLowerCase()) {
      case 'ping':
        return '+PONG\r\n';
      case 'info':
        return bulk('redis_version:7.0.0\r\nloading:0\r\n');
      case 'subscribe':
        return subscribed('subscribe', (channel) => channels.add(channel));
      case 'unsubscribe':
        return subscribed('unsubscribe', (channel) => channels.delete(channel));
      case 'publish': {
        const [channel = '', message = ''] = rest;
        const listeners = [...sockets].filter(([, theirs]) => theirs.has(channel));
        for (const [listener] of listeners) listener.write(push('message', channel, message), 'latin1');
        return `:${listeners.length}\r\n`;
      }
      case 'evalsha': {
        // rate-limiter-flexible's script: add to a count that lives for so many seconds.
        const [, , key = '', amount, seconds] = rest;
        const known = counts.get(key);
        const entry =
          known && known.until > Date.now() ? known : { count: 0, until: Date.now() + Number(seconds) * 1000 };
        entry.count += Number(amount);
        counts.set(key, entry);
        return `*2\r\n:${entry.count}\r\n:${entry.until - Date.now()}\r\n`;
      }
      case 'quit':
        socket.end();
        return '+OK\r\n';
      default:
        return '+OK\r\n';
    }
  };

  const server = createServer((socket) => {
    const channels = new Set<string>();
    sockets.set(socket, channels);
    let waiting = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (text: string) => {
      waiting += text;
      for (let command = take(waiting); command !== null; command = take(waiting)) {
        waiting = waiting.slice(command.length);
        commands.push(command.parts);
        socket.write(answer(socket, channels, command.parts), 'latin1');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets.keys()) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    cut,
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};

/** The first whole command of what has come: an array of bulk strings. */
const take = (text: string): { parts: string[]; length: number } | null => {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return null;
  let at = head[0].length;
  const parts: string[] = [];
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 24));
    if (size === null) return null;
    const from = at + size[0].length;
    at = from + Number(size[1]) + 2;
    if (text.length < at) return null;
    parts.push(text.slice(from, at - 2));
  }
  return { parts, length: at };
};
