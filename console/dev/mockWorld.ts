import { randomUUID } from 'node:crypto';
import { createLog } from './log.ts';

/** One organization in memory, enough of the platform to work on the page: see `console/README.md`. */
type Turn = Record<string, unknown> & { id: string; sequence: number; role: string; state: string; text: string };
type Chunk = {
  id: string;
  cursor: string;
  turn: Turn;
  sequence: number;
  durationMs: number;
  startMs: number;
  text: string;
} & Record<string, unknown>;
type Conversation = ReturnType<typeof newConversation>;

export type Speed = { readonly wordMs: number; readonly thinkMs: number };

const refusal = (code: string, message: string, issues: { path: string[]; message: string }[] = []) => ({
  __typename: 'Refusal',
  code,
  message,
  issues,
  retryAfterMs: null,
});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const page = (nodes: readonly unknown[]) => ({
  edges: nodes.map((node) => ({ node, cursor: '' })),
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
});
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\d]{3,}/gu) ?? [];

const newConversation = (agent: Record<string, unknown>, locale: string) => ({
  id: randomUUID(),
  status: 'OPEN',
  phase: 'GREETING',
  channel: 'WEB',
  locale,
  outcome: null as string | null,
  createdAt: new Date().toISOString(),
  agent,
  all: [] as Turn[],
  updates: createLog<Record<string, unknown>>(),
  chunks: createLog<Chunk>(),
  changes: createLog<Record<string, unknown>>(),
  stopped: new Set<string>(),
});

export const createWorld = (speed: Speed = { wordMs: 45, thinkMs: 350 }) => {
  const agents: Record<string, unknown>[] = [];
  const passages: { knowledgeBaseId: string; title: string; text: string }[] = [];
  const conversations: Conversation[] = [];
  const viewer = { id: randomUUID(), email: '', role: 'OWNER', organization: { id: randomUUID(), name: '' } };
  const tokens = () => ({ accessToken: `a.${randomUUID()}`, refreshToken: `r.${randomUUID()}`, expiresIn: 900 });
  const found = (id: string): Conversation | undefined => conversations.find((one) => one.id === id);

  const record = (conversation: Conversation, kind: string, turn: Turn, textDelta: string | null = null): void => {
    const cursor = String(conversation.updates.items.length + 1);
    conversation.updates.append({ cursor, kind, textDelta, turn: { ...turn } });
  };
  const addTurn = (conversation: Conversation, role: string, more: Record<string, unknown>): Turn => {
    const turn = {
      id: randomUUID(),
      sequence: conversation.all.length + 1,
      role,
      state: 'STREAMING',
      text: '',
      spokenText: null,
      interrupted: false,
      inReplyTo: null,
      intent: null,
      sentiment: null,
      objection: null,
      latency: null,
      createdAt: new Date().toISOString(),
      conversation,
      reply: null,
      audio: null,
      ...more,
    };
    conversation.all.push(turn);
    record(conversation, 'STARTED', turn);
    return turn;
  };
  const change = (conversation: Conversation, next: Partial<Conversation>): void => {
    Object.assign(conversation, next);
    conversation.changes.append({ ...conversation });
  };
  const citationsFor = (conversation: Conversation, text: string) => {
    const base = conversation.agent['knowledgeBase'] as { id: string } | null;
    const asked = new Set(words(text));
    return passages
      .filter(({ knowledgeBaseId }) => knowledgeBaseId === base?.id)
      .map((one) => ({
        documentTitle: one.title,
        text: one.text,
        score: words(one.text).filter((word) => asked.has(word)).length / (asked.size + 1),
      }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, 2);
  };

  const speak = (conversation: Conversation, turn: Turn, sentence: string, isFinal: boolean): void => {
    const mine = conversation.chunks.items.filter((chunk) => chunk.turn.id === turn.id);
    const startMs = mine.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const spoken = sentence.match(/\S+/g) ?? [];
    const durationMs = spoken.length * 260;
    const chunk: Chunk = {
      id: randomUUID(),
      cursor: String(conversation.chunks.items.length + 1),
      turn,
      sequence: mine.length + 1,
      url: `/mock-audio/${durationMs}.wav`,
      mimeType: 'audio/wav',
      durationMs,
      startMs,
      text: sentence,
      words: spoken.map((text, index) => ({
        text,
        startMs: startMs + index * 260,
        endMs: startMs + (index + 1) * 260,
      })),
      isFinal,
    };
    turn['audio'] = { status: 'READY', durationMs: startMs + durationMs, chunks: [...mine, chunk] };
    conversation.chunks.append(chunk);
  };

  const reply = async (conversation: Conversation, question: Turn): Promise<void> => {
    const since = Date.now();
    const citations = citationsFor(conversation, question.text);
    await pause(speed.thinkMs);
    const latency = {
      timeToFirstToken: Date.now() - since,
      timeToFirstAudio: null as number | null,
      total: null as number | null,
    };
    const turn = addTurn(conversation, 'AGENT', { inReplyTo: question, latency });
    const opening = question.sequence === 1 ? 'You are talking to an AI assistant. ' : '';
    const text = `${opening}${citations[0]?.text ?? 'I do not have that in front of me, so I would rather check than guess.'} Shall I go into the details?`;
    const sentences = text.match(/[^.!?]+[.!?]+\s*/g) ?? [text];
    for (const [index, sentence] of sentences.entries()) {
      for (const word of sentence.match(/\S+\s*/g) ?? []) {
        if (conversation.stopped.has(turn.id)) return;
        turn.text += word;
        record(conversation, 'DELTA', turn, word);
        await pause(speed.wordMs);
      }
      if (conversation.stopped.has(turn.id)) return;
      speak(conversation, turn, sentence.trim(), index === sentences.length - 1);
      latency.timeToFirstAudio ??= Date.now() - since;
    }
    latency.total = Date.now() - since;
    turn.state = 'COMPLETED';
    turn['reply'] = { strategy: 'consultative', model: 'built-in', citations };
    record(conversation, 'COMPLETED', turn);
  };

  const visible = (conversation: Conversation) => ({
    ...conversation,
    turnsCursor: String(conversation.updates.items.length),
    turns: ({ last = 50 }: { last?: number }) => page(conversation.all.slice(-last)),
    metrics: {
      turnCount: conversation.all.length,
      talkRatio: 0.62,
      interruptionCount: conversation.stopped.size,
      sentiment: 0.1,
      timeToFirstTokenMs: { p50: 352, p95: 401, p99: 401, count: 2 },
      timeToFirstAudioMs: { p50: 820, p95: 1210, p99: 1210, count: 2 },
    },
  });

  type Input<T> = { input: T };
  const signIn = (typename: string, { email, password }: { email: string; password: string }) => {
    if (password.length < 12) {
      const message = 'Use at least 12 characters.';
      return refusal('INVALID_INPUT', 'Some fields need another look.', [{ path: ['password'], message }]);
    }
    viewer.email = email;
    return { __typename: typename, ...tokens(), viewer };
  };
  return {
    viewer: () => viewer,
    agents: () => page(agents),
    agent: ({ id }: { id: string }) => agents.find((one) => one['id'] === id) ?? null,
    conversations: () => page(conversations.toReversed().map(visible)),
    conversation: ({ id }: { id: string }) => {
      const one = found(id);
      return one ? visible(one) : null;
    },
    signUp: ({ input }: Input<{ email: string; password: string; organizationName: string }>) => {
      viewer.organization.name = input.organizationName;
      return signIn('SignUpSuccess', input);
    },
    signIn: ({ input }: Input<{ email: string; password: string }>) => signIn('SignInSuccess', input),
    refreshSession: () => ({ __typename: 'RefreshSessionSuccess', ...tokens() }),
    createKnowledgeBase: ({ input }: Input<{ name: string }>) => ({
      __typename: 'CreateKnowledgeBaseSuccess',
      knowledgeBase: { id: randomUUID(), name: input.name },
    }),
    addKnowledgeDocument: ({ input }: Input<{ knowledgeBaseId: string; title: string; text: string }>) => {
      const { knowledgeBaseId, title, text } = input;
      for (const part of text.split(/\n\s*\n/))
        passages.push({ knowledgeBaseId, title, text: part.trim().replace(/\s*\n\s*/g, ' ') });
      return { __typename: 'AddKnowledgeDocumentSuccess', document: { id: randomUUID(), title } };
    },
    createAgent: ({ input }: Input<Record<string, unknown> & { name: string }>) => {
      if (input.name.trim() === '')
        return refusal('INVALID_INPUT', 'A name is missing.', [{ path: ['name'], message: 'Give the agent a name.' }]);
      const base = input['knowledgeBaseId'];
      const agent = {
        id: randomUUID(),
        ...input,
        voice: null,
        knowledgeBase: base ? { id: base, name: 'Knowledge' } : null,
      };
      agents.push(agent);
      return { __typename: 'CreateAgentSuccess', agent };
    },
    startConversation: ({ input }: Input<{ agentId: string; locale?: string }>) => {
      const agent = agents.find((one) => one['id'] === input.agentId);
      if (!agent) return refusal('NOT_FOUND', 'There is no such agent.');
      const conversation = newConversation(agent, input.locale ?? String(agent['locale']));
      conversations.push(conversation);
      return { __typename: 'StartConversationSuccess', conversation: visible(conversation), visitorToken: 'v' };
    },
    sendMessage: ({ input }: Input<{ conversationId: string; text: string }>) => {
      const conversation = found(input.conversationId);
      if (!conversation) return refusal('NOT_FOUND', 'There is no such conversation.');
      if (conversation.status === 'ENDED') return refusal('CONVERSATION_ENDED', 'The conversation has ended.');
      const isPrice = /price|cost|expensive|precio|cuesta|caro/i.test(input.text);
      const turn = addTurn(conversation, 'CUSTOMER', {
        intent: { name: isPrice ? 'ask_price' : 'ask_product', confidence: 0.91, outOfScope: false },
        sentiment: /expensive|caro/i.test(input.text) ? -0.4 : 0.1,
        objection: /expensive|caro/i.test(input.text) ? 'PRICE' : null,
      });
      turn.text = input.text;
      record(conversation, 'DELTA', turn, input.text);
      turn.state = 'COMPLETED';
      record(conversation, 'COMPLETED', turn);
      const phase = turn['objection'] ? 'OBJECTION_HANDLING' : isPrice ? 'PRESENTATION' : 'DISCOVERY';
      if (phase !== conversation.phase) change(conversation, { phase });
      void reply(conversation, turn);
      return { __typename: 'SendMessageSuccess', turn };
    },
    interruptTurn: ({ input }: Input<{ turnId: string; playedMs: number }>) => {
      for (const conversation of conversations)
        for (const turn of conversation.all) {
          if (turn.id !== input.turnId || turn.role !== 'AGENT') continue;
          conversation.stopped.add(turn.id);
          const heard = (turn.text.match(/\S+\s*/g) ?? []).slice(0, Math.floor(input.playedMs / 260)).join('');
          Object.assign(turn, { state: 'INTERRUPTED', interrupted: true, spokenText: heard.trimEnd() });
          record(conversation, 'INTERRUPTED', turn);
          return { __typename: 'InterruptTurnSuccess', turn };
        }
      return refusal('NOT_FOUND', 'There is no such turn.');
    },
    endConversation: ({ input }: Input<{ conversationId: string; outcome: string }>) => {
      const conversation = found(input.conversationId);
      if (!conversation) return refusal('NOT_FOUND', 'There is no such conversation.');
      change(conversation, { status: 'ENDED', outcome: input.outcome });
      for (const log of [conversation.updates, conversation.chunks, conversation.changes]) log.close();
      return { __typename: 'EndConversationSuccess', conversation: visible(conversation) };
    },
    live: {
      conversationTurns: (id: string, after: string | null) =>
        found(id)?.updates.read(Number(after ?? found(id)?.updates.items.length)),
      audioChunks: (id: string, after: string | null) =>
        found(id)?.chunks.read(Number(after ?? found(id)?.chunks.items.length)),
      conversationUpdated: (id: string) => found(id)?.changes.read(found(id)?.changes.items.length ?? 0),
    },
  };
};
