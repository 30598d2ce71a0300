import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** The address a request came from, e.g. `203.0.113.7`; `unknown` where the socket is gone or has none. */
export type PeerAddress = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string;

/**
 * Whoever is at the other end of the socket; behind proxies of ours, whom the nearest of them saw. What a client writes
 * into X-Forwarded-For itself stands left of that and is never looked at (A22).
 * `trusted`: addresses and CIDR blocks, as `isAddressBlock` takes them.
 */
export const createPeerAddress = (trusted: readonly string[]): PeerAddress => {
  const isProxy = createIsProxy(trusted);
  return ({ socket, headers }) => {
    let nearest = toAddress(socket.remoteAddress ?? '');
    if (nearest === undefined) return 'unknown';
    if (!isProxy(nearest)) return nearest;
    const { 'x-forwarded-for': forwarded = '' } = headers;
    for (const hop of String(forwarded).split(',').toReversed()) {
      const address = toAddress(hop.trim());
      if (address === undefined) return nearest;
      nearest = address;
      if (!isProxy(address)) return nearest;
    }
    return nearest;
  };
};

/** Was this request handed to us by a proxy of ours? */
export const createIsFromProxy = (
  trusted: readonly string[],
): ((request: Pick<IncomingMessage, 'socket'>) => boolean) => {
  const isProxy = createIsProxy(trusted);
  return ({ socket }) => {
    const address = toAddress(socket.remoteAddress ?? '');
    return address !== undefined && isProxy(address);
  };
};

const createIsProxy = (trusted: readonly string[]): ((address: string) => boolean) => {
  if (trusted.length === 0) return () => false;
  const proxies = toBlockList(trusted);
  return (address) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
};

/** Is this an address, or a block such as `10.0.0.0/8`? */
export const isAddressBlock = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
};

const toBlockList = (blocks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
};

/** One hop as proxies write it: bare, with a port, or bracketed; IPv4 inside IPv6 becomes IPv4. Undefined for anything else. */
const toAddress = (hop: string): string | undefined => {
  if (isIPv4(hop)) return hop;
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(hop) ?? [];
  const [, beforePort] = /^([\d.]+):\d+$/.exec(hop) ?? [];
  const address = (bracketed ?? beforePort ?? hop).replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) === 0 ? undefined : address;
};
