import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredEvent } from '@parley/kernel/event';
import { type Conversation, type ConversationState, project, type Turn, turnsNamed } from './conversation.ts';
import { type Teller, tellConversation } from './salesEvents.fixture.ts';
import { readSalesFact } from './salesFact.ts';

const given = (tell: (conversation: Teller) => void): ConversationState | null => {
  const conversation = tellConversation({
    tenantId: '00000000-0000-4000-8000-00000000000a',
    agentId: '00000000-0000-4000-8000-0000000000a9',
    startedAt: '2026-11-02T09:00:00.000Z',
    id: '00000000-0000-4000-8000-0000000000c0',
  });
  tell(conversation);
  return projected(conversation.events);
};
const projected = (events: readonly StoredEvent[]): ConversationState | null =>
  events.reduce<ConversationState | null>((state, event) => {
    const fact = readSalesFact(event);
    assert.ok(fact === null || !('problem' in fact), JSON.stringify(fact));
    return fact === null ? state : project(state, fact);
  }, null);
const conversationOf = (state: ConversationState | null): Conversation => {
  assert.ok(state !== null);
  return state.conversation;
};
const turnOf = (state: ConversationState | null, id: string): Turn => {
  const turn = state?.turns.get(id);
  assert.ok(turn !== undefined);
  return turn;
};

describe('a conversation as metrics see it', () => {
  test('given nothing, when it starts, then everything is 0 and its phase GREETING', () => {
    assert.deepEqual(conversationOf(given((c) => c.started())), {
      id: '00000000-0000-4000-8000-0000000000c0',
      agentId: '00000000-0000-4000-8000-0000000000a9',
      channel: 'WEB',
      locale: 'en-US',
      startedAt: '2026-11-02T09:00:00.000Z',
      lastEventAt: '2026-11-02T09:00:00.000Z',
      endedAt: null,
      outcome: null,
      phases: ['GREETING'],
      turnCount: 0,
      interruptionCount: 0,
      failedTurnCount: 0,
      agentSpeechMs: 0,
      customerWordCount: 0,
      version: 1,
    });
  });

  test('a question and its reply are two turns; the reply speaks as long as its audio is', () => {
    const state = given((c) => {
      c.started();
      const question = c.received(12, 5);
      const reply = c.replyStarted(question, { timeToFirstToken: 320 }, 6);
      c.completed(reply, 40, 2100, 7);
      c.voiced(reply, 15_000, 900, 9);
    });
    const { turnCount, agentSpeechMs, customerWordCount, interruptionCount, lastEventAt, version } =
      conversationOf(state);
    assert.deepEqual(
      { turnCount, agentSpeechMs, customerWordCount, interruptionCount, lastEventAt, version },
      {
        turnCount: 2,
        agentSpeechMs: 15_000,
        customerWordCount: 12,
        interruptionCount: 0,
        lastEventAt: '2026-11-02T09:00:09.000Z',
        version: 5,
      },
    );
  });

  test('what was understood belongs to the customer’s turn, how long it took to the agent’s', () => {
    let question = '';
    let reply = '';
    const state = given((c) => {
      c.started();
      question = c.received(4);
      const intent = { name: 'discount', confidence: 0.8, outOfScope: false };
      reply = c.replyStarted(question, { intent, sentiment: -0.5, objection: 'PRICE', timeToFirstToken: 250 });
      c.completed(reply, 20, 1500);
      c.voiced(reply, 6000, 700);
    });
    const { intent, sentiment, objection, timeToFirstToken } = turnOf(state, question);
    assert.deepEqual([intent, sentiment, objection, timeToFirstToken], ['discount', -0.5, 'PRICE', null]);
    const agent = turnOf(state, reply);
    assert.deepEqual(
      [agent.timeToFirstToken, agent.timeToFirstAudio, agent.totalMs, agent.sentiment],
      [250, 700, 1500, null],
    );
  });

  test('of an interrupted reply, what was played counts, whether its audio is known before or after', () => {
    const known = given((c) => {
      c.started();
      const reply = c.replyStarted(c.received(5));
      c.voiced(reply, 9000, 500);
      c.interrupted(reply, 2500, 7);
    });
    const later = given((c) => {
      c.started();
      const reply = c.replyStarted(c.received(5));
      c.interrupted(reply, 2500, 7);
      c.voiced(reply, 9000, 500);
    });
    for (const state of [known, later]) {
      assert.equal(conversationOf(state).agentSpeechMs, 2500);
      assert.equal(conversationOf(state).interruptionCount, 1);
      assert.equal(conversationOf(state).turnCount, 2);
    }
  });

  test('a player cannot have played more than was made; 0 made means that nobody measured it', () => {
    const interruptedAfter = (durationMs: number) =>
      conversationOf(
        given((c) => {
          c.started();
          const reply = c.replyStarted(c.received(5));
          c.interrupted(reply, 8000, 7);
          c.voiced(reply, durationMs, null);
        }),
      ).agentSpeechMs;
    assert.equal(interruptedAfter(3000), 3000);
    assert.equal(interruptedAfter(0), 8000);
  });

  test('a reply that fails before it has begun is a turn too; one that fails later is not a second', () => {
    const early = given((c) => {
      c.started();
      c.received(5);
      c.failed();
    });
    assert.deepEqual([conversationOf(early).turnCount, conversationOf(early).failedTurnCount], [2, 1]);
    const late = given((c) => {
      c.started();
      c.failed(c.replyStarted(c.received(5)));
    });
    assert.deepEqual([conversationOf(late).turnCount, conversationOf(late).failedTurnCount], [2, 1]);
  });

  test('phases are kept in the order entered, a return included; the end keeps its outcome', () => {
    const { phases, outcome, endedAt } = conversationOf(
      given((c) => {
        c.started();
        c.phase('GREETING', 'DISCOVERY', 10);
        c.phase('DISCOVERY', 'OBJECTION_HANDLING', 20);
        c.phase('OBJECTION_HANDLING', 'DISCOVERY', 30);
        c.ended('CONVERTED', 45);
      }),
    );
    assert.deepEqual(phases, ['GREETING', 'DISCOVERY', 'OBJECTION_HANDLING', 'DISCOVERY']);
    assert.deepEqual([outcome, endedAt], ['CONVERTED', '2026-11-02T09:00:45.000Z']);
  });

  test('K26 a clock that jumps back does not shorten the conversation', () => {
    const { lastEventAt, startedAt } = conversationOf(
      given((c) => {
        c.started();
        c.received(3, 20);
        c.received(3, -60);
      }),
    );
    assert.deepEqual([startedAt, lastEventAt], ['2026-11-02T09:00:00.000Z', '2026-11-02T09:00:20.000Z']);
  });

  test('events of a conversation whose start is not known count nothing', () => {
    assert.equal(
      given((c) => {
        c.add('sales.ContactAdded', { contactId: c.id, details: {} }, 0);
        c.received(3, 20);
      }),
      null,
    );
  });

  test('the turns that an event names are all it needs: projecting with only those gives the same conversation', () => {
    const conversation = tellConversation({
      tenantId: '00000000-0000-4000-8000-00000000000a',
      agentId: '00000000-0000-4000-8000-0000000000a9',
      startedAt: '2026-11-02T09:00:00.000Z',
    });
    conversation.started();
    for (let round = 0; round < 3; round++) {
      const reply = conversation.replyStarted(conversation.received(4 + round), { sentiment: round / 4 });
      conversation.voiced(reply, 1000 * round, 100);
      if (round === 1) conversation.interrupted(reply, 300, 2);
    }
    const all = new Map<string, Turn>();
    let state: ConversationState | null = null;
    for (const event of conversation.events) {
      const fact = readSalesFact(event);
      assert.ok(fact !== null && !('problem' in fact));
      const named: Map<string, Turn> = new Map(
        turnsNamed(fact).flatMap((id) => {
          const turn = all.get(id);
          return turn === undefined ? [] : [[id, turn] as const];
        }),
      );
      state = project(state === null ? null : { conversation: state.conversation, turns: named }, fact);
      for (const turn of state?.turns.values() ?? []) all.set(turn.id, turn);
    }
    const whole = projected(conversation.events);
    assert.deepEqual(state?.conversation, whole?.conversation);
    assert.deepEqual([...all], [...(whole?.turns ?? [])]);
  });
});
