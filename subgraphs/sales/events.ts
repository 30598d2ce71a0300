import type { Event, Sealed } from '@parley/kernel/event';
import type { Upcasters } from '@parley/kernel/upcast';

/** What sales tells the rest of the platform. Topic `sales.events`, keyed and ordered by conversation. Durations are milliseconds. */
export const salesTopic = 'sales.events';

/** How a consumer reads events of older shapes. None has changed so far. */
export const salesUpcasters: Upcasters = {};

export type Channel = 'WEB' | 'PHONE' | 'API';
export type ConversationPhase =
  | 'GREETING'
  | 'DISCOVERY'
  | 'QUALIFICATION'
  | 'PRESENTATION'
  | 'OBJECTION_HANDLING'
  | 'CLOSING'
  | 'FOLLOW_UP';
export type ConversationStatus = 'OPEN' | 'HANDED_OFF' | 'ENDED';
export type Outcome = 'CONVERTED' | 'LOST' | 'FOLLOW_UP_SCHEDULED' | 'TRANSFERRED' | 'ABANDONED';

/** A person whose name, e-mail and phone are sealed. */
export type ContactAdded = Event<'sales.ContactAdded', { contactId: string; details: Sealed }>;
export type ConversationStarted = Event<
  'sales.ConversationStarted',
  {
    conversationId: string;
    agentId: string;
    channel: Channel;
    locale: string;
    contactId: string | null;
    consent: { recording: boolean; aiDisclosureAccepted: boolean } | null;
  }
>;
/** A customer's turn was stored. */
export type TurnReceived = Event<
  'sales.TurnReceived',
  {
    conversationId: string;
    turnId: string;
    sequence: number;
    text: Sealed;
    wordCount: number;
    clientMessageId: string | null;
  }
>;
/** The reply to a turn has begun: what was understood, and how long the customer waited for its first word. */
export type ReplyStarted = Event<
  'sales.ReplyStarted',
  {
    conversationId: string;
    turnId: string;
    sequence: number;
    inReplyTo: string;
    intent: { name: string; confidence: number; outOfScope: boolean };
    sentiment: number;
    objection: string | null;
    timeToFirstToken: number;
  }
>;
/** An agent's turn has its whole text; its audio may still be playing. */
export type TurnCompleted = Event<
  'sales.TurnCompleted',
  { conversationId: string; turnId: string; sequence: number; text: Sealed; wordCount: number; totalMs: number }
>;
/** All audio of an agent's turn is made, or will never be. */
export type TurnVoiced = Event<
  'sales.TurnVoiced',
  { conversationId: string; turnId: string; durationMs: number; timeToFirstAudio: number | null }
>;
/** The customer cut the agent short; `playedMs` of its audio were heard. */
export type TurnInterrupted = Event<
  'sales.TurnInterrupted',
  { conversationId: string; turnId: string; playedMs: number; spokenText: Sealed; wordCount: number }
>;
export type TurnFailed = Event<'sales.TurnFailed', { conversationId: string; turnId: string; reason: string }>;
export type PhaseChanged = Event<
  'sales.PhaseChanged',
  { conversationId: string; from: ConversationPhase; to: ConversationPhase }
>;
export type ConversationEnded = Event<'sales.ConversationEnded', { conversationId: string; outcome: Outcome }>;

export type SalesEvent =
  | ContactAdded
  | ConversationStarted
  | TurnReceived
  | ReplyStarted
  | TurnCompleted
  | TurnVoiced
  | TurnInterrupted
  | TurnFailed
  | PhaseChanged
  | ConversationEnded;
