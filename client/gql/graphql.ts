/* biome-ignore-all format: generated */
/* biome-ignore-all lint: generated */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };

import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type AddKnowledgeDocumentInput = {
  knowledgeBaseId: string;
  /** 1 to 1,000,000 bytes of UTF-8; no control characters but tab and line breaks */
  text: string;
  /** 1 to 300 characters */
  title: string;
};

/** PENDING: more is to come. READY: all of it plays. PARTIAL: a part is missing, or the turn was cut short. UNAVAILABLE: there is no voice for it. FAILED: nothing could be made. The turn’s text stands in every case. */
export type AudioStatus =
  | 'FAILED'
  | 'PARTIAL'
  | 'PENDING'
  | 'READY'
  | 'UNAVAILABLE';

export type Channel =
  | 'API'
  | 'PHONE'
  | 'WEB';

export type ConsentInput = {
  aiDisclosureAccepted: boolean;
  recording: boolean;
};

export type ContactInput = {
  email?: string | null | undefined;
  name?: string | null | undefined;
  phone?: string | null | undefined;
};

export type ConversationPhase =
  | 'CLOSING'
  | 'DISCOVERY'
  | 'FOLLOW_UP'
  | 'GREETING'
  | 'OBJECTION_HANDLING'
  | 'PRESENTATION'
  | 'QUALIFICATION';

export type ConversationStatus =
  | 'ENDED'
  | 'HANDED_OFF'
  | 'OPEN';

export type CreateAgentInput = {
  knowledgeBaseId?: string | null | undefined;
  /** BCP 47 */
  locale: string;
  /** 1 to 200 characters */
  name: string;
  /** each trait left out is 0.5 */
  personality?: PersonalityInput | null | undefined;
  /** left out, a voice is chosen by the conversation's locale */
  voiceId?: string | null | undefined;
};

export type CreateApiKeyInput = {
  expiresAt?: string | null | undefined;
  /** 1 to 200 characters */
  name: string;
  /** whom it is given to; without one it is for a program of your own */
  partnerId?: string | null | undefined;
  /** a key whose only scope is persisted runs what was published for it, nothing else */
  scopes: Array<string>;
};

export type CreateKnowledgeBaseInput = {
  /** 1 to 200 characters */
  name: string;
};

export type CreatePartnerInput = {
  /** 1 to 200 characters */
  name: string;
};

export type EndConversationInput = {
  conversationId: string;
  outcome: Outcome;
};

export type InterruptTurnInput = {
  /** milliseconds of the turn's audio that were really played */
  playedMs: number;
  turnId: string;
};

export type Outcome =
  | 'ABANDONED'
  | 'CONVERTED'
  | 'FOLLOW_UP_SCHEDULED'
  | 'LOST'
  | 'TRANSFERRED';

export type PersistedDocumentInput = {
  /** one operation and its fragments, up to 100,000 bytes */
  body: string;
  /** the operation's name, where it has one */
  name: string;
};

/** each 0..1 */
export type PersonalityInput = {
  assertiveness?: number | null | undefined;
  brevity?: number | null | undefined;
  formality?: number | null | undefined;
  warmth?: number | null | undefined;
};

export type PublishPersistedDocumentsInput = {
  /** 1 to 1,000 documents */
  manifest: Array<PersistedDocumentInput>;
  partnerId?: string | null | undefined;
};

export type RefreshSessionInput = {
  refreshToken: string;
};

export type RefusalCode =
  | 'CONFLICT'
  | 'CONSENT_REQUIRED'
  | 'CONVERSATION_ENDED'
  | 'DO_NOT_CALL'
  | 'EMAIL_TAKEN'
  | 'FORBIDDEN'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'TOTP_REQUIRED'
  | 'TURN_NOT_INTERRUPTIBLE';

export type Role =
  | 'ADMIN'
  | 'ANALYST'
  | 'MANAGER'
  | 'OWNER'
  | 'PARTNER'
  | 'SUPERVISOR';

export type SendMessageInput = {
  /** repeat it to retry safely: the same id never makes a second turn */
  clientMessageId?: string | null | undefined;
  conversationId: string;
  /** 1 to 8,000 bytes of UTF-8; no control characters but tab and line breaks */
  text: string;
};

export type SignInInput = {
  email: string;
  password: string;
  /** the authenticator app’s code, where one is enrolled */
  totp?: string | null | undefined;
};

export type SignUpInput = {
  email: string;
  /** 1 to 200 characters */
  organizationName: string;
  /** 8 to 1,024 bytes of UTF-8 */
  password: string;
};

/** consent is required on PHONE; nothing is recorded without consent.recording */
export type StartConversationInput = {
  agentId: string;
  channel: Channel;
  consent?: ConsentInput | null | undefined;
  contact?: ContactInput | null | undefined;
  /** BCP 47; the agent's own when left out */
  locale?: string | null | undefined;
};

export type SynthesizeInput = {
  /** BCP 47 */
  locale?: string | null | undefined;
  /** 1 to 8,000 bytes of UTF-8; no control characters but tab and line breaks */
  text: string;
  voiceId?: string | null | undefined;
};

export type TurnRole =
  | 'AGENT'
  | 'CUSTOMER'
  | 'HUMAN_AGENT'
  | 'SYSTEM';

export type TurnState =
  | 'COMPLETED'
  | 'FAILED'
  | 'INTERRUPTED'
  | 'STREAMING';

export type TurnUpdateKind =
  | 'COMPLETED'
  | 'DELTA'
  | 'FAILED'
  | 'INTERRUPTED'
  | 'STARTED';

/** What is left out stays as it is; null takes a voice or a knowledge base away. */
export type UpdateAgentInput = {
  id: string;
  knowledgeBaseId?: string | null | undefined;
  locale?: string | null | undefined;
  name?: string | null | undefined;
  personality?: PersonalityInput | null | undefined;
  voiceId?: string | null | undefined;
};

export type AddKnowledgeDocumentMutationVariables = Exact<{
  input: AddKnowledgeDocumentInput;
}>;


export type AddKnowledgeDocumentMutation = { addKnowledgeDocument:
    | { __typename: 'AddKnowledgeDocumentSuccess', document: { id: string, title: string } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type AgentQueryVariables = Exact<{
  id: string;
}>;


export type AgentQuery = { agent: { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null } | null };

export type AgentsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type AgentsQuery = { agents: { edges: Array<{ node: { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type AudioChunksSubscriptionVariables = Exact<{
  conversationId: string;
  after?: string | null | undefined;
}>;


export type AudioChunksSubscription = { audioChunks: { id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, turn: { id: string } | null, words: Array<{ text: string, startMs: number, endMs: number }> } | null };

export type ConversationQueryVariables = Exact<{
  id: string;
  last?: number;
  before?: string | null | undefined;
}>;


export type ConversationQuery = { conversation: { turnsCursor: string, id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string, agent: { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null } | null, turns: { edges: Array<{ node: { text: string, id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, reply: { strategy: string, model: string, citations: Array<{ documentTitle: string, text: string, score: number }> } | null, audio: { status: AudioStatus, durationMs: number, chunks: Array<{ id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, words: Array<{ text: string, startMs: number, endMs: number }> }> } | null, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null } }>, pageInfo: { hasPreviousPage: boolean, startCursor: string | null } } } | null };

export type ConversationMetricsQueryVariables = Exact<{
  id: string;
}>;


export type ConversationMetricsQuery = { conversation: { id: string, metrics: { turnCount: number, talkRatio: number | null, interruptionCount: number, sentiment: number | null, timeToFirstTokenMs: { p50: number, p95: number, count: number } | null, timeToFirstAudioMs: { p50: number, p95: number, count: number } | null } | null } | null };

export type ConversationStateQueryVariables = Exact<{
  id: string;
}>;


export type ConversationStateQuery = { conversation: { id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string } | null };

export type ConversationTurnsSubscriptionVariables = Exact<{
  conversationId: string;
  after?: string | null | undefined;
}>;


export type ConversationTurnsSubscription = { conversationTurns: { cursor: string, kind: TurnUpdateKind, textDelta: string | null, turn: { id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null } } | null };

export type ConversationUpdatedSubscriptionVariables = Exact<{
  conversationId: string;
}>;


export type ConversationUpdatedSubscription = { conversationUpdated: { id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string } | null };

export type ConversationsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type ConversationsQuery = { conversations: { edges: Array<{ node: { id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string, agent: { id: string, name: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type CreateAgentMutationVariables = Exact<{
  input: CreateAgentInput;
}>;


export type CreateAgentMutation = { createAgent:
    | { __typename: 'CreateAgentSuccess', agent: { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey:
    | { __typename: 'CreateApiKeySuccess', secret: string, apiKey: { id: string, name: string, prefix: string, scopes: Array<string> } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type CreateKnowledgeBaseMutationVariables = Exact<{
  input: CreateKnowledgeBaseInput;
}>;


export type CreateKnowledgeBaseMutation = { createKnowledgeBase:
    | { __typename: 'CreateKnowledgeBaseSuccess', knowledgeBase: { id: string, name: string } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type CreatePartnerMutationVariables = Exact<{
  input: CreatePartnerInput;
}>;


export type CreatePartnerMutation = { createPartner:
    | { __typename: 'CreatePartnerSuccess', partner: { id: string, name: string } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type EndConversationMutationVariables = Exact<{
  input: EndConversationInput;
}>;


export type EndConversationMutation = { endConversation:
    | { __typename: 'EndConversationSuccess', conversation: { id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type RefusalFieldsFragment = { code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> };

export type ViewerFieldsFragment = { id: string, email: string | null, role: Role, organization: { id: string, name: string } };

export type AgentFieldsFragment = { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null };

export type ConversationFieldsFragment = { id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string };

export type TurnUpdateFieldsFragment = { id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null };

export type TurnFieldsFragment = { text: string, id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null };

export type TurnEvidenceFragment = { reply: { strategy: string, model: string, citations: Array<{ documentTitle: string, text: string, score: number }> } | null, audio: { status: AudioStatus, durationMs: number, chunks: Array<{ id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, words: Array<{ text: string, startMs: number, endMs: number }> }> } | null };

export type AudioChunkFieldsFragment = { id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, words: Array<{ text: string, startMs: number, endMs: number }> };

export type MetricsFieldsFragment = { turnCount: number, talkRatio: number | null, interruptionCount: number, sentiment: number | null, timeToFirstTokenMs: { p50: number, p95: number, count: number } | null, timeToFirstAudioMs: { p50: number, p95: number, count: number } | null };

export type InterruptTurnMutationVariables = Exact<{
  input: InterruptTurnInput;
}>;


export type InterruptTurnMutation = { interruptTurn:
    | { __typename: 'InterruptTurnSuccess', turn: { text: string, id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null } }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type KnowledgeBasesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type KnowledgeBasesQuery = { knowledgeBases: { edges: Array<{ node: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type PublishPersistedDocumentsMutationVariables = Exact<{
  input: PublishPersistedDocumentsInput;
}>;


export type PublishPersistedDocumentsMutation = { publishPersistedDocuments:
    | { __typename: 'PublishPersistedDocumentsSuccess', documents: Array<{ id: string, name: string, hash: string }> }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession:
    | { __typename: 'RefreshSessionSuccess', accessToken: string, refreshToken: string, expiresIn: number }
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
   | null };

export type SearchKnowledgeQueryVariables = Exact<{
  knowledgeBaseId: string;
  query: string;
  first?: number;
}>;


export type SearchKnowledgeQuery = { searchKnowledge: Array<{ text: string, score: number, document: { id: string, title: string } }> | null };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { sendMessage:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'SendMessageSuccess', turn: { text: string, id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null } }
   | null };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'SignInSuccess', accessToken: string, refreshToken: string, expiresIn: number, viewer: { id: string, email: string | null, role: Role, organization: { id: string, name: string } } }
   | null };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { signOut:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'SignOutSuccess', sessionsEnded: number }
   | null };

export type SignUpMutationVariables = Exact<{
  input: SignUpInput;
}>;


export type SignUpMutation = { signUp:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'SignUpSuccess', accessToken: string, refreshToken: string, expiresIn: number, viewer: { id: string, email: string | null, role: Role, organization: { id: string, name: string } } }
   | null };

export type StartConversationMutationVariables = Exact<{
  input: StartConversationInput;
}>;


export type StartConversationMutation = { startConversation:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'StartConversationSuccess', visitorToken: string, conversation: { turnsCursor: string, id: string, status: ConversationStatus, phase: ConversationPhase, channel: Channel, locale: string, outcome: Outcome | null, createdAt: string } }
   | null };

export type SynthesizeMutationVariables = Exact<{
  input: SynthesizeInput;
}>;


export type SynthesizeMutation = { synthesize:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'SynthesizeSuccess', synthesis: { id: string, chunks: Array<{ id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, words: Array<{ text: string, startMs: number, endMs: number }> }> } }
   | null };

export type TurnEvidenceQueryVariables = Exact<{
  conversationId: string;
  last?: number;
}>;


export type TurnEvidenceQuery = { conversation: { id: string, turns: { edges: Array<{ node: { text: string, id: string, sequence: number, role: TurnRole, state: TurnState, interrupted: boolean, spokenText: string | null, sentiment: number | null, objection: string | null, createdAt: string, reply: { strategy: string, model: string, citations: Array<{ documentTitle: string, text: string, score: number }> } | null, audio: { status: AudioStatus, durationMs: number, chunks: Array<{ id: string, cursor: string | null, sequence: number, url: string, mimeType: string, durationMs: number, startMs: number, text: string, isFinal: boolean, words: Array<{ text: string, startMs: number, endMs: number }> }> } | null, inReplyTo: { id: string } | null, intent: { name: string, confidence: number, outOfScope: boolean } | null, latency: { timeToFirstToken: number | null, timeToFirstAudio: number | null, total: number | null } | null } }> } } | null };

export type UpdateAgentMutationVariables = Exact<{
  input: UpdateAgentInput;
}>;


export type UpdateAgentMutation = { updateAgent:
    | { __typename: 'Refusal', code: RefusalCode, message: string, retryAfterMs: number | null, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'UpdateAgentSuccess', agent: { id: string, name: string, locale: string, personality: { warmth: number, formality: number, assertiveness: number, brevity: number }, voice: { id: string, name: string, locale: string } | null, knowledgeBase: { id: string, name: string } | null } }
   | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { id: string, email: string | null, role: Role, organization: { id: string, name: string } } | null };

export type VoicesQueryVariables = Exact<{
  locale?: string | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type VoicesQuery = { voices: { edges: Array<{ node: { id: string, name: string, locale: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const RefusalFieldsFragmentDoc = new TypedDocumentString(`
    fragment RefusalFields on Refusal {
  code
  message
  issues {
    path
    message
  }
  retryAfterMs
}
    `, {"fragmentName":"RefusalFields"}) as unknown as TypedDocumentString<RefusalFieldsFragment, unknown>;
export const ViewerFieldsFragmentDoc = new TypedDocumentString(`
    fragment ViewerFields on Viewer {
  id
  email
  role
  organization {
    id
    name
  }
}
    `, {"fragmentName":"ViewerFields"}) as unknown as TypedDocumentString<ViewerFieldsFragment, unknown>;
export const AgentFieldsFragmentDoc = new TypedDocumentString(`
    fragment AgentFields on Agent {
  id
  name
  locale
  personality {
    warmth
    formality
    assertiveness
    brevity
  }
  voice {
    id
    name
    locale
  }
  knowledgeBase {
    id
    name
  }
}
    `, {"fragmentName":"AgentFields"}) as unknown as TypedDocumentString<AgentFieldsFragment, unknown>;
export const ConversationFieldsFragmentDoc = new TypedDocumentString(`
    fragment ConversationFields on Conversation {
  id
  status
  phase
  channel
  locale
  outcome
  createdAt
}
    `, {"fragmentName":"ConversationFields"}) as unknown as TypedDocumentString<ConversationFieldsFragment, unknown>;
export const TurnUpdateFieldsFragmentDoc = new TypedDocumentString(`
    fragment TurnUpdateFields on Turn {
  id
  sequence
  role
  state
  interrupted
  spokenText
  inReplyTo {
    id
  }
  intent {
    name
    confidence
    outOfScope
  }
  sentiment
  objection
  latency {
    timeToFirstToken
    timeToFirstAudio
    total
  }
  createdAt
}
    `, {"fragmentName":"TurnUpdateFields"}) as unknown as TypedDocumentString<TurnUpdateFieldsFragment, unknown>;
export const TurnFieldsFragmentDoc = new TypedDocumentString(`
    fragment TurnFields on Turn {
  ...TurnUpdateFields
  text
}
    fragment TurnUpdateFields on Turn {
  id
  sequence
  role
  state
  interrupted
  spokenText
  inReplyTo {
    id
  }
  intent {
    name
    confidence
    outOfScope
  }
  sentiment
  objection
  latency {
    timeToFirstToken
    timeToFirstAudio
    total
  }
  createdAt
}`, {"fragmentName":"TurnFields"}) as unknown as TypedDocumentString<TurnFieldsFragment, unknown>;
export const AudioChunkFieldsFragmentDoc = new TypedDocumentString(`
    fragment AudioChunkFields on AudioChunk {
  id
  cursor
  sequence
  url
  mimeType
  durationMs
  startMs
  text
  words {
    text
    startMs
    endMs
  }
  isFinal
}
    `, {"fragmentName":"AudioChunkFields"}) as unknown as TypedDocumentString<AudioChunkFieldsFragment, unknown>;
export const TurnEvidenceFragmentDoc = new TypedDocumentString(`
    fragment TurnEvidence on Turn {
  reply {
    strategy
    model
    citations {
      documentTitle
      text
      score
    }
  }
  audio {
    status
    durationMs
    chunks {
      ...AudioChunkFields
    }
  }
}
    fragment AudioChunkFields on AudioChunk {
  id
  cursor
  sequence
  url
  mimeType
  durationMs
  startMs
  text
  words {
    text
    startMs
    endMs
  }
  isFinal
}`, {"fragmentName":"TurnEvidence"}) as unknown as TypedDocumentString<TurnEvidenceFragment, unknown>;
export const MetricsFieldsFragmentDoc = new TypedDocumentString(`
    fragment MetricsFields on ConversationMetrics {
  turnCount
  talkRatio
  interruptionCount
  sentiment
  timeToFirstTokenMs {
    p50
    p95
    count
  }
  timeToFirstAudioMs {
    p50
    p95
    count
  }
}
    `, {"fragmentName":"MetricsFields"}) as unknown as TypedDocumentString<MetricsFieldsFragment, unknown>;
export const AddKnowledgeDocumentDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation AddKnowledgeDocument($input: AddKnowledgeDocumentInput!) { addKnowledgeDocument(input: $input) { __typename ... on AddKnowledgeDocumentSuccess { document { id title } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:80ae7e7e1607c9acd2b9d190b1556f689e7b1f609b4bb85c61015b1f0982f738"}) as unknown as TypedDocumentString<AddKnowledgeDocumentMutation, AddKnowledgeDocumentMutationVariables>;
export const AgentDocument = new TypedDocumentString("fragment AgentFields on Agent { id knowledgeBase { id name } locale name personality { assertiveness brevity formality warmth } voice { id locale name } } query Agent($id: ID!) { agent(id: $id) { ...AgentFields } }", {"hash":"sha256:0bf55fb33395d5542429bd40860a18a3db911e063c43b30a43f5984be9f49960"}) as unknown as TypedDocumentString<AgentQuery, AgentQueryVariables>;
export const AgentsDocument = new TypedDocumentString("fragment AgentFields on Agent { id knowledgeBase { id name } locale name personality { assertiveness brevity formality warmth } voice { id locale name } } query Agents($after: String, $first: Int! = 20) { agents(first: $first, after: $after) { edges { node { ...AgentFields } } pageInfo { endCursor hasNextPage } } }", {"hash":"sha256:e3f868cd03b9ed6aaa6f5f5b9bf532d978eb46886f99e0aca3d3dfe82bc8ddda"}) as unknown as TypedDocumentString<AgentsQuery, AgentsQueryVariables>;
export const AudioChunksDocument = new TypedDocumentString("fragment AudioChunkFields on AudioChunk { cursor durationMs id isFinal mimeType sequence startMs text url words { endMs startMs text } } subscription AudioChunks($after: String, $conversationId: ID!) { audioChunks(conversationId: $conversationId, after: $after) { turn { id } ...AudioChunkFields } }", {"hash":"sha256:e75068dfea88a63503dc79af0fa9171e640e92f3d21cc087df0e86c6a15aec7d"}) as unknown as TypedDocumentString<AudioChunksSubscription, AudioChunksSubscriptionVariables>;
export const ConversationDocument = new TypedDocumentString("fragment AgentFields on Agent { id knowledgeBase { id name } locale name personality { assertiveness brevity formality warmth } voice { id locale name } } fragment AudioChunkFields on AudioChunk { cursor durationMs id isFinal mimeType sequence startMs text url words { endMs startMs text } } fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } fragment TurnEvidence on Turn { audio { chunks { ...AudioChunkFields } durationMs status } reply { citations { documentTitle score text } model strategy } } fragment TurnFields on Turn { text ...TurnUpdateFields } fragment TurnUpdateFields on Turn { createdAt id inReplyTo { id } intent { confidence name outOfScope } interrupted latency { timeToFirstAudio timeToFirstToken total } objection role sentiment sequence spokenText state } query Conversation($before: String, $id: ID!, $last: Int! = 50) { conversation(id: $id) { agent { ...AgentFields } turns(last: $last, before: $before) { edges { node { ...TurnEvidence ...TurnFields } } pageInfo { hasPreviousPage startCursor } } turnsCursor ...ConversationFields } }", {"hash":"sha256:790518dd5f0f98f9c6d8dc17e5e2aa4b682df7995a7bb56a553489d0d2c411c4"}) as unknown as TypedDocumentString<ConversationQuery, ConversationQueryVariables>;
export const ConversationMetricsDocument = new TypedDocumentString("fragment MetricsFields on ConversationMetrics { interruptionCount sentiment talkRatio timeToFirstAudioMs { count p50 p95 } timeToFirstTokenMs { count p50 p95 } turnCount } query ConversationMetrics($id: ID!) { conversation(id: $id) { id metrics { ...MetricsFields } } }", {"hash":"sha256:759a141cb24a8375f09cf22eb59d6ae4edfc7305c6a2ad33258fbdcf84a59ae6"}) as unknown as TypedDocumentString<ConversationMetricsQuery, ConversationMetricsQueryVariables>;
export const ConversationStateDocument = new TypedDocumentString("fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } query ConversationState($id: ID!) { conversation(id: $id) { ...ConversationFields } }", {"hash":"sha256:aa34ee84041d43795d88091f99b62cdcb3d91f4794301f0bda881ff937dd6d63"}) as unknown as TypedDocumentString<ConversationStateQuery, ConversationStateQueryVariables>;
export const ConversationTurnsDocument = new TypedDocumentString("fragment TurnUpdateFields on Turn { createdAt id inReplyTo { id } intent { confidence name outOfScope } interrupted latency { timeToFirstAudio timeToFirstToken total } objection role sentiment sequence spokenText state } subscription ConversationTurns($after: String, $conversationId: ID!) { conversationTurns(conversationId: $conversationId, after: $after) { cursor kind textDelta turn { ...TurnUpdateFields } } }", {"hash":"sha256:9dd7b3bf1d640fabb003ab936d173be39527107002eec096ed81b4289a75f74d"}) as unknown as TypedDocumentString<ConversationTurnsSubscription, ConversationTurnsSubscriptionVariables>;
export const ConversationUpdatedDocument = new TypedDocumentString("fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } subscription ConversationUpdated($conversationId: ID!) { conversationUpdated(conversationId: $conversationId) { ...ConversationFields } }", {"hash":"sha256:737e0dcb6ffbd1bee8c477779f0b64a1aec1f6881dde23a1aefc7859bbc171b3"}) as unknown as TypedDocumentString<ConversationUpdatedSubscription, ConversationUpdatedSubscriptionVariables>;
export const ConversationsDocument = new TypedDocumentString("fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } query Conversations($after: String, $first: Int! = 20) { conversations(first: $first, after: $after) { edges { node { agent { id name } ...ConversationFields } } pageInfo { endCursor hasNextPage } } }", {"hash":"sha256:ab5d47a85c86c99b8f9d830c4a2578e6f67841e71e595932ace9a739e8e32df0"}) as unknown as TypedDocumentString<ConversationsQuery, ConversationsQueryVariables>;
export const CreateAgentDocument = new TypedDocumentString("fragment AgentFields on Agent { id knowledgeBase { id name } locale name personality { assertiveness brevity formality warmth } voice { id locale name } } fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation CreateAgent($input: CreateAgentInput!) { createAgent(input: $input) { __typename ... on CreateAgentSuccess { agent { ...AgentFields } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:fbff4ae72e6f948dffff3be46a3aa8e52194a401151c55fcf0f066ece9df6758"}) as unknown as TypedDocumentString<CreateAgentMutation, CreateAgentMutationVariables>;
export const CreateApiKeyDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation CreateApiKey($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreateApiKeySuccess { apiKey { id name prefix scopes } secret } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:851d3f609ec3dd7335f9e62331b0e88163b68b5a6efdc2234c331a5786949863"}) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const CreateKnowledgeBaseDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation CreateKnowledgeBase($input: CreateKnowledgeBaseInput!) { createKnowledgeBase(input: $input) { __typename ... on CreateKnowledgeBaseSuccess { knowledgeBase { id name } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:94e41237399f7849dce319b4e3d367048a4b09352ad526f970cc78e4ea37bc5a"}) as unknown as TypedDocumentString<CreateKnowledgeBaseMutation, CreateKnowledgeBaseMutationVariables>;
export const CreatePartnerDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation CreatePartner($input: CreatePartnerInput!) { createPartner(input: $input) { __typename ... on CreatePartnerSuccess { partner { id name } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:0b6a6bf05f0b63712b27526baba439e1f12ab92df82364aa17032a6a9e71271b"}) as unknown as TypedDocumentString<CreatePartnerMutation, CreatePartnerMutationVariables>;
export const EndConversationDocument = new TypedDocumentString("fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation EndConversation($input: EndConversationInput!) { endConversation(input: $input) { __typename ... on EndConversationSuccess { conversation { ...ConversationFields } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:be6d2a6266d4e1e3fdda20e76d291f27f5933a7516731f080af7f097959ac2bb"}) as unknown as TypedDocumentString<EndConversationMutation, EndConversationMutationVariables>;
export const InterruptTurnDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } fragment TurnFields on Turn { text ...TurnUpdateFields } fragment TurnUpdateFields on Turn { createdAt id inReplyTo { id } intent { confidence name outOfScope } interrupted latency { timeToFirstAudio timeToFirstToken total } objection role sentiment sequence spokenText state } mutation InterruptTurn($input: InterruptTurnInput!) { interruptTurn(input: $input) { __typename ... on InterruptTurnSuccess { turn { ...TurnFields } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:ceb44abf0b3985410b653627b097846c280d06751f62f58d017be415d9d96c29"}) as unknown as TypedDocumentString<InterruptTurnMutation, InterruptTurnMutationVariables>;
export const KnowledgeBasesDocument = new TypedDocumentString("query KnowledgeBases($after: String, $first: Int! = 20) { knowledgeBases(first: $first, after: $after) { edges { node { id name } } pageInfo { endCursor hasNextPage } } }", {"hash":"sha256:f5a08aa0f99b1994385f01fb77e8fe73c4e2bd68c2637a64afce04eaab3f45c3"}) as unknown as TypedDocumentString<KnowledgeBasesQuery, KnowledgeBasesQueryVariables>;
export const PublishPersistedDocumentsDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation PublishPersistedDocuments($input: PublishPersistedDocumentsInput!) { publishPersistedDocuments(input: $input) { __typename ... on PublishPersistedDocumentsSuccess { documents { hash id name } } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:d89fe43e5045651902cc2a930ae8e3c511d18c89feb822bb27062acc33387a75"}) as unknown as TypedDocumentString<PublishPersistedDocumentsMutation, PublishPersistedDocumentsMutationVariables>;
export const RefreshSessionDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation RefreshSession($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename ... on RefreshSessionSuccess { accessToken expiresIn refreshToken } ... on Refusal { ...RefusalFields } } }", {"hash":"sha256:341db3b937a15c545464a02ebaee5f61803b7396ed1819dcd8bea005da444912"}) as unknown as TypedDocumentString<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const SearchKnowledgeDocument = new TypedDocumentString("query SearchKnowledge($first: Int! = 5, $knowledgeBaseId: ID!, $query: String!) { searchKnowledge(knowledgeBaseId: $knowledgeBaseId, query: $query, first: $first) { document { id title } score text } }", {"hash":"sha256:78cd4757ef6a41c86ab57a6b72cedb59553b06c79c982ecf90725bd12c4b84b6"}) as unknown as TypedDocumentString<SearchKnowledgeQuery, SearchKnowledgeQueryVariables>;
export const SendMessageDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } fragment TurnFields on Turn { text ...TurnUpdateFields } fragment TurnUpdateFields on Turn { createdAt id inReplyTo { id } intent { confidence name outOfScope } interrupted latency { timeToFirstAudio timeToFirstToken total } objection role sentiment sequence spokenText state } mutation SendMessage($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on SendMessageSuccess { turn { ...TurnFields } } } }", {"hash":"sha256:6d735017cccf348c72ee90d9e854799d3bc83427e32cea0782c7fafef708b3ad"}) as unknown as TypedDocumentString<SendMessageMutation, SendMessageMutationVariables>;
export const SignInDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } fragment ViewerFields on Viewer { email id organization { id name } role } mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on SignInSuccess { accessToken expiresIn refreshToken viewer { ...ViewerFields } } } }", {"hash":"sha256:403a8ee5d3b3230c2026c93ae18320a4e32dc93cddc38df4b37f06d7c7e28427"}) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const SignOutDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation SignOut { signOut { __typename ... on Refusal { ...RefusalFields } ... on SignOutSuccess { sessionsEnded } } }", {"hash":"sha256:d0df21bf5389c43dead2a4e0d9b4e5e0377481abd91a6b6c5bff5d47facf7036"}) as unknown as TypedDocumentString<SignOutMutation, SignOutMutationVariables>;
export const SignUpDocument = new TypedDocumentString("fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } fragment ViewerFields on Viewer { email id organization { id name } role } mutation SignUp($input: SignUpInput!) { signUp(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on SignUpSuccess { accessToken expiresIn refreshToken viewer { ...ViewerFields } } } }", {"hash":"sha256:c42ebb8d4da2d9d448535c7d059e6c63d6088b68e152233f41e51bd82248255b"}) as unknown as TypedDocumentString<SignUpMutation, SignUpMutationVariables>;
export const StartConversationDocument = new TypedDocumentString("fragment ConversationFields on Conversation { channel createdAt id locale outcome phase status } fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation StartConversation($input: StartConversationInput!) { startConversation(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on StartConversationSuccess { conversation { turnsCursor ...ConversationFields } visitorToken } } }", {"hash":"sha256:89bfc95356f67ecd7c645dd0b7b7d331d496ebb1c59889ee809666915d05dbc1"}) as unknown as TypedDocumentString<StartConversationMutation, StartConversationMutationVariables>;
export const SynthesizeDocument = new TypedDocumentString("fragment AudioChunkFields on AudioChunk { cursor durationMs id isFinal mimeType sequence startMs text url words { endMs startMs text } } fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation Synthesize($input: SynthesizeInput!) { synthesize(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on SynthesizeSuccess { synthesis { chunks { ...AudioChunkFields } id } } } }", {"hash":"sha256:f107f0da2a4c80e7c5d4ad7abb2fe91187216c17b57b62c64fbc7ef3435b43c8"}) as unknown as TypedDocumentString<SynthesizeMutation, SynthesizeMutationVariables>;
export const TurnEvidenceDocument = new TypedDocumentString("fragment AudioChunkFields on AudioChunk { cursor durationMs id isFinal mimeType sequence startMs text url words { endMs startMs text } } fragment TurnEvidence on Turn { audio { chunks { ...AudioChunkFields } durationMs status } reply { citations { documentTitle score text } model strategy } } fragment TurnFields on Turn { text ...TurnUpdateFields } fragment TurnUpdateFields on Turn { createdAt id inReplyTo { id } intent { confidence name outOfScope } interrupted latency { timeToFirstAudio timeToFirstToken total } objection role sentiment sequence spokenText state } query TurnEvidence($conversationId: ID!, $last: Int! = 4) { conversation(id: $conversationId) { id turns(last: $last) { edges { node { ...TurnEvidence ...TurnFields } } } } }", {"hash":"sha256:30c514924d0d992ceabe353797a6640ab06951ec27ef4a5bdd188bd3f1e3e022"}) as unknown as TypedDocumentString<TurnEvidenceQuery, TurnEvidenceQueryVariables>;
export const UpdateAgentDocument = new TypedDocumentString("fragment AgentFields on Agent { id knowledgeBase { id name } locale name personality { assertiveness brevity formality warmth } voice { id locale name } } fragment RefusalFields on Refusal { code issues { message path } message retryAfterMs } mutation UpdateAgent($input: UpdateAgentInput!) { updateAgent(input: $input) { __typename ... on Refusal { ...RefusalFields } ... on UpdateAgentSuccess { agent { ...AgentFields } } } }", {"hash":"sha256:48097e3fcbed7f5f8646380ccaef8dd3f9276a9b98be8d0c6baf70b3394e7be4"}) as unknown as TypedDocumentString<UpdateAgentMutation, UpdateAgentMutationVariables>;
export const ViewerDocument = new TypedDocumentString("fragment ViewerFields on Viewer { email id organization { id name } role } query Viewer { viewer { ...ViewerFields } }", {"hash":"sha256:f48a5a833ea44c8307becca7abf6888a8b5036cff5f9822de2ff0086deb784ae"}) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const VoicesDocument = new TypedDocumentString("query Voices($after: String, $first: Int! = 20, $locale: String) { voices(locale: $locale, first: $first, after: $after) { edges { node { id locale name } } pageInfo { endCursor hasNextPage } } }", {"hash":"sha256:6ce7e96fb1646b2d42cc5b30d4db2392b5955addbd00358acbe4b678abe9483c"}) as unknown as TypedDocumentString<VoicesQuery, VoicesQueryVariables>;