import type { Role } from '@parley/kernel/actor';
import type { Event, Sealed } from '@parley/kernel/event';

/** What auth tells the rest of the platform. Topic `auth.events`, keyed and ordered by organization or by user. */
export const authTopic = 'auth.events';

export type OrganizationCreated = Event<'auth.OrganizationCreated', { organizationId: string; ownerId: string }>;
/** The e-mail is sealed under the user's own key. */
export type UserSignedUp = Event<
  'auth.UserSignedUp',
  { userId: string; organizationId: string; role: Role; email: Sealed }
>;
export type UserSignedIn = Event<'auth.UserSignedIn', { userId: string; sessionId: string; secondFactor: boolean }>;
/** A known user's password or code was wrong. */
export type SignInFailed = Event<'auth.SignInFailed', { userId: string; reason: 'PASSWORD' | 'TOTP' }>;
export type SessionRevoked = Event<
  'auth.SessionRevoked',
  { userId: string; sessionId: string; reason: 'SIGNED_OUT' | 'SIGNED_OUT_EVERYWHERE' | 'REFRESH_TOKEN_REUSED' }
>;
/** Somebody holds a refresh token that was used before: its session has been ended. */
export type RefreshTokenReused = Event<'auth.RefreshTokenReused', { userId: string; sessionId: string }>;
export type TotpEnrolled = Event<'auth.TotpEnrolled', { userId: string }>;
export type PartnerCreated = Event<'auth.PartnerCreated', { partnerId: string }>;
export type ApiKeyCreated = Event<
  'auth.ApiKeyCreated',
  { apiKeyId: string; partnerId: string | null; scopes: string[]; expiresAt: string | null }
>;
export type ApiKeyRevoked = Event<'auth.ApiKeyRevoked', { apiKeyId: string }>;
export type PersistedDocumentsPublished = Event<
  'auth.PersistedDocumentsPublished',
  { partnerId: string | null; hashes: string[] }
>;

/** Ordered by organization. */
export type OrganizationEvent =
  | OrganizationCreated
  | PartnerCreated
  | ApiKeyCreated
  | ApiKeyRevoked
  | PersistedDocumentsPublished;
/** Ordered by user. */
export type UserEvent = UserSignedUp | UserSignedIn | SignInFailed | SessionRevoked | RefreshTokenReused | TotpEnrolled;
export type AuthEvent = OrganizationEvent | UserEvent;

/** Pub/sub channel on which every ended session and revoked key is told at once, so that live connections can end. */
export const revocationsChannel = 'auth:revocations';
export type Revocation = { readonly kind: 'SESSION' | 'API_KEY'; readonly tenantId: string; readonly id: string };
