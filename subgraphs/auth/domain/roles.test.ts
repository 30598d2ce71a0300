import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyScopes, roles } from '@parley/kernel/actor';
import { scopesOfRole } from './roles.ts';

/** Written out on purpose: a new scope or role fails here until somebody has decided. */
const table = {
  OWNER: 'cr cw ar aw kr kw vr yr admin',
  ADMIN: 'cr cw ar aw kr kw vr yr admin',
  MANAGER: 'cr cw ar aw kr kw vr yr',
  SUPERVISOR: 'cr cw ar kr vr yr',
  ANALYST: 'cr ar kr vr yr',
  PARTNER: 'cr ar vr',
} as const;
const short: Readonly<Record<string, string>> = {
  'conversations:read': 'cr',
  'conversations:write': 'cw',
  'agents:read': 'ar',
  'agents:write': 'aw',
  'knowledge:read': 'kr',
  'knowledge:write': 'kw',
  'voices:read': 'vr',
  'analytics:read': 'yr',
  'organization:admin': 'admin',
};

test('H28 every role has exactly the scopes decided for it; nobody has persisted or visitor', () => {
  for (const role of roles) {
    assert.deepEqual(
      new Set(scopesOfRole[role].map((scope) => short[scope] ?? scope)),
      new Set(table[role].split(' ')),
    );
  }
  assert.deepEqual(new Set([...apiKeyScopes, 'organization:admin']), new Set([...Object.keys(short), 'persisted']));
});
