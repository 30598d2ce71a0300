import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultyHttp, startFaultyHttp } from './testkit/faultyHttp.ts';
import { ask, createAgent, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
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

  /** The agent's turn, once nothing more is to come of its audio. */
  const answered = async (conversationId: string): Promise<Turn> => {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(100)) {
      type Answer = { conversation: { turns: { edges: { node: Turn }[] } } };
      const { conversation } = await ask<Answer>(platform.url, lastTurn, { id: conversationId }, token);
      const turn = conversation.turns.edges[0]?.node;
      if (turn?.role === 'AGENT' && turn.state === 'COMPLETED' && turn.audio && turn.audio.status !== 'PENDING')
        return turn;
    }
    throw new Error('no whole answer in time');
  };

  for (const [what, fault] of [
    ['answers 500', { kind: 'refuse', status: 500 }],
    ['answers 503', { kind: 'refuse', status: 503 }],
    ['takes half of every upload', { kind: 'cutUpload' }],
    ['resets every connection', { kind: 'reset' }],
  ] as const)
    test(`L14 the reply is there as text, its audio is FAILED, and the next reply is heard again: S3 ${what}`, async () => {
      const { conversation, visitorToken } = await startConversation(platform.url, token, agentId);
      faulty.next([fault], true);
      await sendMessage(platform.url, visitorToken, conversation.id, 'How much is the Pro plan?');
      const mute = await answered(conversation.id);
      assert.match(mute.text, /49 euros/);
      assert.deepEqual(mute.audio, { status: 'FAILED', chunks: [] });

      faulty.heal();
      await sendMessage(platform.url, visitorToken, conversation.id, 'And how much is the Starter plan?');
      const spoken = await answered(conversation.id);
      assert.match(spoken.text, /19 euros/);
      assert.equal(spoken.audio?.status, 'READY');
      for (const { url } of spoken.audio?.chunks ?? []) {
        const heard = await fetch(url);
        assert.equal(heard.status, 200);
        assert.equal(Buffer.from(await heard.arrayBuffer()).toString('latin1', 0, 4), 'RIFF');
      }

      // An MP3 is made by us, of what lies there.
      const mp3 = spoken.audio?.chunks[0]?.mp3 ?? '';
      faulty.next([fault], true);
      const away = await fetch(mp3);
      assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '2']);
      assert.match(await away.text(), /AUDIO_UNAVAILABLE/);
      faulty.heal();
      const back = await fetch(mp3);
      assert.deepEqual([back.status, back.headers.get('content-type')], [200, 'audio/mpeg']);
    });
});
