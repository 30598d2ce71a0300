import { apiKeyScopes, type Role, type Scope } from '@parley/kernel/actor';

const everything = apiKeyScopes.filter((scope) => scope !== 'persisted');
const reading = everything.filter((scope) => scope.endsWith(':read'));

/** What a person with this role may do. `persisted` is for keys only: it narrows what a caller may send. */
export const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  OWNER: [...everything, 'organization:admin'],
  ADMIN: [...everything, 'organization:admin'],
  MANAGER: everything,
  SUPERVISOR: [...reading, 'conversations:write'],
  ANALYST: reading,
  PARTNER: ['conversations:read', 'agents:read', 'voices:read'],
};
