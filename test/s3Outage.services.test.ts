import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultyHttp, startFaultyHttp } from './testkit/faultyHttp.ts';
import { ask, createAgent, post, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

const endpoint = process.env['S3_ENDPOINT'];
assert.ok(endpoint, 'S3_ENDPOINT and the rest of S3_… say where S3 is: npm run test:services');

type Turn = {
  role: string;
  state: string;
  text: string;
  audio: { status: string; chunks: { url: string; mp3: string }[] } | null;
};
const lastTurn = `query($id: ID!) { conversation(id: $id) { turns(last: 1) { edges { node {
  role state text audio { status chunks { url mp3: url(format: MP3) } } } } } } }`;

describe('S3 away in the middle of conversations', () => {
  let faulty: FaultyHttp;
  let platform: TestPlatform;
  let token: string;
  let agentId: string;
  before(async () => {
    faulty = await startFaultyHttp(endpoint);
    platform = await startTestPlatform({ S3_ENDPOINT: faulty.url, LOG_LEVEL: 'fatal' });
    token = (await signUp(platform.url)).accessToken;
    ({ agentId } = await createAgent(platform.url, token));
  });
  after(async () => {
    await platform?.stop();
    await faulty?.stop();
  });

  /** The agent's turn, once it is as it should be. */
  const answered = async (conversationId: string, test: (turn: Turn) => boolean): Promise<Turn> => {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(100)) {
      type Answer = { conversation: { turns: { edges: { node: Turn }[] } } };
      const { conversation } = await ask<Answer>(platform.url, lastTurn, { id: conversationId }, token);
      const turn = conversation.turns.edges[0]?.node;
      if (turn?.role === 'AGENT' && turn.state === 'COMPLETED' && test(turn)) return turn;
    }
    throw new Error('no whole answer in time');
  };
  const synthesize = () =>
    post(
      platform.url,
      'mutation { synthesize(input: { locale: "en-US", text: "Good morning." }) { ... on SynthesizeSuccess { synthesis { chunks { url mp3: url(format: MP3) } } } } }',
      {},
      token,
    );

  for (const [what, fault] of [
    ['answers 500', { kind: 'refuse', status: 500 }],
    ['answers 503', { kind: 'refuse', status: 503 }],
    ['takes half of every upload', { kind: 'cutUpload' }],
    ['resets every connection', { kind: 'reset' }],
  ] as const)
    test(`L14 replies are there as text, what is asked for is refused for the moment, and all is heard once it is back: S3 ${what}`, async () => {
      const { conversation, visitorToken } = await startConversation(platform.url, token, agentId);
      faulty.next([fault], true);
      await sendMessage(platform.url, visitorToken, conversation.id, 'How much is the Pro plan?');
      const mute = await answered(conversation.id, () => true);
      assert.match(mute.text, /49 euros/);
      assert.deepEqual(mute.audio?.chunks ?? [], []);
      assert.equal((await synthesize()).errors?.[0]?.extensions?.['code'], 'SERVICE_UNAVAILABLE');

      faulty.heal();
      const { audio } = await answered(conversation.id, (turn) => turn.audio?.status === 'READY');
      assert.ok(audio && audio.chunks.length > 0);
      for (const { url } of audio.chunks) {
        const heard = await fetch(url);
        assert.equal(heard.status, 200);
        assert.equal(Buffer.from(await heard.arrayBuffer()).toString('latin1', 0, 4), 'RIFF');
      }

      // An MP3 is made by us, of what lies there.
      const mp3 = audio.chunks[0]?.mp3 ?? '';
      faulty.next([fault], true);
      const away = await fetch(mp3);
      assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '2']);
      assert.match(await away.text(), /SERVICE_UNAVAILABLE/);
      faulty.heal();
      const back = await fetch(mp3);
      assert.deepEqual([back.status, back.headers.get('content-type')], [200, 'audio/mpeg']);
    });
});
