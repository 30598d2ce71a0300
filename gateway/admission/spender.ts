import { isIPv6 } from 'node:net';
import type { Call } from '../calls/subgraphCall.ts';

/** On whose account something is done. `peer`: the address it came from. */
export type Spender = Pick<Call, 'actor' | 'peer'>;

/** The account of one caller: a person, a key, a visitor of one conversation; an address where nobody says who they are. */
export const accountOf = ({ actor, peer }: Spender): string =>
  actor === null ? `address/${networkOf(peer)}` : `${actor.kind}/${actor.tenantId}/${actor.id}`;

/** The account all callers of one organization share; null for nobody's. */
export const organizationOf = ({ actor }: Spender): string | null => actor?.tenantId ?? null;

/** An address, of IPv6 its /64: whoever has one address of those has them all. */
export const networkOf = (address = 'unknown'): string => {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
};
