import { canonicalLocale } from '@parley/kernel/locale';
import { Refusal, type RefusalIssue } from '@parley/kernel/refusal';
import type { Channel, ConversationPhase, ConversationStatus, Outcome } from '../events.ts';

/** The conversation as a decision needs it. */
export type Conversation = {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly phase: ConversationPhase;
  readonly turnCount: number;
};
export type StartConversation = {
  channel: Channel;
  locale: string;
  contact: {
    name?: string | null | undefined;
    email?: string | null | undefined;
    phone?: string | null | undefined;
  } | null;
  consent: { recording: boolean; aiDisclosureAccepted: boolean } | null;
};

const limits = { name: 200, email: 254, phone: 32 } as const;
const email = /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/;
const phone = /^\+?[0-9 ().-]{5,31}$/;

/**
 * @returns what to begin with
 * @throws Refusal INVALID_INPUT, CONSENT_REQUIRED
 */
export const startConversation = (command: StartConversation): { locale: string } => {
  const issues: RefusalIssue[] = [];
  const locale = canonicalLocale(command.locale);
  if (locale === null) issues.push({ path: ['locale'], message: 'is not a language tag (BCP 47) of a known language' });
  for (const [field, limit] of Object.entries(limits)) {
    const value = command.contact?.[field as keyof typeof limits];
    if (value == null) continue;
    if (value.trim() === '' || value.length > limit || /\p{Cc}/u.test(value) || !value.isWellFormed()) {
      issues.push({ path: ['contact', field], message: `must be 1 to ${limit} printable characters` });
    } else if (field === 'email' && !email.test(value))
      issues.push({ path: ['contact', 'email'], message: 'is not an e-mail address' });
    else if (field === 'phone' && !phone.test(value))
      issues.push({ path: ['contact', 'phone'], message: 'is not a phone number' });
  }
  if (issues.length > 0 || locale === null)
    throw new Refusal('INVALID_INPUT', 'The conversation cannot be started like this.', { issues });
  if (command.channel === 'PHONE' && command.consent?.aiDisclosureAccepted !== true) {
    throw new Refusal(
      'CONSENT_REQUIRED',
      'On the phone an AI voice needs consent: pass consent with aiDisclosureAccepted true.',
      {
        issues: [{ path: ['consent'], message: 'is required on PHONE' }],
      },
    );
  }
  return { locale };
};

/** The customer's next turn takes the next sequence. @throws Refusal CONVERSATION_ENDED */
export const receiveTurn = (conversation: Conversation): { sequence: number } => {
  if (conversation.status === 'ENDED')
    throw new Refusal('CONVERSATION_ENDED', 'This conversation has ended. Start a new one.');
  return { sequence: conversation.turnCount + 1 };
};

/** @throws Refusal CONVERSATION_ENDED */
export const endConversation = (conversation: Conversation, outcome: Outcome): { outcome: Outcome } => {
  if (conversation.status === 'ENDED') throw new Refusal('CONVERSATION_ENDED', 'This conversation has ended already.');
  return { outcome };
};
