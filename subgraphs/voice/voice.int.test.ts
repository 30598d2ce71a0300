import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Actor, serviceActor } from '@parley/kernel/actor';
import type { EventBus } from '@parley/kernel/bus';
import { openPool, type Pool } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { uuidv7 } from '@parley/kernel/id';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { openKeyFile } from '@parley/kernel/keyFile';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph, SubgraphResult } from '@parley/kernel/subgraph';
import { type TestDatabase, testDatabase } from '../../test/testkit/database.ts';
import { voiceTopic } from './events.ts';
import { SpeechFailed, type SpeechSynthesizer } from './infrastructure/speech/speechSynthesizer.ts';
import { estimatedTimings } from './infrastructure/speech/wordTimings.ts';
import { startVoice, type VoiceServer } from './server.ts';

const wordMs = 100;
const said: { text: string; voiceId: string; priority: number }[] = [];
/** Says a word in 100 ms; "slow" takes its time and "boom" fails. */
const fakeSpeech: SpeechSynthesizer = {
  voices: async () =>
    ['en-US', 'en-GB', 'es-ES', 'es-MX'].flatMap((locale) =>
      ['A', 'B'].map((name) => ({ id: `${locale}-${name}`.toLowerCase(), name, locale })),
    ),
  async synthesize({ text, voiceId }, { priority, signal }) {
    said.push({ text, voiceId, priority });
    if (text.includes('slow')) await sleep(150, undefined, signal ? { signal } : {});
    if (text.includes('boom')) throw new SpeechFailed('boom');
    const durationMs = text.split(' ').length * wordMs;
    const sampleRate = 16_000;
    return {
      samples: new Int16Array((sampleRate * durationMs) / 1_000).fill(9),
      sampleRate,
      words: estimatedTimings(text, durationMs),
      durationMs,
    };
  },
  close: async () => {},
};

const tenantA = uuidv7();
const tenantB = uuidv7();
/** conversation id → tenant, as sales would know it */
const conversations = new Map<string, string>();
const sales: Subgraph = {
  name: 'sales',
  execute: async ({ actor, variables }) => {
    const id = String(variables?.['id']);
    return { data: { conversation: conversations.get(id) === actor?.tenantId ? { id } : null } };
  },
  subscribe: () => Promise.reject(new Error('not here')),
};
const user = (tenantId: string): Actor => ({
  ...serviceActor('x', tenantId),
  kind: 'USER',
  id: uuidv7(),
  role: 'OWNER',
  scopes: [],
});
const visitor = (tenantId: string, conversationId: string): Actor => ({
  ...user(tenantId),
  kind: 'VISITOR',
  id: conversationId,
  role: null,
  conversationId,
});

let database: TestDatabase;
let pool: Pool;
let bus: EventBus;
let pubsub: PubSub;
let loseMessages = false;
let voice: VoiceServer;
let http: Server;
const folder = mkdtempSync(join(tmpdir(), 'voice-'));
const events: StoredEvent[] = [];

before(async () => {
  database = await testDatabase();
  pool = openPool(database.url, { max: 8, waitMs: 20_000 });
  bus = inProcessBus();
  await bus.consume('test', [voiceTopic], async (list) => void events.push(...list));
  const memory = memoryPubSub();
  pubsub = {
    ...memory,
    publish: async (channel, message) => void (loseMessages || (await memory.publish(channel, message))),
  };
  http = createServer((request, response) => void voice.handleAudio(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  voice = await startVoice({
    pool,
    bus,
    pubsub,
    masterKey: await openKeyFile(join(folder, 'key')),
    log: createLog({ level: 'silent', service: 'voice' }),
    clock: () => new Date(),
    config: { speechProcesses: 1, linkMs: 300_000, s3: null },
    dataFolder: folder,
    publicUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    subgraphs: { sales },
    speech: fakeSpeech,
  });
});
after(async () => {
  http.closeAllConnections();
  http.close();
  await voice.stop();
  await bus.close();
  await pubsub.close();
  await pool.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const newConversation = (tenantId = tenantA): string => {
  const id = uuidv7();
  conversations.set(id, tenantId);
  return id;
};
const run = async (query: string, variables: Record<string, unknown>, actor: Actor | null): Promise<SubgraphResult> =>
  voice.subgraph.execute({ query, variables, actor, requestId: 'test' });
/** As it travels: objects of graphql-js have no prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const data = async <T>(query: string, variables: Record<string, unknown>, actor: Actor): Promise<T> => {
  const result = await run(query, variables, actor);
  assert.deepEqual(result.errors, undefined);
  return plain(result.data) as T;
};
const codeOf = async (query: string, variables: Record<string, unknown>, actor: Actor | null): Promise<unknown> =>
  (await run(query, variables, actor)).errors?.[0]?.extensions?.['code'];

type Spoken = {
  chunkId: string | null;
  status: string;
  startMs: number;
  durationMs: number;
  words: { text: string; startMs: number; endMs: number }[];
};
const speak = async (
  conversationId: string,
  turnId: string,
  sequence: number,
  text: string,
  more: { isFinal?: boolean; voiceId?: string | null; locale?: string; tenantId?: string } = {},
): Promise<Spoken> => {
  const { tenantId = tenantA, ...rest } = more;
  const query =
    'mutation Speak($input: SpeakSentenceInput!) { speakSentence(input: $input) { chunkId status startMs durationMs words { text startMs endMs } } }';
  const input = { conversationId, turnId, sequence, text, voiceId: null, locale: 'en-US', isFinal: false, ...rest };
  return (await data<{ speakSentence: Spoken }>(query, { input }, serviceActor('sales', tenantId))).speakSentence;
};
const cut = async (turnId: string, playedMs: number) =>
  (
    await data<{ cutTurnAudio: { spokenText: string; playedMs: number; durationMs: number } }>(
      'mutation Cut($turnId: ID!, $playedMs: Int!) { cutTurnAudio(turnId: $turnId, playedMs: $playedMs) { spokenText playedMs durationMs } }',
      { turnId, playedMs },
      serviceActor('sales', tenantA),
    )
  ).cutTurnAudio;

const chunkFields =
  'id cursor sequence status url mimeType durationMs startMs text isFinal words { text startMs endMs } turn { id }';
type Chunk = {
  id: string;
  cursor: string;
  sequence: number;
  status: string;
  url: string;
  mimeType: string;
  durationMs: number;
  startMs: number;
  text: string;
  isFinal: boolean;
  words: { text: string }[];
  turn: { id: string } | null;
};
const listen = async (
  conversationId: string,
  after?: string,
  actor = user(tenantA),
): Promise<AsyncIterableIterator<SubgraphResult>> =>
  voice.subgraph.subscribe({
    query: `subscription Audio($id: ID!, $after: String) { audioChunks(conversationId: $id, after: $after) { ${chunkFields} } }`,
    variables: { id: conversationId, after },
    actor,
    requestId: 'test',
  });
const next = async (stream: AsyncIterableIterator<SubgraphResult>): Promise<Chunk | null> => {
  const { value, done } = await stream.next();
  if (done) return null;
  assert.deepEqual(value.errors, undefined);
  return (plain(value.data) as { audioChunks: Chunk }).audioChunks;
};
const take = async (stream: AsyncIterableIterator<SubgraphResult>, count: number): Promise<Chunk[]> => {
  const chunks: Chunk[] = [];
  while (chunks.length < count) {
    const chunk = await next(stream);
    assert.ok(chunk, `the stream ended after ${chunks.length}`);
    chunks.push(chunk);
  }
  return chunks;
};
const turnAudio = async (turnId: string, actor = user(tenantA)) => {
  const query = `query Entities($ids: [_Any!]!) { _entities(representations: $ids) { ... on Turn { id audio { status durationMs chunks { ${chunkFields} } } } } }`;
  const result = await data<{
    _entities: [{ audio: { status: string; durationMs: number; chunks: Chunk[] } | null } | null];
  }>(query, { ids: [{ __typename: 'Turn', id: turnId }] }, actor);
  return result._entities[0]?.audio ?? null;
};
const salesEvent = (type: string, conversationId: string, version: number): StoredEvent => ({
  type,
  data: {},
  id: uuidv7(),
  tenantId: tenantA,
  aggregateId: conversationId,
  version,
  schemaVersion: 1,
  occurredAt: new Date().toISOString(),
  actor: { kind: 'SERVICE', id: 'sales' },
});

describe('a turn made audio', () => {
  it('keeps its sentences in order when all are asked for at once', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    const texts = ['A slow first.', 'Second one here.', 'Third.', 'And the last.'];
    const spoken = await Promise.all(
      [3, 2, 1, 0].map((at) => speak(conversation, turn, at + 1, texts[at] ?? '', { isFinal: at === 3 })),
    );
    const chunks = await take(stream, 4);
    assert.deepEqual(
      chunks.map(({ text }) => text),
      texts,
    );
    assert.deepEqual(
      chunks.map(({ sequence, startMs, isFinal }) => [sequence, startMs, isFinal]),
      [
        [1, 0, false],
        [2, 300, false],
        [3, 600, false],
        [4, 700, true],
      ],
    );
    assert.deepEqual(
      spoken.map(({ chunkId }) => chunkId),
      chunks.map(({ id }) => id).reverse(),
    );
    assert.deepEqual(chunks[1]?.words, [
      { text: 'Second', startMs: 300, endMs: 424 },
      { text: 'one', startMs: 424, endMs: 494 },
      { text: 'here.', startMs: 494, endMs: 600 },
    ]);
    assert.ok(
      chunks.every((chunk) => chunk.turn?.id === turn && chunk.status === 'READY' && chunk.mimeType === 'audio/wav'),
    );
    const audio = await turnAudio(turn);
    assert.deepEqual([audio?.status, audio?.durationMs, audio?.chunks.length], ['READY', 1_000, 4]);
    await stream.return?.();
  });

  it('asks for the first sentence of a turn before the later ones', () => {
    const priorityOf = (text: string) => said.find((each) => each.text === text)?.priority ?? Number.NaN;
    assert.ok(priorityOf('A slow first.') < priorityOf('Third.'));
  });

  it('delivers a sentence once, however often it is asked for', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    const both = await Promise.all([
      speak(conversation, turn, 1, 'Only once.'),
      speak(conversation, turn, 1, 'Only once.'),
    ]);
    const again = await speak(conversation, turn, 1, 'Only once.');
    assert.deepEqual(both[0], both[1]);
    assert.deepEqual(again, both[0]);
    await speak(conversation, turn, 2, 'Next.');
    assert.deepEqual(
      (await take(stream, 2)).map(({ text }) => text),
      ['Only once.', 'Next.'],
    );
    assert.equal(
      readdirSync(join(folder, 'audio', tenantA, 'conversations', conversation)).filter((name) => name.endsWith('.wav'))
        .length,
      2,
    );
    await stream.return?.();
  });

  it('goes on without a sentence that nobody asks for, and shows the gap', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'One.');
    assert.equal((await speak(conversation, turn, 3, 'Three.')).startMs, 100);
    assert.equal((await speak(conversation, turn, 2, 'Two.')).status, 'CUT');
  });

  it('speaks the language of the conversation, whatever voice the agent has', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'Hola, amigo.', { voiceId: 'en-gb-a', locale: 'es-AR' });
    await speak(conversation, turn, 2, 'Muy bien, pues.', { voiceId: 'es-es-b', locale: 'es-MX' });
    const voices = ['Hola, amigo.', 'Muy bien, pues.'].map((text) => said.find((each) => each.text === text)?.voiceId);
    assert.deepEqual(voices, ['es-mx-a', 'es-es-b']);
  });

  it('tells of it with ids and durations, never with words', async () => {
    await voice.drained();
    const told = events.filter(({ type }) => type === 'voice.AudioChunkSynthesized');
    assert.ok(told.length >= 6);
    assert.doesNotMatch(JSON.stringify(events), /first|once|Hola|Second/);
    const versions = new Map<string, number>();
    for (const { aggregateId, version } of told) {
      assert.equal(version, (versions.get(aggregateId) ?? 0) + 1);
      versions.set(aggregateId, version);
    }
  });

  it('K15 tells of ten megabytes of audio in some hundred bytes: they lie in the store, and a longer text is refused', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const { chunkId } = await speak(conversation, turn, 1, 'a '.repeat(3_500).trim());
    const [chunk] = (await turnAudio(turn))?.chunks ?? [];
    assert.ok(chunk && Number((await fetch(chunk.url)).headers.get('content-length')) > 10 * 2 ** 20);
    await voice.drained();
    const told = events.find(({ data }) => (data as { chunkId?: string }).chunkId === chunkId);
    assert.ok(told && JSON.stringify(told).length < 1_000);
    const input = { conversationId: conversation, turnId: turn, sequence: 2, text: 'a'.repeat(8_001) };
    assert.equal(
      await codeOf(
        'mutation Speak($input: SpeakSentenceInput!) { speakSentence(input: $input) { status } }',
        { input: { ...input, locale: 'en-US', isFinal: true } },
        serviceActor('sales', tenantA),
      ),
      'BAD_USER_INPUT',
    );
  });

  it('is steered by our own services only', async () => {
    const turnId = uuidv7();
    assert.equal(
      await codeOf(
        'mutation Cut($turnId: ID!) { cutTurnAudio(turnId: $turnId, playedMs: 0) { spokenText } }',
        { turnId },
        user(tenantA),
      ),
      'FORBIDDEN',
    );
    assert.equal(
      await codeOf(
        'query Timing($turnId: ID!) { turnAudioTiming(turnId: $turnId) { durationMs } }',
        { turnId },
        user(tenantA),
      ),
      'FORBIDDEN',
    );
    assert.equal(
      await codeOf(
        'mutation Cut($turnId: ID!) { cutTurnAudio(turnId: $turnId, playedMs: 0) { spokenText } }',
        { turnId },
        null,
      ),
      'UNAUTHENTICATED',
    );
  });
});

describe('a failure of speech', () => {
  it('costs one sentence: silence stands in for it, and the rest goes on', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    await speak(conversation, turn, 1, 'Fine.');
    assert.equal((await speak(conversation, turn, 2, 'This goes boom.')).status, 'FAILED');
    await speak(conversation, turn, 3, 'Fine again.', { isFinal: true });
    const chunks = await take(stream, 3);
    assert.deepEqual(
      chunks.map(({ status }) => status),
      ['READY', 'FAILED', 'READY'],
    );
    const failed = chunks[1];
    assert.ok(failed && failed.text === 'This goes boom.' && failed.words.length === 0);
    const file = await (await fetch(failed.url)).arrayBuffer();
    assert.equal(Math.round((file.byteLength - 44) / 2 / 22.05), failed.durationMs);
    assert.equal((await turnAudio(turn))?.status, 'PARTIAL');
    await stream.return?.();
  });

  it('L14 of the store is told as an outage, and what is asked again is there once the store is', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    await speak(conversation, turn, 1, 'Fine.');
    const [audio, away] = [join(folder, 'audio'), join(folder, 'away')];
    const sentence = { conversationId: conversation, turnId: turn, sequence: 2, text: 'Said later.', locale: 'en-US' };
    renameSync(audio, away);
    writeFileSync(audio, 'no folder');
    const { errors: [error] = [] } = await run(
      'mutation Speak($input: SpeakSentenceInput!) { speakSentence(input: $input) { status } }',
      { input: { ...sentence, isFinal: true } },
      serviceActor('sales', tenantA),
    );
    const { errors: [told] = [] } = await run(
      'mutation { synthesize(input: { locale: "en-US", text: "Hello." }) { __typename } }',
      {},
      user(tenantA),
    );
    rmSync(audio);
    renameSync(away, audio);
    for (const each of [error, told])
      assert.deepEqual([each?.extensions?.['code'], each?.extensions?.['retryAfterMs']], ['SERVICE_UNAVAILABLE', 1000]);
    assert.equal((await turnAudio(turn))?.status, 'PENDING');
    assert.equal((await speak(conversation, turn, 2, 'Said later.', { isFinal: true })).status, 'READY');
    assert.deepEqual(
      (await take(stream, 2)).map(({ text, status }) => [text, status]),
      [
        ['Fine.', 'READY'],
        ['Said later.', 'READY'],
      ],
    );
    assert.equal((await turnAudio(turn))?.status, 'READY');
    await stream.return?.();
  });

  it('where no voice speaks the language is said, and nothing is played', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const spoken = await speak(conversation, turn, 1, 'こんにちは', { locale: 'ja-JP', isFinal: true });
    assert.deepEqual([spoken.status, spoken.durationMs], ['UNAVAILABLE', 0]);
    assert.deepEqual(await turnAudio(turn), { status: 'UNAVAILABLE', durationMs: 0, chunks: [] });
  });
});

describe('a barge-in (F17)', () => {
  it('says what was heard and accepts no further sentence', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'One two three.');
    await speak(conversation, turn, 2, 'Four five six.');
    const late = speak(conversation, turn, 3, 'A slow seven.');
    await sleep(40);
    assert.deepEqual(await cut(turn, 420), { spokenText: 'One two three. Four', playedMs: 420, durationMs: 600 });
    assert.equal((await late).status, 'CUT');
    assert.equal((await speak(conversation, turn, 4, 'Eight.')).status, 'CUT');
    assert.equal((await cut(turn, 100)).spokenText, 'One two three. Four', 'the first cut stands');
    const audio = await turnAudio(turn);
    assert.deepEqual([audio?.status, audio?.chunks.length], ['PARTIAL', 2]);
    const { turnAudioTiming } = await data<{
      turnAudioTiming: { durationMs: number; firstChunkAt: Date; cutAtMs: number };
    }>(
      'query Timing($turnId: ID!) { turnAudioTiming(turnId: $turnId) { durationMs firstChunkAt cutAtMs } }',
      { turnId: turn },
      serviceActor('sales', tenantA),
    );
    assert.deepEqual([turnAudioTiming.durationMs, turnAudioTiming.cutAtMs], [600, 420]);
    assert.ok(Math.abs(new Date(turnAudioTiming.firstChunkAt).getTime() - Date.now()) < 10_000);
  });

  it('is learnt from its event where the call for it never came, before the turn counts as voiced', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'One two three.');
    const interrupted = salesEvent('sales.TurnInterrupted', conversation, 4);
    Object.assign(interrupted.data as object, { conversationId: conversation, turnId: turn, playedMs: 150 });
    await bus.publish('sales.events', [interrupted, interrupted]);
    assert.equal((await speak(conversation, turn, 2, 'Too late.')).status, 'CUT');
    assert.deepEqual(await cut(turn, 300), { spokenText: 'One two', playedMs: 150, durationMs: 300 });
  });

  it('may come before the first sentence', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    assert.deepEqual(await cut(turn, 0), { spokenText: '', playedMs: 0, durationMs: 0 });
    assert.equal((await speak(conversation, turn, 1, 'Too late.')).status, 'CUT');
  });
});

describe('audioChunks', () => {
  it('replays what was missed after a cursor, then goes on live, without gap or double (F01, F03)', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const first = await listen(conversation);
    for (const at of [1, 2, 3]) await speak(conversation, turn, at, `Number ${at}.`);
    const [one] = await take(first, 1);
    await first.return?.();
    const second = await listen(conversation, one?.cursor);
    loseMessages = true;
    await speak(conversation, turn, 4, 'Number 4.');
    loseMessages = false;
    await speak(conversation, turn, 5, 'Number 5.');
    assert.deepEqual(
      (await take(second, 4)).map(({ sequence }) => sequence),
      [2, 3, 4, 5],
    );
    await second.return?.();
  });

  it('finds the last chunk in the store when its message was lost', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    loseMessages = true;
    await speak(conversation, turn, 1, 'Lost on the way.');
    loseMessages = false;
    assert.equal((await next(stream))?.text, 'Lost on the way.');
    await stream.return?.();
  });

  it('completes when the conversation has ended and the last reply is voiced (F18)', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    const stream = await listen(conversation);
    await bus.publish('sales.events', [salesEvent('sales.TurnReceived', conversation, 2)]);
    await speak(conversation, turn, 1, 'First.');
    await bus.publish('sales.events', [salesEvent('sales.ConversationEnded', conversation, 5)]);
    await speak(conversation, turn, 2, 'Still said.', { isFinal: true });
    const voiced = salesEvent('sales.TurnVoiced', conversation, 6);
    await bus.publish('sales.events', [voiced]);
    await bus.publish('sales.events', [voiced, salesEvent('sales.TurnReceived', conversation, 2)]);
    const chunks = await take(stream, 2);
    assert.equal(await next(stream), null);
    const late = await listen(conversation, chunks[0]?.cursor);
    assert.equal((await next(late))?.text, 'Still said.');
    assert.equal(await next(late), null);
  });

  it('is refused for a conversation that is not the caller’s, alike for every reason (E44)', async () => {
    const mine = newConversation();
    const theirs = newConversation(tenantB);
    const refused = async (id: string, actor = user(tenantA)) => {
      const error = await listen(id, undefined, actor).then(
        () => assert.fail('it was opened'),
        (reason: { message: string; extensions: { code: string } }) => reason,
      );
      return [error.message, error.extensions.code];
    };
    const expected = ['There is no such conversation.', 'NOT_FOUND'];
    for (const id of [theirs, uuidv7(), 'x', '']) assert.deepEqual(await refused(id), expected);
    assert.deepEqual(await refused(mine, visitor(tenantA, newConversation())), expected);
    const stream = await listen(mine, undefined, visitor(tenantA, mine));
    await stream.return?.();
  });

  it('refuses a cursor that is malformed, of another stream, or from the future (F13)', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'One.');
    const cursor = (text: string) => Buffer.from(text).toString('base64url');
    for (const after of [
      '',
      'x',
      cursor(`audio:${newConversation()}:1`),
      cursor(`turns:${conversation}:1`),
      cursor(`audio:${conversation}:2`),
      cursor(`audio:${conversation}:-1`),
    ]) {
      await assert.rejects(
        listen(conversation, after),
        (error: { extensions: { code: string } }) => error.extensions.code === 'BAD_USER_INPUT',
      );
    }
  });
});

describe('a chunk', () => {
  it('is fetched by its link, and belongs to its tenant and conversation', async () => {
    const [conversation, turn] = [newConversation(), uuidv7()];
    await speak(conversation, turn, 1, 'Hear me.', { isFinal: true });
    const [chunk] = (await turnAudio(turn))?.chunks ?? [];
    assert.ok(chunk);
    const response = await fetch(chunk.url);
    assert.equal(response.headers.get('content-type'), 'audio/wav');
    assert.equal((await response.arrayBuffer()).byteLength, 44 + (chunk.durationMs * 16_000 * 2) / 1_000);
    const query =
      'query Chunk($ids: [_Any!]!) { _entities(representations: $ids) { ... on AudioChunk { id mp3: url(format: MP3) mimeType(format: MP3) } } }';
    const ids = [{ __typename: 'AudioChunk', id: chunk.id }];
    const seen = async (actor: Actor) =>
      (await data<{ _entities: [{ mp3: string; mimeType: string } | null] }>(query, { ids }, actor))._entities[0];
    const mine = await seen(user(tenantA));
    assert.equal(mine?.mimeType, 'audio/mpeg');
    assert.equal((await fetch(mine.mp3)).headers.get('content-type'), 'audio/mpeg');
    assert.equal(await seen(user(tenantB)), null);
    assert.equal(await seen(visitor(tenantA, newConversation())), null);
    assert.ok(await seen(visitor(tenantA, conversation)));
    assert.equal(await turnAudio(turn, user(tenantB)), null);
    assert.equal(await turnAudio(turn, visitor(tenantA, newConversation())), null);
  });
});

describe('synthesize', () => {
  const query = `mutation Synthesize($input: SynthesizeInput!) { synthesize(input: $input) {
    ... on SynthesizeSuccess { synthesis { id chunks { ${chunkFields} } } } ... on Refusal { code issues { path message } } } }`;
  type Answer = {
    synthesize: { synthesis?: { id: string; chunks: Chunk[] }; code?: string; issues?: { path: string[] }[] };
  };
  const synthesize = async (input: Record<string, unknown>) =>
    (await data<Answer>(query, { input }, user(tenantA))).synthesize;

  it('speaks a text sentence by sentence', async () => {
    const { synthesis } = await synthesize({ text: 'Hello there. It costs 3.5 €! Really?', voiceId: 'en-gb-b' });
    assert.deepEqual(
      synthesis?.chunks.map(({ text, sequence, startMs, isFinal, cursor, turn }) => [
        text,
        sequence,
        startMs,
        isFinal,
        cursor,
        turn,
      ]),
      [
        ['Hello there.', 1, 0, false, null, null],
        ['It costs 3.5 €!', 2, 200, false, null, null],
        ['Really?', 3, 600, true, null, null],
      ],
    );
    for (const { url } of synthesis?.chunks ?? []) assert.equal((await fetch(url)).status, 200);
    assert.equal((await synthesize({ text: 'Hi. '.repeat(2_000), locale: 'es' })).synthesis?.chunks.length, 63);
  });

  it('refuses what cannot be spoken, field by field', async () => {
    const paths = async (input: Record<string, unknown>) => {
      const { code, issues } = await synthesize(input);
      assert.equal(code, 'INVALID_INPUT');
      return issues?.map(({ path }) => path.join('.'));
    };
    assert.deepEqual(await paths({ text: '' }), ['text']);
    assert.deepEqual(await paths({ text: 'x'.repeat(8_001) }), ['text']);
    assert.deepEqual(await paths({ text: 'a\u0000b' }), ['text']);
    assert.deepEqual(await paths({ text: 'x', voiceId: 'nobody' }), ['voiceId']);
    assert.deepEqual(await paths({ text: 'x', locale: 'ja-JP' }), ['locale']);
    assert.deepEqual(await paths({ text: 'x', locale: '../..' }), ['locale']);
    assert.deepEqual(await paths({ text: 'x', locale: 'es', voiceId: 'en-us-a' }), ['locale']);
    assert.deepEqual(await paths({ text: '', voiceId: 'nobody', locale: 'xx' }), ['text', 'voiceId', 'locale']);
  });

  it('fails as a whole, leaving no audio behind, when nothing can be spoken', async () => {
    const { errors } = await run(query, { input: { text: 'boom' } }, user(tenantA));
    assert.equal(errors?.[0]?.extensions?.['code'], 'INTERNAL_SERVER_ERROR');
    assert.doesNotMatch(JSON.stringify(errors), /boom/);
  });
});

describe('voices', () => {
  const query =
    'query Voices($locale: String, $first: Int! = 20, $after: String) { voices(locale: $locale, first: $first, after: $after) { edges { cursor node { id locale } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }';
  type Answer = {
    voices: {
      edges: { cursor: string; node: { id: string; locale: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  };
  const voices = async (variables: Record<string, unknown>) =>
    (await data<Answer>(query, variables, user(tenantA))).voices;

  it('are paged, and chosen by language or locale', async () => {
    assert.equal((await voices({})).edges.length, 8);
    assert.deepEqual(
      (await voices({ locale: 'es' })).edges.map(({ node }) => node.id),
      ['es-es-a', 'es-es-b', 'es-mx-a', 'es-mx-b'],
    );
    assert.equal((await voices({ locale: 'fr' })).edges.length, 0);
    const page = await voices({ locale: 'es-ES', first: 1 });
    assert.equal(page.pageInfo.hasNextPage, true);
    const rest = await voices({ locale: 'es-ES', first: 5, after: page.pageInfo.endCursor });
    assert.deepEqual([rest.edges.map(({ node }) => node.id), rest.pageInfo.hasNextPage], [['es-es-b'], false]);
  });

  it('refuse arguments that make no sense (B25)', async () => {
    for (const wrong of [{ first: -1 }, { first: 101 }, { after: 'x' }, { locale: 'no such' }]) {
      assert.equal(await codeOf(query, wrong, user(tenantA)), 'BAD_USER_INPUT', JSON.stringify(wrong));
    }
  });

  it('are entities that other subgraphs refer to', async () => {
    const entities =
      'query Voice($ids: [_Any!]!) { _entities(representations: $ids) { ... on Voice { name locale } } }';
    const ids = ['en-us-a', 'gone'].map((id) => ({ __typename: 'Voice', id }));
    assert.deepEqual(await data(entities, { ids }, user(tenantA)), {
      _entities: [{ name: 'A', locale: 'en-US' }, null],
    });
  });
});
