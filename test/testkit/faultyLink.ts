import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a link does to those who use it. `slowMs` delays every piece of data, each way. */
export type LinkFault =
  | { readonly kind: 'none' }
  | { readonly kind: 'slow'; readonly slowMs: number }
  /** Nothing gets through, and nobody is told: as when packets are dropped. */
  | { readonly kind: 'silent' }
  /** Connections are cut, and new ones refused by cutting them too. */
  | { readonly kind: 'cut' };

/** A TCP link on loopback that a test can disturb. */
export type FaultyLink = { readonly port: number; set(fault: LinkFault): void; close(): Promise<void> };

/**
 * @param target where it leads; asked for each connection, since what is there may have moved
 * @param address where it listens
 */
export const openLink = async (
  target: () => { port: number; host?: string } | { path: string },
  address = '127.0.0.1',
): Promise<FaultyLink> => {
  let fault: LinkFault = { kind: 'none' };
  let healed: () => void = () => {};
  let changed = new Promise<void>((resolve) => {
    healed = resolve;
  });
  const sockets = new Set<Socket>();

  /** Carries what comes, in order, as the fault allows. What is delayed does not delay what follows it. */
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    let last = Promise.resolve();
    const arrive = async (before: Promise<void>, data: Buffer): Promise<void> => {
      const underWay = fault.kind === 'slow' ? delay(fault.slowMs) : null;
      await before;
      await underWay;
      while (fault.kind === 'silent') await changed;
      if (fault.kind === 'cut') return;
      if (!to.write(data)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    };
    try {
      for await (const data of from) {
        last = arrive(last, data as Buffer);
        last.catch(() => {});
        if (fault.kind !== 'slow' || to.writableNeedDrain) await last;
        if ((fault as LinkFault).kind === 'cut') break;
      }
      await last;
    } catch {
      // Either side is gone, and so is the other in a moment.
    }
    to.end();
    from.destroy();
  };

  const server = createServer((near) => {
    if (fault.kind === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(target() as { port: number; host?: string });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket
        .on('error', () => {})
        .on('close', (hadError) => {
          sockets.delete(socket);
          // What is still on its way from one that has closed arrives before that is told.
          if (!hadError && fault.kind !== 'cut') return;
          near.destroy();
          far.destroy();
        });
    }
    void carry(near, far);
    void carry(far, near);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const listening = server.address();
  return {
    port: typeof listening === 'object' && listening !== null ? listening.port : 0,
    set: (next) => {
      fault = next;
      healed();
      changed = new Promise<void>((resolve) => {
        healed = resolve;
      });
      if (next.kind === 'cut') for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      fault = { kind: 'cut' };
      healed();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
