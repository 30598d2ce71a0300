import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import type { Client } from 'graphql-ws';
import {
  type Answer,
  ask,
  createAgent,
  post,
  type SignedUp,
  sendMessage,
  signUp,
  socket,
  startConversation,
} from './testkit/graphql.ts';
import { type LiveRefused, watch } from './testkit/live.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { strangersOperations } from './testkit/strangers.ts';

type Turn = {
  id: string;
  sequence: number;
  role: string;
  state: string;
  text: string;
  spokenText: string | null;
  interrupted: boolean;
  inReplyTo: { id: string } | null;
  intent: { name: string; confidence: number; outOfScope: boolean } | null;
  reply?: { citations: { text: string; documentTitle: string }[] } | null;
  audio: { durationMs: number; status: string; chunks: { id: string; isFinal: boolean; sequence: number }[] } | null;
};
type Update = { cursor: string; kind: string; textDelta: string | null; turn: Turn };
type Chunk = {
  id: string;
  cursor: string;
  sequence: number;
  url: string;
  mp3: string;
  mimeType: string;
  durationMs: number;
  startMs: number;
  text: string;
  words: { text: string; startMs: number; endMs: number }[];
  isFinal: boolean;
  turn: { id: string; sequence: number; conversation: { id: string; agent: { name: string } } };
};

const turnsQuery = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  cursor kind textDelta turn { id sequence role state text spokenText interrupted inReplyTo { id } intent { name confidence outOfScope } } } }`;
const audioQuery = `subscription($id: ID!, $after: String) { audioChunks(conversationId: $id, after: $after) {
  id cursor sequence url mp3: url(format: MP3) mimeType durationMs startMs text words { text startMs endMs } isFinal
  turn { id sequence conversation { id agent { name } } } } }`;
const changesQuery =
  'subscription($id: ID!) { conversationUpdated(conversationId: $id) { id status phase outcome agent { name } } }';
const readQuery = (cited: boolean) => `query($id: ID!) { conversation(id: $id) { status phase outcome turnsCursor
  turns(first: 50) { edges { node { id sequence role state text spokenText interrupted inReplyTo { id }
    intent { name confidence outOfScope } ${cited ? 'reply { citations { text documentTitle } }' : ''}
    audio { durationMs status chunks { id isFinal sequence } } } } } } }`;

const spanishPrices = `El plan Básico cuesta 19 euros al mes. Incluye 3 usuarios.

El plan Profesional cuesta 49 euros al mes. Incluye 20 usuarios y soporte por teléfono.`;

const codesOf = ({ errors }: Answer) => (errors ?? []).map(({ extensions }) => extensions?.['code']);
const codeOf = (answer: Answer) => codesOf(answer)[0];
/** Nothing a client gets tells where our files are or what called what. */
const assertTellsNothing = (text: string) =>
  assert.doesNotMatch(text, /\bat [\w.<>]+ \(|node_modules|\/subgraphs\/|\.ts:\d|stack/i);

/** The parameters of a link to audio, ours or one of S3, and when it ends. */
const linkParts = (link: string): { signature: string; expires: string; until: number } => {
  const { searchParams } = new URL(link);
  const until = Number(searchParams.get('expires')) * 1000;
  if (until > 0) return { signature: 'signature', expires: 'expires', until };
  const signed = (searchParams.get('X-Amz-Date') ?? '').replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  const life = Number(searchParams.get('X-Amz-Expires')) * 1000;
  return { signature: 'X-Amz-Signature', expires: 'X-Amz-Expires', until: Date.parse(signed) + life };
};

describe('the journey', () => {
  let platform: TestPlatform;
  let url: string;
  let owner: SignedUp;
  const clients: Client[] = [];
  const open = (token: string) => {
    const client = socket(url, token);
    clients.push(client);
    return client;
  };
  before(async () => {
    platform = await startTestPlatform();
    url = platform.url;
    owner = await signUp(url);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.dispose()));
    await platform.stop();
  });

  /** The conversation as stored, once `replies` customer turns have been answered and voiced. */
  const stored = async (id: string, replies: number, token = owner.accessToken) => {
    for (const deadline = Date.now() + 20_000; ; await delay(50)) {
      const { conversation } = await ask<{
        conversation: {
          status: string;
          phase: string;
          outcome: string;
          turnsCursor: string;
          turns: { edges: { node: Turn }[] };
        };
      }>(url, readQuery(token === owner.accessToken), { id }, token);
      const turns = conversation.turns.edges.map(({ node }) => node);
      const done = turns.filter(
        ({ role, state, audio, interrupted }) =>
          role === 'AGENT' && state !== 'STREAMING' && (interrupted || (audio !== null && audio.status !== 'PENDING')),
      );
      if (done.length === replies) return { ...conversation, turns };
      if (Date.now() > deadline) assert.fail(`not ${replies} whole replies: ${JSON.stringify(turns)}`);
    }
  };
  const openConversation = async (input: { locale?: string; text?: string } = {}) => {
    const agent = await createAgent(url, owner.accessToken, input);
    const started = await startConversation(url, owner.accessToken, agent.agentId);
    return { ...agent, ...started, id: started.conversation.id, client: open(started.visitorToken) };
  };
  const listen = async (client: Client, id: string, after: string | null = null) => {
    const live = {
      turns: watch<Update>(client, 'conversationTurns', turnsQuery, { id, after }),
      audio: watch<Chunk>(client, 'audioChunks', audioQuery, { id }),
      changes: watch<{ status: string; phase: string; outcome: string | null; agent: { name: string } }>(
        client,
        'conversationUpdated',
        changesQuery,
        { id },
      ),
    };
    // The protocol has no word for "the stream is live now"; audioChunks and conversationUpdated have no cursor before their first item.
    await delay(400);
    return live;
  };

  test('sign-up to a spoken, cited reply, barge-in, the end, the numbers, and a resume from every cursor', async () => {
    const { id, client, visitorToken, conversation } = await openConversation();
    const live = await listen(client, id, conversation.turnsCursor);

    const sent = await sendMessage(url, visitorToken, id, 'How much is the Pro plan?');
    assert.equal(sent.turn?.sequence, 1);
    const completed = await live.turns.until(
      ({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT',
      'a reply',
    );
    assert.equal(completed.turn.inReplyTo?.id, sent.turn?.id);
    assert.equal(completed.turn.sequence, 2);
    const ofReply = live.turns.items.filter(({ turn }) => turn.id === completed.turn.id);
    assert.equal(ofReply[0]?.kind, 'STARTED');
    assert.ok(ofReply.filter(({ kind }) => kind === 'DELTA').length >= 2, 'the reply came in one piece');
    assert.equal(ofReply.map(({ textDelta }) => textDelta ?? '').join(''), completed.turn.text);
    assert.match(completed.turn.text, /49/);
    assert.match(completed.turn.text, /\bAI\b|artificial|virtual|automated/i);

    const last = await live.audio.until(
      ({ isFinal, turn }) => isFinal && turn.id === completed.turn.id,
      'the last sentence',
    );
    const chunks = live.audio.items.filter(({ turn }) => turn.id === completed.turn.id);
    assert.deepEqual(
      chunks.map(({ sequence }) => sequence),
      chunks.map((_, index) => index + 1),
    );
    assert.deepEqual(
      chunks.map(({ isFinal }) => isFinal),
      chunks.map((chunk) => chunk === last),
    );
    assert.deepEqual(chunks[0]?.turn, {
      id: completed.turn.id,
      sequence: 2,
      conversation: { id, agent: { name: 'Ana' } },
    });
    const squeeze = (text: string) => text.replace(/\s+/g, '');
    assert.equal(squeeze(chunks.map(({ text }) => text).join('')), squeeze(completed.turn.text));
    for (const [index, chunk] of chunks.entries()) {
      const before = chunks.slice(0, index).reduce((sum, { durationMs }) => sum + durationMs, 0);
      assert.equal(chunk.startMs, before);
      assert.ok(
        chunk.words.length > 0 && chunk.words.every((word) => word.startMs >= before && word.endMs >= word.startMs),
      );
    }

    const first = await stored(id, 1, visitorToken);
    assert.ok(first.turns[0]?.intent && first.turns[0].intent.name !== '' && first.turns[0].intent.confidence > 0.3);
    assert.deepEqual(
      first.turns[1]?.audio?.chunks.map((chunk) => chunk.id),
      chunks.map((chunk) => chunk.id),
    );
    const read = await stored(id, 1);
    assert.ok(
      read.turns[1]?.reply?.citations.some(({ text }) => text.includes('49 euros')),
      'the price is not cited',
    );

    // A message sent while a reply streams is stored at once and answered after it.
    const second = await sendMessage(
      url,
      visitorToken,
      id,
      'What does the Starter plan include, and where is my data stored?',
    );
    await live.turns.until(
      ({ kind, turn }) => kind === 'DELTA' && turn.inReplyTo?.id === second.turn?.id,
      'the second reply',
    );
    const third = await sendMessage(url, visitorToken, id, 'Can I cancel?');
    const answered = await live.turns.until(
      ({ kind, turn }) => kind === 'COMPLETED' && turn.inReplyTo?.id === third.turn?.id,
      'the third reply',
    );
    assert.deepEqual([second.turn?.sequence, third.turn?.sequence, answered.turn.sequence], [3, 5, 6]);

    // Barge-in: INTERRUPTED may follow COMPLETED, while its audio plays.
    await live.audio.until(({ turn }) => turn.id === answered.turn.id, 'audio of the third reply');
    const { interruptTurn } = await ask<{ interruptTurn: { __typename: string; turn: Turn } }>(
      url,
      `mutation($input: InterruptTurnInput!) { interruptTurn(input: $input) { __typename
        ... on InterruptTurnSuccess { turn { state interrupted text spokenText } } ... on Refusal { code message } } }`,
      { input: { turnId: answered.turn.id, playedMs: 500 } },
      visitorToken,
    );
    assert.equal(interruptTurn.__typename, 'InterruptTurnSuccess', JSON.stringify(interruptTurn));
    assert.equal(interruptTurn.turn.state, 'INTERRUPTED');
    assert.ok(interruptTurn.turn.interrupted);
    assert.ok(answered.turn.text.startsWith(interruptTurn.turn.spokenText ?? '?'));
    assert.ok((interruptTurn.turn.spokenText ?? '').length < answered.turn.text.length);
    await live.turns.until(
      ({ kind, turn }) => kind === 'INTERRUPTED' && turn.id === answered.turn.id,
      'the interruption',
    );

    const { endConversation } = await ask<{ endConversation: object }>(
      url,
      `mutation($input: EndConversationInput!) { endConversation(input: $input) { ... on EndConversationSuccess { conversation { status outcome } } ... on Refusal { code } } }`,
      { input: { conversationId: id, outcome: 'CONVERTED' } },
      visitorToken,
    );
    assert.deepEqual(endConversation, { conversation: { status: 'ENDED', outcome: 'CONVERTED' } });
    await Promise.all([live.turns.completed, live.audio.completed, live.changes.completed]);
    const change = live.changes.items.at(-1);
    assert.deepEqual([change?.status, change?.outcome, change?.agent.name], ['ENDED', 'CONVERTED', 'Ana']);
    assert.equal((await sendMessage(url, visitorToken, id, 'Hello?')).code, 'CONVERSATION_ENDED');

    const end = await stored(id, 3);
    assert.deepEqual(
      end.turns.map(({ sequence }) => sequence),
      [1, 2, 3, 4, 5, 6],
    );
    for (const { id: turnId, text } of end.turns) {
      const deltas = live.turns.items.filter(({ turn }) => turn.id === turnId).map(({ textDelta }) => textDelta ?? '');
      assert.equal(deltas.join(''), text);
    }

    // F02: from every place in the stream, exactly what followed; DELTAs of a replay may be merged.
    const merged = (updates: readonly Update[]) => {
      const all: { kind: string; id: string; text: string; cursor: string }[] = [];
      for (const { kind, turn, textDelta, cursor } of updates) {
        const previous = all.at(-1);
        if (kind === 'DELTA' && previous?.kind === 'DELTA' && previous.id === turn.id) {
          previous.text += textDelta ?? '';
          previous.cursor = cursor;
        } else all.push({ kind, id: turn.id, text: textDelta ?? '', cursor });
      }
      return all;
    };
    const cursors = [conversation.turnsCursor, ...live.turns.items.map(({ cursor }) => cursor)];
    for (const [index, cursor] of cursors.entries()) {
      const again = watch<Update>(client, 'conversationTurns', turnsQuery, { id, after: cursor });
      await again.completed;
      assert.deepEqual(merged(again.items), merged(live.turns.items.slice(index)), `after update ${index}`);
    }
    for (const [index, { cursor }] of live.audio.items.entries()) {
      const again = watch<Chunk>(client, 'audioChunks', audioQuery, { id, after: cursor });
      await again.completed;
      assert.deepEqual(
        again.items.map((chunk) => chunk.id),
        live.audio.items.slice(index + 1).map((chunk) => chunk.id),
      );
    }

    await platform.drained();
    const { conversation: counted } = await ask<{ conversation: { metrics: Record<string, unknown> } }>(
      url,
      `query($id: ID!) { conversation(id: $id) { metrics { turnCount talkRatio interruptionCount sentiment
        timeToFirstTokenMs { p50 p95 p99 count } timeToFirstAudioMs { p50 p95 p99 count } } } }`,
      { id },
      owner.accessToken,
    );
    const { metrics } = counted as {
      metrics: {
        turnCount: number;
        talkRatio: number;
        interruptionCount: number;
        sentiment: number;
        timeToFirstTokenMs: { p50: number; p99: number; count: number };
        timeToFirstAudioMs: { count: number };
      };
    };
    assert.equal(metrics.turnCount, 6);
    assert.equal(metrics.interruptionCount, 1);
    assert.ok(metrics.talkRatio > 0 && metrics.talkRatio < 1);
    assert.ok(metrics.sentiment >= -1 && metrics.sentiment <= 1);
    assert.equal(metrics.timeToFirstTokenMs.count, 3);
    assert.ok(metrics.timeToFirstTokenMs.p50 <= metrics.timeToFirstTokenMs.p99);
    assert.equal(metrics.timeToFirstAudioMs.count, 3);
  });

  test('I28 audio plays from its signed link alone: whole, in part, as MP3; not when altered, and not with another method', async () => {
    const { id, client, visitorToken } = await openConversation();
    const live = await listen(client, id);
    await sendMessage(url, visitorToken, id, 'Where is my data stored?');
    const chunk = await live.audio.until(() => true, 'audio');
    assert.equal(chunk.mimeType, 'audio/wav');

    const whole = await fetch(chunk.url);
    assert.deepEqual(
      [whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')],
      [200, 'audio/wav', 'bytes'],
    );
    const wav = Buffer.from(await whole.arrayBuffer());
    assert.deepEqual([wav.toString('latin1', 0, 4), wav.toString('latin1', 8, 12)], ['RIFF', 'WAVE']);
    assert.equal(wav.readUInt32LE(4), wav.length - 8);
    const seconds = (wav.length - 44) / wav.readUInt32LE(28);
    assert.ok(Math.abs(seconds * 1000 - chunk.durationMs) < 50);

    const part = await fetch(chunk.url, { headers: { range: 'bytes=8-11' } });
    assert.deepEqual(
      [part.status, part.headers.get('content-range'), await part.text()],
      [206, `bytes 8-11/${wav.length}`, 'WAVE'],
    );
    const tail = await fetch(chunk.url, { headers: { range: 'bytes=-100' } });
    assert.deepEqual(Buffer.from(await tail.arrayBuffer()), wav.subarray(-100));
    assert.equal((await fetch(chunk.url, { headers: { range: `bytes=${wav.length}-` } })).status, 416);

    const mp3 = await fetch(chunk.mp3);
    assert.deepEqual([mp3.status, mp3.headers.get('content-type')], [200, 'audio/mpeg']);
    const frames = Buffer.from(await mp3.arrayBuffer());
    assert.ok(frames.readUInt16BE(0) >= 0xffe0 || frames.toString('latin1', 0, 3) === 'ID3');
    assert.ok(frames.length < wav.length / 2);

    const altered = (change: (link: URL) => void) => {
      const link = new URL(chunk.url);
      change(link);
      return link;
    };
    const set = (name: string, value: string) => altered((link) => link.searchParams.set(name, value));
    const { signature, expires } = linkParts(chunk.url);
    const [value = '', life] = [signature, expires].map((name) => new URL(chunk.url).searchParams.get(name) ?? '');
    const flipped = `${value.startsWith('a') ? 'b' : 'a'}${value.slice(1)}`;
    const refused: [string, URL][] = [
      ['signature', set(signature, flipped)],
      ['life prolonged', set(expires, String(Number(life) + 60))],
      ['life shortened', set(expires, String(Number(life) - 60))],
      [
        'another object',
        altered((link) => {
          link.pathname = link.pathname.replace(/.{4}\.wav$/, 'abcd.wav');
        }),
      ],
      [
        'WAV link for the MP3',
        altered((link) => {
          link.pathname = link.pathname.replace(/wav$/, 'mp3');
        }),
      ],
      [
        'no query',
        altered((link) => {
          link.search = '';
        }),
      ],
      [
        'above the folder',
        altered((link) => {
          link.pathname = '/audio/..%2f..%2fkeys%2fmaster.key';
        }),
      ],
    ];
    for (const [what, link] of refused) {
      const answer = await fetch(link);
      // S3 says 400 of what could not even be a link of its own.
      assert.match(String(answer.status), signature === 'signature' ? /^403$/ : /^40[03]$/, what);
      assertTellsNothing(await answer.text());
    }
    for (const method of ['PUT', 'DELETE', 'POST'])
      assert.match(String((await fetch(chunk.url, { method })).status), /^40[35]$/, method);
    const unsigned = await fetch(altered((link) => link.searchParams.delete(signature)));
    assert.match(String(unsigned.status), /^40[03]$/);
    assert.equal((await fetch(chunk.mp3, { method: 'HEAD' })).status, 200);
  });

  test('I28 a link to audio is refused once it has expired', async () => {
    const short = await startTestPlatform({ AUDIO_LINK_SECONDS: '10' });
    try {
      const { accessToken } = await signUp(short.url);
      const { synthesize } = await ask<{ synthesize: { synthesis: { chunks: { url: string }[] } } }>(
        short.url,
        'mutation { synthesize(input: { locale: "en-US", text: "Good morning." }) { ... on SynthesizeSuccess { synthesis { chunks { url } } } ... on Refusal { code } } }',
        {},
        accessToken,
      );
      const link = synthesize.synthesis.chunks[0]?.url ?? '';
      assert.equal((await fetch(link)).status, 200);
      await delay(linkParts(link).until - Date.now() + 50);
      assert.equal((await fetch(link)).status, 403);
    } finally {
      await short.stop();
    }
  });

  test('in Spanish: found, answered, cited and spoken in Spanish', async () => {
    const { id, client, visitorToken, conversation } = await openConversation({ locale: 'es-ES', text: spanishPrices });
    const live = await listen(client, id, conversation.turnsCursor);
    await sendMessage(url, visitorToken, id, '¿Cuánto cuesta el plan Profesional?');
    const { turn } = await live.turns.until(
      ({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT',
      'a reply',
    );
    assert.match(turn.text, /49 euros/);
    assert.match(turn.text, /\b(IA|inteligencia artificial|virtual|automático)\b/i);
    assert.ok(!/\b(the|plan costs|month)\b/i.test(turn.text), turn.text);
    await live.audio.until(({ isFinal }) => isFinal, 'audio');
    const { turns } = await stored(id, 1);
    assert.ok(turns[1]?.reply?.citations.some(({ text }) => text.includes('49 euros')));
  });

  test('a price removed from the knowledge base is not stated any more', async () => {
    const { id, client, visitorToken, conversation, documentId } = await openConversation();
    const live = await listen(client, id, conversation.turnsCursor);
    const reply = async (text: string) => {
      const { turn } = await sendMessage(url, visitorToken, id, text);
      const done = await live.turns.until(
        (update) => update.kind === 'COMPLETED' && update.turn.inReplyTo?.id === turn?.id,
        'a reply',
      );
      return done.turn.text;
    };
    assert.match(await reply('How much is the Pro plan?'), /49/);
    const { removeKnowledgeDocument } = await ask<{ removeKnowledgeDocument: object }>(
      url,
      'mutation($input: RemoveKnowledgeDocumentInput!) { removeKnowledgeDocument(input: $input) { ... on RemoveKnowledgeDocumentSuccess { documentId } ... on Refusal { code } } }',
      { input: { documentId } },
      owner.accessToken,
    );
    assert.deepEqual(removeKnowledgeDocument, { documentId });
    for (const question of [
      'How much is the Pro plan?',
      'So the Pro plan is 49 euros, right?',
      'What does Starter cost?',
    ])
      assert.doesNotMatch(await reply(question), /49|19|forty|nineteen/i);
  });

  test('an API key opens what its scopes say, for its organization, and nothing else', async () => {
    const { apiKey, secret } = await createKey(['conversations:read', 'agents:read']);
    assert.deepEqual(apiKey.scopes.toSorted(), ['agents:read', 'conversations:read']);
    assert.ok(secret.startsWith(apiKey.prefix));
    const { id, agentId } = await openConversation();
    const read = await post(
      url,
      'query($id: ID!, $agent: ID!) { conversation(id: $id) { id } agent(id: $agent) { name } }',
      { id, agent: agentId },
      secret,
    );
    assert.deepEqual(read.data, { conversation: { id }, agent: { name: 'Ana' } });
    const write = await post(
      url,
      'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }',
      { input: { conversationId: id, text: 'Hi' } },
      secret,
    );
    assert.deepEqual([write.data?.['sendMessage'], codeOf(write)], [null, 'UNAUTHORIZED_FIELD_OR_TYPE']);
    // Only a person has a session to end, whatever a key may do.
    const left = await post(url, 'mutation { signOut { __typename } }', {}, secret);
    assert.deepEqual([left.data?.['signOut'], codeOf(left)], [null, 'UNAUTHORIZED_FIELD_OR_TYPE']);
    const mixed = await post(
      url,
      'query($id: ID!) { conversation(id: $id) { id metrics { turnCount } } voices(first: 1) { edges { node { id } } } }',
      { id },
      secret,
    );
    assert.deepEqual(mixed.data, { conversation: { id, metrics: null }, voices: null });
    assert.deepEqual([...new Set(codesOf(mixed))], ['UNAUTHORIZED_FIELD_OR_TYPE']);
    const live = watch<Update>(open(secret), 'conversationTurns', turnsQuery, { id, after: null });
    await delay(200);
    await sendMessage(url, owner.accessToken, id, 'Hi');
    await live.until(({ kind }) => kind === 'COMPLETED', 'a turn');
  });

  const createKey = async (scopes: readonly string[], partnerId?: string) => {
    const { createApiKey } = await ask<{
      createApiKey: { apiKey: { id: string; scopes: string[]; prefix: string }; secret: string };
    }>(
      url,
      'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { id scopes prefix } } ... on Refusal { code message } } }',
      { input: { name: 'k', scopes, ...(partnerId === undefined ? {} : { partnerId }) } },
      owner.accessToken,
    );
    return createApiKey;
  };
  const createPartner = async (name: string) =>
    (
      await ask<{ createPartner: { partner: { id: string } } }>(
        url,
        'mutation($input: CreatePartnerInput!) { createPartner(input: $input) { ... on CreatePartnerSuccess { partner { id } } } }',
        { input: { name } },
        owner.accessToken,
      )
    ).createPartner.partner.id;
  const publish = async (partnerId: string | null, name: string, body: string) => {
    const { publishPersistedDocuments } = await ask<{ publishPersistedDocuments: { documents: { hash: string }[] } }>(
      url,
      'mutation($input: PublishPersistedDocumentsInput!) { publishPersistedDocuments(input: $input) { ... on PublishPersistedDocumentsSuccess { documents { hash } } ... on Refusal { code message issues { message } } } }',
      { input: { partnerId, manifest: [{ name, body }] } },
      owner.accessToken,
    );
    const hash = publishPersistedDocuments.documents[0]?.hash ?? '';
    assert.equal(hash, createHash('sha256').update(body).digest('hex'));
    return hash;
  };
  const run = async (secret: string, body: object): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(body),
    });
    return { ...((await response.json()) as Omit<Answer, 'status'>), status: response.status };
  };

  test('J01 J02 J03 E47 a key for published documents runs its partner’s, and no text, no other partner’s, nothing altered', async () => {
    const [one, two] = [await createPartner('One'), await createPartner('Two')];
    const [keyOne, keyTwo] = [await createKey(['persisted'], one), await createKey(['persisted'], two)];
    const body = 'query Agents { agents(first: 1) { edges { node { name } } } }';
    const hash = await publish(one, 'Agents', body);
    const organizations = await publish(
      null,
      'Voices',
      'query Voices { voices(first: 1) { edges { node { name } } } }',
    );

    const ran = await run(keyOne.secret, { documentId: `sha256:${hash}` });
    assert.deepEqual([ran.status, codeOf(ran)], [200, undefined]);
    assert.ok(ran.data?.['agents']);
    const apollo = await run(keyOne.secret, { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } });
    assert.deepEqual(apollo.data, ran.data);

    for (const [what, secret, named] of [
      ['another partner’s', keyTwo.secret, hash],
      ['the organization’s', keyOne.secret, organizations],
      ['unknown', keyOne.secret, 'a'.repeat(64)],
    ] as const) {
      const answer = await run(secret, { documentId: `sha256:${named}` });
      assert.equal(codeOf(answer), 'PERSISTED_QUERY_NOT_FOUND', what);
      assert.equal(answer.data ?? null, null);
    }
    // Our own client's documents are not the partner's either.
    const manifest = JSON.parse(
      await readFile(new URL('../client/persisted-documents.json', import.meta.url), 'utf8'),
    ) as Record<string, string>;
    const ours = Object.keys(manifest)[0]?.replace(/^sha256:/, '') ?? '';
    assert.equal(codeOf(await run(keyOne.secret, { documentId: `sha256:${ours}` })), 'PERSISTED_QUERY_NOT_FOUND');

    const text = await run(keyOne.secret, { query: body });
    assert.deepEqual([text.status, text.data ?? null], [403, null]);
    const both = await run(keyOne.secret, { documentId: `sha256:${hash}`, query: body });
    assert.deepEqual([both.status, both.data ?? null], [403, null]);
    const altered = await run(owner.accessToken, { documentId: `sha256:${hash}`, query: '{ viewer { id } }' });
    assert.deepEqual(
      [altered.status, codeOf(altered), altered.data ?? null],
      [400, 'PERSISTED_QUERY_HASH_MISMATCH', null],
    );
    // J04: a text sent with its hash is not learnt.
    const learnt = 'query Learnt { viewer { id } }';
    const learntHash = createHash('sha256').update(learnt).digest('hex');
    await run(owner.accessToken, {
      query: learnt,
      extensions: { persistedQuery: { version: 1, sha256Hash: learntHash } },
    });
    assert.equal(
      codeOf(await run(owner.accessToken, { documentId: `sha256:${learntHash}` })),
      'PERSISTED_QUERY_NOT_FOUND',
    );

    const { id } = await openConversation();
    const live = watch<Update>(open(keyOne.secret), 'conversationTurns', turnsQuery, { id, after: null });
    await assert.rejects(
      live.completed,
      (error: LiveRefused) => codeOf({ status: 0, data: null, errors: error.errors }) === 'PERSISTED_QUERY_ONLY',
    );
  });

  test('a refresh token goes on once; its second use ends the session for whoever holds it', async () => {
    const refresh = (refreshToken: string) =>
      ask<{ refreshSession: { code?: string; accessToken?: string; refreshToken?: string; expiresIn?: number } }>(
        url,
        'mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { ... on RefreshSessionSuccess { accessToken refreshToken expiresIn } ... on Refusal { code } } }',
        { input: { refreshToken } },
      ).then(({ refreshSession }) => refreshSession);
    const me = (token = '') => post(url, '{ viewer { organization { name } } }', {}, token);
    const person = await signUp(url, 'Refreshers');
    const second = await refresh(person.refreshToken);
    assert.equal(second.expiresIn, 300);
    assert.notEqual(second.refreshToken, person.refreshToken);
    // The grace for a lost reply: the same answer again, as long as nobody has gone on from it.
    assert.equal((await refresh(person.refreshToken)).refreshToken, second.refreshToken);
    const third = await refresh(second.refreshToken ?? '');
    assert.deepEqual((await me(third.accessToken)).data, { viewer: { organization: { name: 'Refreshers' } } });

    assert.equal((await refresh(person.refreshToken)).code, 'INVALID_CREDENTIALS');
    for (const token of [third.refreshToken, second.refreshToken])
      assert.equal((await refresh(token ?? '')).code, 'INVALID_CREDENTIALS');
    for (const token of [person.accessToken, second.accessToken, third.accessToken]) {
      const answer = await me(token);
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'UNAUTHENTICATED']);
    }
  });

  test('nobody is UNAUTHENTICATED, the wrong role or scope is UNAUTHORIZED_FIELD_OR_TYPE, and neither is a Refusal', async () => {
    const anonymous = await post(url, '{ viewer { id } agents(first: 1) { edges { node { id } } } }');
    assert.ok(codesOf(anonymous).every((code) => code === 'UNAUTHENTICATED' || code === 'UNAUTHORIZED_FIELD_OR_TYPE'));
    assert.ok(codesOf(anonymous).includes('UNAUTHENTICATED'), JSON.stringify(anonymous));
    assert.ok(Object.values(anonymous.data ?? {}).every((value) => value === null));
    const write = await post(url, 'mutation { createKnowledgeBase(input: { name: "x" }) { __typename } }');
    assert.equal(codeOf(write), 'UNAUTHENTICATED');
    const forged = await post(url, '{ viewer { id } }', {}, `${owner.accessToken.slice(0, -4)}AAAA`);
    assert.deepEqual([forged.status, codeOf(forged)], [401, 'UNAUTHENTICATED']);

    const { id, visitorToken, knowledgeBaseId } = await openConversation();
    const other = await openConversation();
    const visitor = await post(
      url,
      'query($kb: ID!) { searchKnowledge(knowledgeBaseId: $kb, query: "price") { text } agents(first: 1) { edges { node { id } } } }',
      { kb: knowledgeBaseId },
      visitorToken,
    );
    assert.deepEqual(visitor.data, { searchKnowledge: null, agents: null });
    assert.deepEqual([...new Set(codesOf(visitor))], ['UNAUTHORIZED_FIELD_OR_TYPE']);
    const elsewhere = await post(
      url,
      'query($id: ID!) { conversation(id: $id) { id } }',
      { id: other.id },
      visitorToken,
    );
    assert.deepEqual(elsewhere.data, { conversation: null });
    assert.deepEqual((await post(url, 'query($id: ID!) { conversation(id: $id) { id } }', { id }, visitorToken)).data, {
      conversation: { id },
    });
    const live = watch(open(''), 'conversationTurns', turnsQuery, { id });
    await assert.rejects(live.completed);
  });

  test('A03 A15 a malformed body, an unknown field, a wrong type: 400 with a GraphQL error that tells nothing of us', async () => {
    const json = (value: unknown) => JSON.stringify(value);
    const cases: [string, string][] = [
      ['truncated', '{"query": "{ viewer'],
      ['not JSON', 'query { viewer { id } }'],
      ['empty', ''],
      ['null', 'null'],
      ['a list', '[]'],
      ['no query', '{}'],
      ['a number for a query', json({ query: 7 })],
      ['variables as text', json({ query: '{ viewer { id } }', variables: 'x' })],
      ['syntax', json({ query: '{ viewer { id }' })],
      ['an unknown field', json({ query: '{ viewer { id password } }' })],
      ['an unknown argument', json({ query: '{ agents(frist: 1) { edges { cursor } } }' })],
      ['an unknown type', json({ query: 'query($x: Nothing) { viewer { id } }' })],
      ['a wrong type', json({ query: '{ agents(first: "one") { edges { cursor } } }' })],
      [
        'a wrong variable',
        json({ query: 'query($n: Int!) { agents(first: $n) { edges { cursor } } }', variables: { n: 'one' } }),
      ],
      ['a missing variable', json({ query: 'query($id: ID!) { agent(id: $id) { id } }' })],
      [
        'an unknown enum value',
        json({ query: 'mutation { endConversation(input: { conversationId: "x", outcome: WON }) { __typename } }' }),
      ],
      ['no such operation', json({ query: 'query A { viewer { id } } query B { viewer { id } }', operationName: 'C' })],
    ];
    for (const [what, body] of cases) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${owner.accessToken}` },
        body,
      });
      const text = await response.text();
      assert.equal(response.status, 400, `${what}: ${response.status} ${text}`);
      assert.match(response.headers.get('content-type') ?? '', /json/);
      const { errors, data } = JSON.parse(text) as Answer;
      assert.ok((errors?.length ?? 0) > 0 && typeof errors?.[0]?.message === 'string', what);
      assert.ok(typeof errors?.[0]?.extensions?.['code'] === 'string', what);
      assert.equal(data ?? null, null);
      assertTellsNothing(text);
      assert.doesNotMatch(text, /did you mean/i);
    }
  });

  test('I01 I02 I29 I31 E44 another organization’s ids answer exactly like unknown ones, in every query, mutation and subscription', async () => {
    const publicSchema = buildSchema(await readFile(new URL('../client/schema.graphql', import.meta.url), 'utf8'));
    const theirs = await idsOf(owner);
    const stranger = await signUp(url, 'Strangers');
    const mine = await idsOf(stranger);
    const client = open(stranger.accessToken);
    const answerTo = async (operation: ReturnType<typeof strangersOperations>[number], id: string) => {
      const variables = operation.variablesWith(id);
      const answer =
        operation.kind === 'subscription'
          ? await watch(client, operation.field, operation.query, variables).completed.then(
              () => ({ data: 'completed' }),
              (error: LiveRefused) => ({ errors: error.errors }),
            )
          : await post(url, operation.query, variables, stranger.accessToken);
      assert.ok(
        !JSON.stringify(answer).includes('INTERNAL_SERVER_ERROR'),
        `${operation.name}: ${JSON.stringify(answer)}`,
      );
      return JSON.parse(JSON.stringify(answer).replaceAll(id, '<id>')) as unknown;
    };
    const operations = strangersOperations(publicSchema, theirs, mine);
    assert.ok(operations.length >= 18, `only ${operations.length} places for an id`);
    for (const operation of operations) {
      const unknown = await answerTo(operation, '0199f0aa-bbcc-7ddd-8eee-ffff00001111');
      assert.deepEqual(await answerTo(operation, operation.foreignId), unknown, operation.name);
      const text = JSON.stringify(unknown);
      for (const [what, id] of Object.entries(theirs)) assert.ok(!text.includes(id), `${operation.name} tells ${what}`);
    }
  });

  /** One of everything an organization can have. */
  const idsOf = async ({ accessToken }: SignedUp): Promise<Record<string, string>> => {
    const agent = await createAgent(url, accessToken);
    const { conversation } = await startConversation(url, accessToken, agent.agentId);
    const { turn } = await sendMessage(url, accessToken, conversation.id, 'How much is Pro?');
    const { turns } = await stored(conversation.id, 1, accessToken);
    const { createPartner, createApiKey } = await ask<{
      createPartner: { partner: { id: string } };
      createApiKey: { apiKey: { id: string } };
    }>(
      url,
      `mutation { createPartner(input: { name: "p" }) { ... on CreatePartnerSuccess { partner { id } } }
        createApiKey(input: { name: "k", scopes: ["agents:read"] }) { ... on CreateApiKeySuccess { apiKey { id } } } }`,
      {},
      accessToken,
    );
    return {
      agent: agent.agentId,
      knowledgeBase: agent.knowledgeBaseId,
      document: agent.documentId,
      conversation: conversation.id,
      customerTurn: turn?.id ?? '',
      turn: turns[1]?.id ?? '',
      partner: createPartner.partner.id,
      apiKey: createApiKey.apiKey.id,
    };
  };
});
