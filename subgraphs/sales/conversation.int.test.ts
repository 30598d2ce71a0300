import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { outageError } from '@parley/kernel/outage';
import { sqlFor } from '@parley/kernel/sql';
import { subjectCipher } from '@parley/kernel/subjectCipher';
import pg from 'pg';
import { claimConversation } from './infrastructure/replies.ts';
import { agentId, salesWorld, userOf } from './testkit/salesWorld.ts';

type World = Awaited<ReturnType<typeof salesWorld>>;
type Refused = { __typename: string; code?: string; issues?: { path: string[] }[] };
type Update = {
  cursor: string;
  kind: string;
  textDelta: string | null;
  turn: { id: string; sequence: number; role: string; text: string; state: string };
};

const start = `mutation($input: StartConversationInput!) { startConversation(input: $input) { __typename
  ... on StartConversationSuccess { visitorToken conversation { id status phase locale turnsCursor agent { id } } }
  ... on Refusal { code issues { path message } } } }`;
const send = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on SendMessageSuccess { turn { id sequence role state text } } ... on Refusal { code issues { path } } } }`;
const interrupt = `mutation($input: InterruptTurnInput!) { interruptTurn(input: $input) { __typename
  ... on InterruptTurnSuccess { turn { state spokenText text } } ... on Refusal { code message } } }`;
const end = `mutation($input: EndConversationInput!) { endConversation(input: $input) { __typename
  ... on EndConversationSuccess { conversation { status outcome } } ... on Refusal { code } } }`;
const read = `query($id: ID!) { conversation(id: $id) { phase status turnsCursor turns(first: 50) { edges { node {
  id sequence role state text spokenText inReplyTo { id sequence } intent { name confidence } latency { timeToFirstToken total } } } } } }`;
const watch = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  cursor kind textDelta turn { id sequence role text state } } }`;

type Turn = {
  id: string;
  sequence: number;
  role: string;
  state: string;
  text: string;
  spokenText: string | null;
  inReplyTo: { id: string; sequence: number } | null;
};

describe('a conversation', () => {
  let world: World;
  const tenant = randomUUID();
  before(async () => {
    world = await salesWorld();
  });
  after(() => world.stop());

  const open = async (as = world.as(userOf(tenant)), input: object = {}) => {
    const { startConversation } = await as.query<{
      startConversation: { conversation: { id: string; turnsCursor: string } } & Refused;
    }>(start, {
      input: { agentId, channel: 'WEB', ...input },
    });
    return startConversation;
  };
  const say = async (conversationId: string, text: string, clientMessageId?: string) =>
    (
      await world
        .as(userOf(tenant))
        .query<{ sendMessage: { turn: Turn } & Refused }>(send, { input: { conversationId, text, clientMessageId } })
    ).sendMessage;
  const turnsOf = async (id: string): Promise<Turn[]> => {
    const { conversation } = await world
      .as(userOf(tenant))
      .query<{ conversation: { turns: { edges: { node: Turn }[] } } }>(read, { id });
    return conversation.turns.edges.map(({ node }) => node);
  };
  const until = async <T>(look: () => Promise<T | null | undefined | false>): Promise<T> => {
    for (let tried = 0; tried < 400; tried++) {
      const found = await look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('it did not happen in time');
  };
  const replied = (id: string, replies: number) =>
    until(async () => {
      const turns = await turnsOf(id);
      const done = turns.filter(({ role, state }) => role === 'AGENT' && state !== 'STREAMING');
      return done.length === replies ? turns : null;
    });

  /** Somebody else holds the conversation now, as after a pause longer than the lease. */
  const takeFromItsOwner = async (conversationId: string) => {
    const admin = new pg.Client({ connectionString: world.database.adminUrl });
    await admin.connect();
    await admin.query(
      `UPDATE sales.conversation SET lease_owner = $1, lease_until = now() - interval '1 second' WHERE id = $2`,
      [randomUUID(), conversationId],
    );
    await admin.end();
  };

  test('starting makes no turn; the message is stored, answered once, streamed and spoken sentence by sentence', async () => {
    const { conversation } = await open();
    const stream = await world
      .as(userOf(tenant))
      .subscribe(watch, { id: conversation.id, after: conversation.turnsCursor });
    const sent = await say(conversation.id, 'Hi, what is this?');
    assert.deepEqual(
      { sequence: sent.turn.sequence, role: sent.turn.role, state: sent.turn.state },
      { sequence: 1, role: 'CUSTOMER', state: 'COMPLETED' },
    );

    const seen: Update[] = [];
    for await (const { data } of stream) {
      const update = data?.['conversationTurns'] as Update;
      seen.push(update);
      if (update.kind === 'COMPLETED' && update.turn.role === 'AGENT') break;
    }
    const ofReply = seen.filter(({ turn }) => turn.role === 'AGENT');
    assert.deepEqual(
      seen.slice(0, 3).map(({ kind }) => kind),
      ['STARTED', 'DELTA', 'COMPLETED'],
    );
    assert.equal(ofReply[0]?.kind, 'STARTED');
    assert.equal(ofReply.map(({ textDelta }) => textDelta ?? '').join(''), 'Hello there. How can I help?');
    assert.equal(ofReply.at(-1)?.turn.text, 'Hello there. How can I help?');

    const [customer, reply] = await replied(conversation.id, 1);
    assert.equal(reply?.inReplyTo?.id, customer?.id);
    const spoken = await until(async () => {
      const made = world.script.spoken.filter(({ turnId }) => turnId === reply?.id);
      return made.length === 2 ? made : null;
    });
    assert.deepEqual(
      spoken.map(({ text, isFinal }) => [text, isFinal]),
      [
        ['Hello there.', false],
        ['How can I help?', true],
      ],
    );
  });

  test('messages sent during a reply are stored at once and answered after it, in order; sequences have no gap', async () => {
    let release: (text: string) => void = () => {};
    const held = new Promise<string>((resolve) => {
      release = resolve;
    });
    world.script.reply = (message) => (message === 'first' ? ['One ', held] : [`Answer to ${message}.`]);
    const { conversation } = await open();
    await say(conversation.id, 'first');
    await until(async () => (await turnsOf(conversation.id)).some(({ role }) => role === 'AGENT'));
    const second = await say(conversation.id, 'second');
    const third = await say(conversation.id, 'third');
    assert.deepEqual([second.turn.sequence, third.turn.sequence], [3, 4]);
    release('two.');
    const turns = await replied(conversation.id, 3);
    assert.deepEqual(
      turns.map(({ sequence, text, inReplyTo }) => [sequence, text, inReplyTo?.sequence ?? null]),
      [
        [1, 'first', null],
        [2, 'One two.', 1],
        [3, 'second', null],
        [4, 'third', null],
        [5, 'Answer to second.', 3],
        [6, 'Answer to third.', 4],
      ],
    );
  });

  test('K19 the same clientMessageId never makes a second turn, also at once; another text with it is a CONFLICT', async () => {
    world.script.reply = () => ['Fine.'];
    const { conversation } = await open();
    const sent = await Promise.all(Array.from({ length: 5 }, () => say(conversation.id, 'once', 'message-1')));
    assert.equal(new Set(sent.map(({ turn }) => turn.id)).size, 1);
    const other = await say(conversation.id, 'something else', 'message-1');
    assert.equal(other.code, 'CONFLICT');
    assert.equal((await replied(conversation.id, 1)).length, 2);
  });

  test('twenty messages at once get twenty replies and gapless sequences', async () => {
    world.script.reply = (message) => [`Re: ${message}.`];
    const { conversation } = await open();
    await Promise.all(Array.from({ length: 20 }, (_, i) => say(conversation.id, `message ${i}`)));
    const turns = await replied(conversation.id, 20);
    assert.deepEqual(
      turns.map(({ sequence }) => sequence),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    assert.equal(new Set(turns.flatMap(({ inReplyTo }) => (inReplyTo ? [inReplyTo.id] : []))).size, 20);
  });

  test('an interruption while the reply streams keeps what was said, cuts what was heard, and the next message is answered', async () => {
    let release: (text: string) => void = () => {};
    const held = new Promise<string>((resolve) => {
      release = resolve;
    });
    world.script.reply = (message) =>
      message === 'talk' ? ['First sentence. ', 'Second sentence. ', held] : ['Sure.'];
    const { conversation } = await open();
    await say(conversation.id, 'talk');
    const reply = await until(async () =>
      (await turnsOf(conversation.id)).find(({ role, text }) => role === 'AGENT' && text.includes('Second')),
    );
    await until(async () => world.script.spoken.some(({ turnId }) => turnId === reply.id));
    const { interruptTurn } = await world
      .as(userOf(tenant))
      .query<{ interruptTurn: { turn: Turn } }>(interrupt, { input: { turnId: reply.id, playedMs: 1200 } });
    assert.deepEqual(interruptTurn.turn, {
      state: 'INTERRUPTED',
      spokenText: 'First sentence.',
      text: 'First sentence. Second sentence. ',
    });
    await say(conversation.id, 'and now?');
    release('Never said.');
    const turns = await replied(conversation.id, 2);
    assert.equal(turns[1]?.text, 'First sentence. Second sentence. ');
    assert.equal(turns[3]?.text, 'Sure.');
    const again = await world
      .as(userOf(tenant))
      .query<{ interruptTurn: Refused }>(interrupt, { input: { turnId: reply.id, playedMs: 1300 } });
    assert.equal(again.interruptTurn.code, 'TURN_NOT_INTERRUPTIBLE');
  });

  test('a reply that fails twice is made on the third try; one that always fails is FAILED and the conversation goes on', async () => {
    world.script.reply = () => ['Back again.'];
    world.script.failures = 2;
    const { conversation } = await open();
    await say(conversation.id, 'hello?');
    assert.equal((await replied(conversation.id, 1))[1]?.text, 'Back again.');
    world.script.failures = 3;
    await say(conversation.id, 'still there?');
    assert.equal((await replied(conversation.id, 2))[3]?.state, 'FAILED');
    await say(conversation.id, 'now?');
    assert.equal((await replied(conversation.id, 3))[5]?.text, 'Back again.');
  });

  test('an agent whose store is away is waited for, however often it says so', async () => {
    const { failure } = world.script;
    world.script.reply = () => ['Back again.'];
    world.script.failure = () => outageError('test');
    world.script.failures = 5;
    const { conversation } = await open();
    await say(conversation.id, 'hello?');
    assert.equal((await replied(conversation.id, 1))[1]?.text, 'Back again.');
    world.script.failure = failure;
  });

  test('an event recorded in the moment a reply begins takes nothing from the reply: it is made in one try', async () => {
    const { conversation } = await open();
    let release: (text: string) => void = () => {};
    const held = new Promise<string>((resolve) => {
      release = resolve;
    });
    const answers = world.script.reply;
    world.script.reply = () => [held];
    const asked = world.script.requests.length;
    await say(conversation.id, 'Hi');
    await until(async () => world.script.requests.length > asked);
    const other = new pg.Client({ connectionString: world.database.adminUrl });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM sales.conversation WHERE id = $1 FOR UPDATE', [conversation.id]);
      await other.query(
        `INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
         SELECT tenant_id, gen_random_uuid(), aggregate_id, version + 1, 'sales.TurnVoiced', 1, '{}', actor, now() FROM sales.event
         WHERE aggregate_id = $1 ORDER BY version DESC LIMIT 1`,
        [conversation.id],
      );
      release('Hello.');
      await until(
        async () =>
          (
            await other.query(
              "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
          ).rows.length > 0,
      );
      await other.query('COMMIT');
    } finally {
      await other.end();
    }
    await replied(conversation.id, 1);
    world.script.reply = answers;
    assert.equal(world.script.requests.length, asked + 1);
  });

  test('without a voice the text stands', async () => {
    world.script.voiceDown = true;
    const { conversation } = await open();
    await say(conversation.id, 'hello?');
    assert.equal((await replied(conversation.id, 1))[1]?.state, 'COMPLETED');
    world.script.voiceDown = false;
  });

  test('a process that dies is followed by another: the text so far is not changed, the reply is the same', async () => {
    world.script.reply = () => ['Some words that ', 'were delivered. ', new Promise<string>(() => {})];
    const { conversation } = await open();
    await say(conversation.id, 'go');
    const begun = await until(async () =>
      (await turnsOf(conversation.id)).find(({ role, text }) => role === 'AGENT' && text !== ''),
    );
    await takeFromItsOwner(conversation.id);
    world.script.reply = () => ['Some words that ', 'were delivered. ', 'And the end.'];
    const another = world.startAnother();
    const turns = await replied(conversation.id, 1);
    await another.stop();
    assert.equal(turns.length, 2);
    assert.equal(turns[1]?.id, begun.id);
    assert.equal(turns[1]?.text, 'Some words that were delivered. And the end.');
  });

  test('who takes over a reply that is written but not spoken speaks it, also where the agent is away at first', async () => {
    world.script.reply = () => ['Only words.'];
    world.script.voiceDown = true;
    const { conversation } = await open();
    await say(conversation.id, 'go');
    const written = await until(async () =>
      (await turnsOf(conversation.id)).find(({ role, state }) => role === 'AGENT' && state === 'COMPLETED'),
    );
    await takeFromItsOwner(conversation.id);
    world.script.agentAway = 2;
    world.script.voiceDown = false;
    const another = world.startAnother();
    await until(async () =>
      world.script.spoken.some(
        ({ turnId, isFinal, text }) => turnId === written.id && isFinal && text === 'Only words.',
      ),
    );
    // Its former owner may have been quicker; whoever took it over goes on asking all the same.
    await until(async () => world.script.agentAway === 0);
    await another.stop();
  });

  test('who waits for a conversation to be free sees its turns as whoever held it has left them', async () => {
    world.script.reply = () => ['Only words.'];
    const { conversation } = await open();
    await say(conversation.id, 'go');
    const [, reply] = await replied(conversation.id, 1);
    const admin = new pg.Client({ connectionString: world.database.adminUrl });
    await admin.connect();
    const change = (set: string) =>
      admin.query(`UPDATE sales.conversation SET ${set} WHERE id = $1 RETURNING pending_replies AS pending`, [
        conversation.id,
      ]);
    const setState = (state: string) =>
      admin.query('UPDATE sales.turn SET state = $2, voiced = false WHERE id = $1', [reply?.id, state]);
    try {
      await until(async () => (await change('id = id')).rows[0]?.pending === 0);
      // A process died while it streamed; before anybody takes over, the customer interrupts.
      await setState('STREAMING');
      await admin.query('BEGIN');
      await change('pending_replies = 1, update_position = update_position + 1, lease_until = NULL');
      await setState('INTERRUPTED');
      const sql = sqlFor(world.pool, { role: 'sales_app', tenantId: tenant });
      const claiming = claimConversation(sql, conversation.id, randomUUID());
      await until(async () => {
        // What a transaction has seen of others' activity it would go on seeing.
        await admin.query('SELECT pg_stat_clear_snapshot()');
        const { rows } = await admin.query(
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%WITH claimed%'",
        );
        return rows.length > 0;
      });
      await admin.query('COMMIT');
      assert.equal((await claiming)?.next?.reply?.state, 'INTERRUPTED');
    } finally {
      await admin.end();
    }
  });

  test('a reply that was left unspoken is spoken later, also where later ones have been', async () => {
    world.script.reply = () => ['Only words.'];
    const { conversation } = await open();
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      await say(conversation.id, text);
      await replied(conversation.id, index + 1);
    }
    const pending = async () => {
      const { rows } = await admin.query<{ pending: number }>(
        'SELECT pending_replies AS pending FROM sales.conversation WHERE id = $1',
        [conversation.id],
      );
      return rows[0]?.pending;
    };
    const admin = new pg.Client({ connectionString: world.database.adminUrl });
    await admin.connect();
    try {
      await until(async () => (await pending()) === 0);
      await admin.query('UPDATE sales.turn SET voiced = false WHERE conversation_id = $1 AND sequence = 2', [
        conversation.id,
      ]);
      await admin.query('UPDATE sales.conversation SET pending_replies = 1 WHERE id = $1', [conversation.id]);
      await until(async () => (await pending()) === 0);
    } finally {
      await admin.end();
    }
  });

  test('a stream resumed from any cursor shows exactly the rest; it completes after the last update of an ended conversation', async () => {
    world.script.reply = () => ['One two three four five six seven eight nine ten eleven twelve ', 'thirteen.'];
    const { conversation } = await open();
    await say(conversation.id, 'count');
    await replied(conversation.id, 1);
    const { endConversation } = await world
      .as(userOf(tenant))
      .query<{ endConversation: { conversation: object } }>(end, {
        input: { conversationId: conversation.id, outcome: 'LOST' },
      });
    assert.deepEqual(endConversation.conversation, { status: 'ENDED', outcome: 'LOST' });
    const all = async (after: string) => {
      const seen: Update[] = [];
      for await (const { data } of await world.as(userOf(tenant)).subscribe(watch, { id: conversation.id, after }))
        seen.push(data?.['conversationTurns'] as Update);
      return seen;
    };
    const whole = await all(conversation.turnsCursor);
    assert.ok(whole.length >= 7);
    for (let from = 0; from < whole.length; from++)
      assert.deepEqual(await all(whole[from]?.cursor ?? ''), whole.slice(from + 1));
    assert.equal((await say(conversation.id, 'more')).code, 'CONVERSATION_ENDED');
  });

  test('F13 a cursor of another conversation, from the future, or tampered with is refused', async () => {
    const one = (await open()).conversation;
    const other = (await open()).conversation;
    const future = Buffer.from(`turns:${one.id}:999`).toString('base64url');
    for (const after of [other.turnsCursor, future, 'x', '', one.turnsCursor.slice(0, -2)]) {
      await assert.rejects(world.as(userOf(tenant)).subscribe(watch, { id: one.id, after }), {
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  });

  test('B25 I31 turns page both ways by their sequence; a page or a cursor that makes no sense is the caller’s error', async () => {
    world.script.reply = () => ['Fine.'];
    const { conversation } = await open();
    for (const text of ['one', 'two']) await say(conversation.id, text);
    await replied(conversation.id, 2);
    const page = async (args: string, id = conversation.id) => {
      const query = `query($id: ID!) { conversation(id: $id) { turns${args} { edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage } } } }`;
      const { conversation: found } = await world.as(userOf(tenant)).query<{
        conversation: { turns: { edges: { cursor: string; node: { sequence: number } }[]; pageInfo: object } };
      }>(query, { id });
      const { edges, pageInfo } = found.turns;
      return {
        sequences: edges.map(({ node }) => node.sequence),
        cursors: edges.map(({ cursor }) => cursor),
        pageInfo,
      };
    };
    const first = await page('(first: 3)');
    assert.deepEqual([first.sequences, first.pageInfo], [[1, 2, 3], { hasNextPage: true, hasPreviousPage: false }]);
    const rest = await page(`(first: 3, after: "${first.cursors[2]}")`);
    assert.deepEqual([rest.sequences, rest.pageInfo], [[4], { hasNextPage: false, hasPreviousPage: true }]);
    const last = await page('(last: 2)');
    assert.deepEqual([last.sequences, last.pageInfo], [[3, 4], { hasNextPage: false, hasPreviousPage: true }]);
    assert.deepEqual((await page(`(last: 5, before: "${last.cursors[0]}")`)).sequences, [1, 2]);
    const other = (await open()).conversation.id;
    for (const args of [
      '(first: -1)',
      '(first: 101)',
      '(first: 1, last: 1)',
      '(after: "x")',
      '(first: 1, before: "x")',
    ]) {
      await assert.rejects(page(args), ({ errors }) => errors[0].extensions.code === 'BAD_USER_INPUT', args);
    }
    await assert.rejects(
      page(`(after: "${first.cursors[0]}")`, other),
      ({ errors }) => errors[0].extensions.code === 'BAD_USER_INPUT',
    );
  });

  test('bad input is a Refusal with its code and issues, and nothing is stored', async () => {
    const { conversation } = await open();
    for (const text of ['', '   \n', 'a\u0000b', 'bell\u0007', 'x'.repeat(8001), 'ñ'.repeat(4001), '\ud800']) {
      const refused = await say(conversation.id, text);
      assert.equal(refused.code, 'INVALID_INPUT');
      assert.deepEqual(refused.issues, [{ path: ['text'] }]);
    }
    assert.equal((await say(conversation.id, 'ok', 'a b')).code, 'INVALID_INPUT');
    assert.deepEqual(await turnsOf(conversation.id), []);
    assert.equal((await say(randomUUID(), 'hi')).code, 'NOT_FOUND');
    assert.equal((await say("1' or '1'='1", 'hi')).code, 'NOT_FOUND');
    const as = world.as(userOf(tenant));
    assert.equal((await open(as, { locale: 'klingon' })).code, 'INVALID_INPUT');
    assert.equal((await open(as, { agentId: randomUUID() })).code, 'NOT_FOUND');
    assert.equal((await open(as, { channel: 'PHONE' })).code, 'CONSENT_REQUIRED');
    assert.equal(
      (await open(as, { channel: 'PHONE', consent: { recording: false, aiDisclosureAccepted: false } })).code,
      'CONSENT_REQUIRED',
    );
    assert.equal(
      (await open(as, { channel: 'PHONE', consent: { recording: false, aiDisclosureAccepted: true } })).__typename,
      'StartConversationSuccess',
    );
    assert.equal((await open(as, { contact: { email: 'nobody' } })).code, 'INVALID_INPUT');
    assert.equal((await say(conversation.id, 'x'.repeat(8000))).__typename, 'SendMessageSuccess');
  });

  test('I01 I02 E44 another organization sees nothing and is told the same as for an unknown id', async () => {
    const { conversation } = await open();
    await say(conversation.id, 'secret');
    const [turn] = await turnsOf(conversation.id);
    const stranger = world.as(userOf(randomUUID()));
    for (const id of [conversation.id, randomUUID()]) {
      assert.equal((await stranger.query<{ conversation: null }>(read, { id })).conversation, null);
      await assert.rejects(stranger.subscribe(watch, { id }), {
        message: 'There is no such conversation.',
        extensions: { code: 'NOT_FOUND' },
      });
      const refused = await stranger.query<{ sendMessage: Refused }>(send, {
        input: { conversationId: id, text: 'hi' },
      });
      assert.equal(refused.sendMessage.code, 'NOT_FOUND');
      const ended = await stranger.query<{ endConversation: Refused }>(end, {
        input: { conversationId: id, outcome: 'LOST' },
      });
      assert.equal(ended.endConversation.code, 'NOT_FOUND');
    }
    for (const turnId of [turn?.id, randomUUID(), 'x']) {
      const refused = await stranger.query<{ interruptTurn: Refused & { message: string } }>(interrupt, {
        input: { turnId, playedMs: 0 },
      });
      assert.deepEqual(refused.interruptTurn, {
        __typename: 'Refusal',
        code: 'NOT_FOUND',
        message: 'There is no such turn.',
      });
    }
    const entities = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Conversation { id } ... on Turn { id text } } }`;
    const found = await stranger.query<{ _entities: unknown[] }>(entities, {
      r: [
        { __typename: 'Conversation', id: conversation.id },
        { __typename: 'Turn', id: turn?.id },
        { __typename: 'Turn', id: 'x' },
      ],
    });
    assert.deepEqual(found._entities, [null, null, null]);
  });

  test('a visitor reaches its own conversation and nothing else', async () => {
    const mine = (await open()).conversation;
    const other = (await open()).conversation;
    const visitor = world.as({
      ...userOf(tenant),
      kind: 'VISITOR',
      role: null,
      scopes: ['visitor'],
      conversationId: mine.id,
      id: mine.id,
    });
    assert.notEqual((await visitor.query<{ conversation: object }>(read, { id: mine.id })).conversation, null);
    assert.equal((await visitor.query<{ conversation: null }>(read, { id: other.id })).conversation, null);
    assert.equal(
      (await visitor.query<{ sendMessage: Refused }>(send, { input: { conversationId: other.id, text: 'hi' } }))
        .sendMessage.code,
      'NOT_FOUND',
    );
    assert.equal(
      (await visitor.query<{ sendMessage: Refused }>(send, { input: { conversationId: mine.id, text: 'hi' } }))
        .sendMessage.__typename,
      'SendMessageSuccess',
    );
    await assert.rejects(visitor.subscribe(watch, { id: other.id }), { extensions: { code: 'NOT_FOUND' } });
  });

  test('N05 events hold no personal text; it opens with the subject’s key, and is unreadable once that is dropped', async () => {
    world.script.reply = () => ['Call me at once.'];
    const { conversation } = await open(world.as(userOf(tenant)), {
      contact: { name: 'Canary Person', email: 'canary@example.com', phone: '+34 600 000 000' },
    });
    await say(conversation.id, 'my canary is yellow');
    await replied(conversation.id, 1);
    await world.sales.drained();
    const mine = world.events.filter(
      ({ data }) => (data as { conversationId?: string }).conversationId === conversation.id || 'contactId' in data,
    );
    assert.ok(mine.length >= 4);
    assert.ok(!/canary|yellow|600 000|at once/i.test(JSON.stringify(mine)));
    const received = mine.find(({ type }) => type === 'sales.TurnReceived') as unknown as {
      data: { text: { subjectId: string; keyVersion: number; ciphertext: string } };
    };
    const admin = new pg.Client({ connectionString: world.database.adminUrl });
    await admin.connect();
    const keys = {
      find: async (subjectId: string) =>
        (await admin.query('SELECT wrapped_key FROM sales.subject_key WHERE subject_id = $1', [subjectId])).rows[0]
          ?.wrapped_key ?? null,
      insert: async () => Buffer.alloc(0),
    };
    const cipher = subjectCipher(world.masterKey);
    assert.equal(await cipher.open(keys, tenant, 'sales.TurnReceived.text', received.data.text), 'my canary is yellow');
    await assert.rejects(cipher.open(keys, tenant, 'sales.TurnCompleted.text', received.data.text));
    await admin.query('DELETE FROM sales.subject_key WHERE subject_id = $1', [received.data.text.subjectId]);
    assert.equal(await cipher.open(keys, tenant, 'sales.TurnReceived.text', received.data.text), null);
    await admin.end();
  });

  test('F09 events of a conversation are delivered in version order without gap', async () => {
    await world.sales.drained();
    const versions = new Map<string, number>();
    for (const { aggregateId, version } of world.events) {
      assert.equal(version, (versions.get(aggregateId) ?? 0) + 1);
      versions.set(aggregateId, version);
    }
    assert.ok(versions.size > 5);
  });
});
