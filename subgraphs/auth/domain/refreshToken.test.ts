import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideRefresh, graceMs, type RefreshToken } from './refreshToken.ts';

const now = new Date('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);
const fresh: RefreshToken = { expiresAt: at(1), usedAt: null, sessionRevokedAt: null, successorUsedAt: null };

describe('what a refresh token gets', () => {
  const table: [given: string, then: string, changes: Partial<RefreshToken>][] = [
    ['its first use', 'ROTATE', {}],
    ['its expiry', 'REFUSE', { expiresAt: now }],
    ['a session that was ended', 'REFUSE', { sessionRevokedAt: at(-1), usedAt: at(-1) }],
    ['H09 a second use within the grace, the successor unused', 'REPEAT', { usedAt: at(-graceMs) }],
    ['H09 a second use within the grace, the successor used', 'REUSED', { usedAt: at(-1), successorUsedAt: at(0) }],
    ['H08 a second use after the grace', 'REUSED', { usedAt: at(-graceMs - 1) }],
    ['H08 a second use long after its expiry', 'REUSED', { usedAt: at(-graceMs - 1), expiresAt: at(-1) }],
  ];
  for (const [given, then, changes] of table) {
    test(`given ${given}, then ${then}`, () => assert.equal(decideRefresh({ ...fresh, ...changes }, now), then));
  }
});
