/** What a client did and saw of one conversation, in the order it saw it. */
export type ClientLog = {
  readonly conversationId: string;
  readonly acknowledged: readonly { clientMessageId: string; text: string; turnId: string; sequence: number }[];
  readonly updates: readonly SeenUpdate[];
  readonly chunks: readonly SeenChunk[];
  /** How many updates and chunks had arrived each time the connection broke. */
  readonly cuts: readonly { updates: number; chunks: number }[];
  readonly streamsCompleted: boolean;
};
export type SeenUpdate = {
  readonly cursor: string;
  readonly kind: string;
  readonly textDelta: string | null;
  readonly turnId: string;
  readonly text: string;
};
export type SeenChunk = {
  readonly id: string;
  readonly cursor: string;
  readonly turnId: string;
  readonly sequence: number;
  readonly isFinal: boolean;
};

/** What the database holds of one conversation, read without any of the platform's code. */
export type StoredConversation = {
  readonly id: string;
  readonly pendingReplies: number;
  readonly turns: readonly StoredTurn[];
  readonly updates: readonly { position: number; kind: string; textDelta: string | null; turnId: string }[];
  readonly chunks: readonly (Omit<SeenChunk, 'cursor'> & { position: number; text: string; playable: boolean })[];
  readonly eventVersions: readonly number[];
  readonly unsentEvents: number;
  /** As analytics has it, and as it has it after a rebuild; null: it has nothing. */
  readonly metrics: Metrics | null;
  readonly rebuiltMetrics: Metrics | null;
};
export type StoredTurn = {
  readonly id: string;
  readonly sequence: number;
  readonly role: string;
  readonly state: string;
  readonly text: string;
  readonly inReplyTo: string | null;
  readonly clientMessageId: string | null;
};
export type Metrics = { readonly turnCount: number; readonly interruptionCount: number } & Readonly<
  Record<string, unknown>
>;

/** Every way in which a conversation's log and store break what was promised; empty: none. */
export const check = (log: ClientLog, stored: StoredConversation | null): string[] => {
  if (stored === null) return [`conversation ${log.conversationId}: acknowledged, but not in the store`];
  const found: string[] = [];
  const add = (problem: string) => found.push(`conversation ${log.conversationId}: ${problem}`);
  checkTurns(log, stored, add);
  checkStoredUpdates(stored, add);
  checkSeenUpdates(log, stored, add);
  checkStoredAudio(stored, add);
  checkSeenAudio(log, stored, add);
  checkNumbers(stored, add);
  if (!log.streamsCompleted) add('the streams of the ended conversation did not complete');
  return found;
};

type Add = (problem: string) => void;

const checkTurns = (log: ClientLog, { turns, pendingReplies }: StoredConversation, add: Add): void => {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  for (const { clientMessageId, text, turnId, sequence } of log.acknowledged) {
    const turn = byId.get(turnId);
    if (turn === undefined) add(`acknowledged turn ${turnId} is lost`);
    else if (turn.text !== text || turn.sequence !== sequence || turn.clientMessageId !== clientMessageId)
      add(`acknowledged turn ${turnId} is not as it was acknowledged`);
  }
  for (const [clientMessageId, same] of Map.groupBy(turns, (turn) => turn.clientMessageId))
    if (clientMessageId !== null && same.length > 1) add(`message ${clientMessageId} made ${same.length} turns`);
  for (const [index, { sequence }] of turns.entries())
    if (sequence !== index + 1) add(`turn ${index + 1} has sequence ${sequence}`);
  const replies = Map.groupBy(
    turns.filter(({ role }) => role === 'AGENT'),
    ({ inReplyTo }) => inReplyTo,
  );
  for (const { id, role } of turns) {
    const count = replies.get(id)?.length ?? 0;
    if (role === 'CUSTOMER' && count !== 1) add(`customer turn ${id} has ${count} replies`);
    if (role !== 'CUSTOMER' && count > 0) add(`turn ${id} is no customer’s and has ${count} replies`);
  }
  for (const customerTurn of replies.keys())
    if (customerTurn === null || !byId.has(customerTurn)) add(`a reply answers ${customerTurn}, which is no turn here`);
  for (const { id, state } of turns)
    if (state !== 'COMPLETED' && state !== 'INTERRUPTED') add(`turn ${id} ended up ${state}`);
  if (pendingReplies !== 0) add(`${pendingReplies} replies are still waited for`);
};

/** A turn's updates in order; DELTAs that follow each other count as one. */
const ending = /^STARTED( DELTA)?( COMPLETED)?( INTERRUPTED)?$/;

const checkStoredUpdates = ({ updates, turns }: StoredConversation, add: Add): void => {
  for (const [index, { position }] of updates.entries())
    if (position !== index + 1) add(`update ${index + 1} of the log has position ${position}`);
  for (const { id, text, state } of turns) {
    const own = updates.filter(({ turnId }) => turnId === id);
    const kinds = merged(own).map(({ kind }) => kind);
    if (!ending.test(kinds.join(' ')) || kinds.at(-1) !== state)
      add(`the log shows turn ${id} as ${kinds.join(' ')}, the store as ${state}`);
    if (own.map(({ textDelta }) => textDelta ?? '').join('') !== text)
      add(`the log’s DELTAs of turn ${id} are not its text`);
  }
};

const checkSeenUpdates = (log: ClientLog, { updates, turns }: StoredConversation, add: Add): void => {
  for (const [cursor, same] of Map.groupBy(log.updates, (update) => update.cursor))
    if (same.length > 1) add(`cursor ${cursor} was delivered ${same.length} times`);
  const soFar = new Map<string, string>();
  const finalText = new Map(turns.map(({ id, text }) => [id, text]));
  const cutAt = new Set(log.cuts.map((cut) => cut.updates));
  const checkPrefixes = (at: number) => {
    for (const [turnId, text] of soFar)
      if (!(finalText.get(turnId) ?? '').startsWith(text))
        add(`text of turn ${turnId} that was delivered before a cut (after update ${at}) has changed since`);
  };
  for (const [index, { kind, textDelta, turnId, text }] of log.updates.entries()) {
    if (cutAt.has(index)) checkPrefixes(index);
    const joined = (soFar.get(turnId) ?? '') + (textDelta ?? '');
    soFar.set(turnId, joined);
    if (text !== joined) add(`turn ${turnId}: its text at ${kind} is not its DELTAs so far joined`);
  }
  for (const { id, text } of turns)
    if ((soFar.get(id) ?? '') !== text) add(`the DELTAs delivered of turn ${id} are not its text`);
  const seen = merged(log.updates).map(({ kind, turnId }) => `${kind} ${turnId}`);
  const happened = merged(updates).map(({ kind, turnId }) => `${kind} ${turnId}`);
  const first = happened.findIndex((step, index) => step !== seen[index]);
  if (first >= 0) add(`delivered as step ${first + 1}: ${seen[first] ?? 'nothing'}; what happened: ${happened[first]}`);
  else if (seen.length > happened.length)
    add(`${seen.length - happened.length} steps were delivered that never happened`);
};

const merged = <T extends { kind: string; turnId: string }>(updates: readonly T[]): T[] =>
  updates.filter(({ kind, turnId }, index) => {
    const previous = updates[index - 1];
    return !(kind === 'DELTA' && previous?.kind === 'DELTA' && previous.turnId === turnId);
  });

const squeeze = (text: string) => text.replace(/\s+/gu, '');

const checkStoredAudio = ({ chunks, turns }: StoredConversation, add: Add): void => {
  const inOrder = chunks.toSorted((a, b) => a.position - b.position);
  for (const [index, { position }] of inOrder.entries())
    if (position !== index + 1) add(`audio chunk ${index + 1} has position ${position}`);
  for (const { id, role, state, text } of turns) {
    const own = inOrder.filter(({ turnId }) => turnId === id);
    if (role !== 'AGENT') {
      if (own.length > 0) add(`turn ${id} is no agent’s and has audio`);
      continue;
    }
    for (const [index, { sequence }] of own.entries())
      if (sequence !== index + 1) add(`audio chunk ${index + 1} of turn ${id} has sequence ${sequence}`);
    const finals = own.filter(({ isFinal }) => isFinal);
    if (finals.length > 1 || (finals.length === 1 && !own.at(-1)?.isFinal))
      add(`turn ${id} has ${finals.length} final chunks`);
    // A turn that was cut short may have no last chunk.
    if (state === 'COMPLETED' && finals.length !== 1) add(`turn ${id} has ${finals.length} final chunks`);
    if (state === 'COMPLETED' && squeeze(own.map((chunk) => chunk.text).join('')) !== squeeze(text))
      add(`the audio of turn ${id} does not say its text`);
  }
  for (const { id, playable } of chunks) if (!playable) add(`audio chunk ${id} cannot be played`);
};

const checkSeenAudio = (log: ClientLog, { chunks }: StoredConversation, add: Add): void => {
  const inOrder = chunks.toSorted((a, b) => a.position - b.position).map(({ id }) => id);
  const seen = log.chunks.map(({ id }) => id);
  for (const [id, same] of Map.groupBy(seen, (chunk) => chunk))
    if (same.length > 1) add(`audio chunk ${id} was delivered ${same.length} times`);
  // A listener is only owed what comes after its first chunk: before it, it holds no cursor.
  const from = seen[0] === undefined ? inOrder.length : inOrder.indexOf(seen[0]);
  if (from < 0) {
    add(`audio chunk ${seen[0]} was delivered and is not in the store`);
    return;
  }
  const owed = inOrder.slice(from);
  const first = owed.findIndex((id, index) => id !== seen[index]);
  if (first >= 0)
    add(`audio chunk ${owed[first]} was owed as number ${first + 1}, delivered was ${seen[first] ?? 'nothing'}`);
  else if (seen.length > owed.length)
    add(`${seen.length - owed.length} audio chunks were delivered that are not in the store`);
};

const checkNumbers = (
  { turns, metrics, rebuiltMetrics, eventVersions, unsentEvents }: StoredConversation,
  add: Add,
): void => {
  for (const [index, version] of eventVersions.entries())
    if (version !== index + 1) add(`event ${index + 1} has version ${version}`);
  if (unsentEvents > 0) add(`${unsentEvents} events were never sent`);
  if (metrics === null) {
    add('analytics knows nothing of it');
    return;
  }
  if (metrics.turnCount !== turns.length) add(`analytics counts ${metrics.turnCount} turns of ${turns.length}`);
  const interrupted = turns.filter(({ state }) => state === 'INTERRUPTED').length;
  if (metrics.interruptionCount !== interrupted)
    add(`analytics counts ${metrics.interruptionCount} interruptions of ${interrupted}`);
  if (JSON.stringify(metrics) !== JSON.stringify(rebuiltMetrics))
    add(`a rebuild changes the numbers: ${JSON.stringify(metrics)} → ${JSON.stringify(rebuiltMetrics)}`);
};
