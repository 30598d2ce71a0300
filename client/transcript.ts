import type { TurnFieldsFragment, TurnUpdateFieldsFragment, TurnUpdateKind } from './gql/graphql.ts';

/** What of a stored turn and of a live one is the same. */
export type TranscriptTurn = TurnFieldsFragment;
export type Transcript = {
  /** By sequence. */
  readonly turns: readonly TranscriptTurn[];
  /** Where the live stream goes on from this state. */
  readonly cursor: string | null;
};
export type TurnUpdate = {
  readonly cursor: string;
  readonly kind: TurnUpdateKind;
  readonly textDelta: string | null;
  readonly turn: TurnUpdateFieldsFragment;
};

/** The state a stored conversation is in: its turns in any order, and its `turnsCursor`. */
export const transcriptOf = (turns: readonly TranscriptTurn[], cursor: string | null): Transcript => ({
  turns: turns.toSorted((a, b) => a.sequence - b.sequence),
  cursor,
});

/** The next state. Pure, and in the stream's order: a turn's text is its DELTAs, joined. */
export const applyTurnUpdate = (state: Transcript, update: TurnUpdate): Transcript => {
  if (update.cursor === state.cursor) return state;
  const before = state.turns.find(({ id }) => id === update.turn.id);
  const turn: TranscriptTurn = { ...update.turn, text: textAfter(before?.text ?? '', update) };
  const turns = before
    ? state.turns.map((one) => (one.id === turn.id ? turn : one))
    : [...state.turns, turn].toSorted((a, b) => a.sequence - b.sequence);
  return { turns, cursor: update.cursor };
};

const textAfter = (text: string, { kind, textDelta }: TurnUpdate): string => {
  // A turn that starts again is told again from its first word.
  if (kind === 'STARTED') return '';
  return kind === 'DELTA' ? text + (textDelta ?? '') : text;
};
