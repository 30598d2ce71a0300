import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Actor } from '@parley/kernel/actor';
import { openPool } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { openKeyFile } from '@parley/kernel/keyFile';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import type { Subgraph, SubgraphRequest, SubgraphResult } from '@parley/kernel/subgraph';
import { testDatabase } from '../../../test/testkit/database.ts';
import { salesTopic } from '../events.ts';
import { startSales } from '../server.ts';

/** Sales on a real database, with an agent, a voice and an auth that answer as a test tells them to. */
export const salesWorld = async () => {
  const database = await testDatabase();
  const keys = await mkdtemp(path.join(tmpdir(), 'parley-keys-'));
  const pool = openPool(database.url, { max: 10, waitMs: 20_000 });
  const bus = inProcessBus();
  const pubsub = memoryPubSub();
  const events: StoredEvent[] = [];
  await bus.consume('test', [salesTopic], async (list) => void events.push(...list));

  const script = {
    /** The reply's deltas; each is awaited, so a test may hold one back. */
    reply: (_message: string): (string | Promise<string>)[] => ['Hello ', 'there. ', 'How can I help?'],
    failures: 0,
    failure: () => new Error('the model is away'),
    /** How often the agent's store is away when it is asked for its voice. */
    agentAway: 0,
    phase: 'DISCOVERY',
    spoken: [] as { turnId: string; sequence: number; text: string; isFinal: boolean }[],
    voiceDown: false,
    requests: [] as Record<string, unknown>[],
  };
  const agent: Subgraph = {
    name: 'agent',
    execute: async ({ query, variables }) => {
      if (query.includes('voice') && script.agentAway > 0) {
        script.agentAway -= 1;
        return { errors: [{ message: 'not now', extensions: { code: 'SERVICE_UNAVAILABLE' } }] };
      }
      return { data: { agent: variables?.['id'] === agentId ? { id: agentId, locale: 'en-US', voice: null } : null } };
    },
    subscribe: async ({ variables }) => {
      const input = variables?.['input'] as { message: string };
      script.requests.push(input as Record<string, unknown>);
      if (script.failures > 0) {
        script.failures -= 1;
        throw script.failure();
      }
      return parts(script.reply(input.message), script.phase);
    },
  };
  const voice: Subgraph = {
    name: 'voice',
    execute: async (request) => {
      if (script.voiceDown) return { errors: [{ message: 'voice is away' }] };
      return voiceAnswer(request, script.spoken);
    },
    subscribe: async () => {
      throw new Error('not used');
    },
  };
  const auth: Subgraph = {
    ...voice,
    name: 'auth',
    execute: async () => ({ data: { issueVisitorToken: 'visitor-token' } }),
  };
  const log = createLog({ level: 'silent', service: 'test' });
  const masterKey = await openKeyFile(path.join(keys, 'master.key'));
  const startAnother = () => {
    const server = startSales({
      pool,
      bus,
      pubsub,
      masterKey,
      log,
      clock: () => new Date(),
      subgraphs: { auth, agent, voice },
    });
    server.start();
    return server;
  };
  const sales = startAnother();

  const as = (actor: Actor) => ({
    query: async <T = Record<string, never>>(query: string, variables: Record<string, unknown> = {}): Promise<T> => {
      const { data, errors } = await sales.subgraph.execute({ query, variables, actor, requestId: 'test' });
      if (errors?.length) throw Object.assign(new Error(errors.map(({ message }) => message).join('; ')), { errors });
      return JSON.parse(JSON.stringify(data)) as T;
    },
    subscribe: (query: string, variables: Record<string, unknown>) =>
      sales.subgraph.subscribe({ query, variables, actor, requestId: 'test' }),
  });
  return {
    as,
    sales,
    startAnother,
    script,
    events,
    pool,
    database,
    masterKey,
    stop: async () => {
      await sales.stop();
      await pool.end();
      await database.drop();
      await rm(keys, { recursive: true });
    },
  };
};

export const agentId = '01900000-0000-7000-8000-00000000a9e7';
export const userOf = (tenantId: string): Actor => ({
  kind: 'USER',
  id: randomUUID(),
  tenantId,
  role: 'OWNER',
  scopes: ['conversations:read', 'conversations:write'],
  partnerId: null,
  conversationId: null,
  sessionId: null,
  expiresAt: null,
});

async function* parts(deltas: (string | Promise<string>)[], phase: string): AsyncGenerator<SubgraphResult, void, void> {
  const intent = { name: 'greeting', confidence: 0.9, outOfScope: false };
  yield { data: { replyParts: { kind: 'UNDERSTOOD', intent, sentiment: 0.4, objection: null, phase, text: null } } };
  for (const delta of deltas) yield { data: { replyParts: { kind: 'DELTA', text: await delta } } };
  yield { data: { replyParts: { kind: 'COMPLETED', text: null } } };
}

const voiceAnswer = (
  { query, variables }: SubgraphRequest,
  spoken: { turnId: string; sequence: number; text: string; isFinal: boolean }[],
): SubgraphResult => {
  const ofTurn = (id: unknown) => spoken.filter(({ turnId }) => turnId === id);
  if (query.includes('speakSentence')) {
    const input = variables?.['input'] as (typeof spoken)[number];
    if (!ofTurn(input.turnId).some(({ sequence }) => sequence === input.sequence)) spoken.push(input);
    return { data: { speakSentence: { durationMs: 1000, status: 'READY' } } };
  }
  const id = variables?.['turnId'];
  const heard = Math.floor(Number(variables?.['playedMs']) / 1000);
  const spokenText = ofTurn(id)
    .slice(0, heard)
    .map(({ text }) => text)
    .join(' ');
  if (query.includes('turnAudioTiming')) {
    const durationMs = ofTurn(id).length * 1000;
    return { data: { turnAudioTiming: { durationMs, firstChunkAt: new Date().toISOString(), spokenText } } };
  }
  return { data: { cutTurnAudio: { spokenText } } };
};
