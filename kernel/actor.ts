/** Scopes that an API key may be given (`core.graphql`). */
export const apiKeyScopes = [
  'conversations:read',
  'conversations:write',
  'agents:read',
  'agents:write',
  'knowledge:read',
  'knowledge:write',
  'voices:read',
  'analytics:read',
  'persisted',
] as const;
/** Scopes that only a signed-in person's role or a visitor token carries; never granted to a key. */
export const reservedScopes = ['organization:admin', 'visitor'] as const;
export type Scope = (typeof apiKeyScopes)[number] | (typeof reservedScopes)[number];

export const roles = ['OWNER', 'ADMIN', 'MANAGER', 'SUPERVISOR', 'ANALYST', 'PARTNER'] as const;
export type Role = (typeof roles)[number];

/**
 * Who is calling, established once at the gateway and carried, signed, to every subgraph.
 * USER: `id` is the user's. API_KEY: the key's. VISITOR: the conversation's, and `conversationId` is all it may touch.
 * SERVICE: one of our own processes acting for the tenant (a reaction to an event); it holds no scopes and needs none.
 */
export type Actor = {
  readonly kind: 'USER' | 'API_KEY' | 'VISITOR' | 'SERVICE';
  readonly id: string;
  readonly tenantId: string;
  readonly role: Role | null;
  readonly scopes: readonly string[];
  /** What somebody else's issuer says of the caller, for `@policy`. */
  readonly policies?: readonly string[];
  readonly partnerId: string | null;
  readonly conversationId: string | null;
  /** The sign-in's session (USER), for revocation; otherwise null. */
  readonly sessionId: string | null;
  /** Seconds since the epoch after which live streams of this actor must end; null where nothing expires. */
  readonly expiresAt: number | null;
};

/** An actor for our own reactions, e.g. the orchestrator answering a turn. */
export const serviceActor = (service: string, tenantId: string): Actor => ({
  kind: 'SERVICE',
  id: service,
  tenantId,
  role: null,
  scopes: [],
  partnerId: null,
  conversationId: null,
  sessionId: null,
  expiresAt: null,
});

/** Is this conversation within what the actor may see? A visitor holds exactly one; everyone else, their tenant's. */
export const mayTouchConversation = (actor: Actor, conversationId: string): boolean =>
  actor.kind !== 'VISITOR' || actor.conversationId === conversationId;
