import type { Event } from '@parley/kernel/event';

/** What agent tells the rest of the platform. Topic `agent.events`, keyed and ordered by agent, knowledge base or reply. */
export const agentTopic = 'agent.events';

export type AgentCreated = Event<
  'agent.AgentCreated',
  { agentId: string; locale: string; voiceId: string | null; knowledgeBaseId: string | null }
>;
/** `changed` names the fields that have a new value. */
export type AgentUpdated = Event<
  'agent.AgentUpdated',
  {
    agentId: string;
    locale: string;
    voiceId: string | null;
    knowledgeBaseId: string | null;
    changed: readonly string[];
  }
>;
export type KnowledgeBaseCreated = Event<'agent.KnowledgeBaseCreated', { knowledgeBaseId: string }>;
/** `bytes` of its text in UTF-8; `version` is the knowledge base's with this document in it. */
export type KnowledgeDocumentAdded = Event<
  'agent.KnowledgeDocumentAdded',
  {
    knowledgeBaseId: string;
    documentId: string;
    version: number;
    language: string;
    bytes: number;
    passageCount: number;
  }
>;
/** No reply states what only this document said, from `version` on. */
export type KnowledgeDocumentRemoved = Event<
  'agent.KnowledgeDocumentRemoved',
  { knowledgeBaseId: string; documentId: string; version: number }
>;
/** A reply has its whole text and has begun to leave. Aggregate: the reply's turn. */
export type ReplyComposed = Event<
  'agent.ReplyComposed',
  {
    conversationId: string;
    turnId: string;
    inReplyTo: string;
    agentId: string;
    strategy: string;
    model: string;
    intent: { name: string; confidence: number; outOfScope: boolean };
    citedDocumentIds: readonly string[];
    inputTokens: number;
    outputTokens: number;
    composeMs: number;
  }
>;

export type AgentEvent =
  | AgentCreated
  | AgentUpdated
  | KnowledgeBaseCreated
  | KnowledgeDocumentAdded
  | KnowledgeDocumentRemoved
  | ReplyComposed;
