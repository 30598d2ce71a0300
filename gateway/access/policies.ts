import type { Actor } from '@parley/kernel/actor';

/**
 * The policies a caller fulfils, as `@policy` names them: `kind:USER`, `role:OWNER`, `partner` where it acts for one, and
 * whatever the issuer of its token says of it (GATEWAY_POLICIES_CLAIM). What nobody says is not fulfilled.
 */
export const policiesOf = ({ kind, role, partnerId, policies = [] }: Actor): readonly string[] => [
  `kind:${kind}`,
  ...(role === null ? [] : [`role:${role}`]),
  ...(partnerId === null ? [] : ['partner']),
  ...policies,
];
