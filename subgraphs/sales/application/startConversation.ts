import type { Actor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { uuidv7 } from '@parley/kernel/id';
import type { JsonRow } from '@parley/kernel/jsonRow';
import { Refusal } from '@parley/kernel/refusal';
import { ServiceError } from '@parley/kernel/serviceError';
import { startConversation as decide, type StartConversation } from '../domain/conversation.ts';
import type { SalesEvent } from '../events.ts';
import { sealFor, subjectKeys } from '../infrastructure/personalText.ts';
import { record } from '../infrastructure/record.ts';
import { toConversation } from '../infrastructure/rows.ts';
import { announce, type Sales } from './sales.ts';

export type StartConversationInput = Omit<StartConversation, 'locale'> & { agentId: string; locale: string | null };

/**
 * Begins a conversation; it makes no turn. The visitor token is what a browser holds: this conversation, one hour.
 * @throws Refusal NOT_FOUND (agent), INVALID_INPUT, CONSENT_REQUIRED
 */
export const startConversation = async (
  sales: Sales,
  actor: Actor,
  input: StartConversationInput,
): Promise<{ conversationId: string; visitorToken: string }> => {
  const agent = await findAgent(sales, actor, input.agentId);
  const { locale } = decide({ ...input, locale: input.locale ?? agent.locale });
  const { tenantId } = actor;
  const now = sales.clock();
  const conversationId = uuidv7();
  const contactId = input.contact === null ? null : uuidv7();
  // Before anything is stored: without it the visitor could not come back.
  const visitorToken = await issueVisitorToken(sales, actor, conversationId);

  const keyCommitted = await sales.database.sql(tenantId).transaction(async (tx) => {
    const events: SalesEvent[] = [];
    if (contactId !== null && input.contact !== null) {
      const { name = null, email = null, phone = null } = input.contact;
      await tx.query(
        'INSERT INTO sales.contact (tenant_id, id, name, email, phone, created_at) VALUES (platform.tenant_id(), $1, $2, $3, $4, $5)',
        [contactId, name, email, phone, now],
      );
      const seal = sealFor(sales.cipher, tx.query, tenantId, contactId);
      events.push({
        type: 'sales.ContactAdded',
        data: { contactId, details: await seal('sales.ContactAdded.details', JSON.stringify({ name, email, phone })) },
      });
    }
    const [conversation] = await tx.query<{ row: JsonRow }>(
      `INSERT INTO sales.conversation AS c (tenant_id, id, agent_id, contact_id, channel, locale, created_at)
       VALUES (platform.tenant_id(), $1, $2, $3, $4::text::sales."Channel", $5, $6) RETURNING to_jsonb(c) AS row`,
      [conversationId, agent.id, contactId, input.channel, locale, now],
    );
    if (conversation === undefined) throw new Error('the conversation was not stored');
    if (input.consent !== null) {
      await tx.query(
        `INSERT INTO sales.consent_record (tenant_id, id, conversation_id, recording, ai_disclosure_accepted, captured_at)
         VALUES (platform.tenant_id(), $1, $2, $3, $4, $5)`,
        [uuidv7(), conversationId, input.consent.recording, input.consent.aiDisclosureAccepted, now],
      );
    }
    events.push({
      type: 'sales.ConversationStarted',
      data: { conversationId, agentId: agent.id, channel: input.channel, locale, contactId, consent: input.consent },
    });
    // Made here, so that the first message does not wait for it.
    const ready = await sales.cipher.prepare(subjectKeys(tx.query), tenantId, contactId ?? conversationId);
    await record(tx.last, toConversation(conversation.row), { events }, { actor, now });
    return ready;
  });
  keyCommitted();
  await announce(sales, tenantId, {});
  return { conversationId, visitorToken };
};

const findAgent = async (sales: Sales, actor: Actor, agentId: string): Promise<{ id: string; locale: string }> => {
  const unknown = () =>
    new Refusal('NOT_FOUND', 'There is no such agent.', { issues: [{ path: ['agentId'], message: 'names no agent' }] });
  if (!isUuid(agentId)) throw unknown();
  const answer = await sales.agent.execute({
    query: 'query ConversationAgent($id: ID!) { agent(id: $id) { id locale } }',
    variables: { id: agentId },
    actor,
    requestId: agentId,
  });
  if (answer.errors?.length) throw new ServiceError('agent', answer);
  const agent = (answer.data as { agent: { id: string; locale: string } | null } | undefined)?.agent;
  if (!agent) throw unknown();
  return agent;
};

const issueVisitorToken = async (sales: Sales, actor: Actor, conversationId: string): Promise<string> => {
  const answer = await sales.auth.execute({
    query: 'mutation VisitorToken($conversationId: ID!) { issueVisitorToken(conversationId: $conversationId) }',
    variables: { conversationId },
    actor,
    requestId: conversationId,
  });
  const token = (answer.data as { issueVisitorToken: string | null } | undefined)?.issueVisitorToken;
  if (!token) throw new ServiceError('auth', answer, 'no visitor token');
  return token;
};
