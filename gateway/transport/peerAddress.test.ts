import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createPeerAddress, isAddressBlock } from './peerAddress.ts';

const from = (remoteAddress: string | undefined, forwarded?: string) => ({
  socket: { remoteAddress } as Socket,
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
});

describe('A22: who a request came from', () => {
  test('without proxies of ours, forwarding headers are nothing', () => {
    const peerOf = createPeerAddress([]);
    assert.equal(peerOf(from('203.0.113.7', '198.51.100.1')), '203.0.113.7');
    assert.equal(peerOf(from('::ffff:203.0.113.7', '198.51.100.1')), '203.0.113.7');
    assert.equal(peerOf(from(undefined, '198.51.100.1')), 'unknown');
  });

  test('a stranger that sends them is still a stranger', () => {
    assert.equal(createPeerAddress(['10.0.0.0/8'])(from('203.0.113.7', '198.51.100.1')), '203.0.113.7');
  });

  test('behind proxies, the address the nearest one saw counts, not what the client wrote', () => {
    const peerOf = createPeerAddress(['10.0.0.0/8', '2001:db8::/32']);
    assert.equal(peerOf(from('10.1.2.3', '1.1.1.1, 203.0.113.7')), '203.0.113.7');
    assert.equal(peerOf(from('::ffff:10.1.2.3', '1.1.1.1, 203.0.113.7, 10.9.9.9')), '203.0.113.7');
    assert.equal(peerOf(from('10.1.2.3', '203.0.113.7:4711')), '203.0.113.7');
    assert.equal(peerOf(from('2001:db8::1', '[2001:470::9]:443')), '2001:470::9');
  });

  test('where a proxy says nothing usable, it is itself who counts', () => {
    const peerOf = createPeerAddress(['10.0.0.1']);
    assert.equal(peerOf(from('10.0.0.1')), '10.0.0.1');
    assert.equal(peerOf(from('10.0.0.1', 'unknown')), '10.0.0.1');
    assert.equal(peerOf(from('10.0.0.1', '8.8.8.8, not-an-address')), '10.0.0.1');
    assert.equal(peerOf(from('10.0.0.1', '10.0.0.1')), '10.0.0.1');
  });

  test('a block is an address with as many bits as its family has at most', () => {
    for (const block of ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8'])
      assert.equal(isAddressBlock(block), true, block);
    for (const block of ['', '10.0.0.0/33', 'fd00::/129', '10/8', '10.0.0.0/8/8', 'proxy', '10.0.0.0/'])
      assert.equal(isAddressBlock(block), false, block);
  });
});
