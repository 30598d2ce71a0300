export type { Backoff } from './backoff.ts';
export { type Client, type ClientOptions, createClient, type ExecuteOptions } from './createClient.ts';
export type { DocumentMode, TypedDocument } from './document.ts';
export { type GraphqlError, GraphqlFailure, NetworkFailure } from './errors.ts';
export * from './gql/graphql.ts';
export type { LinkState } from './link.ts';
export type { Tokens } from './session.ts';
export type { LiveOptions } from './subscribeResumably.ts';
export { applyTurnUpdate, type Transcript, type TranscriptTurn, type TurnUpdate, transcriptOf } from './transcript.ts';
