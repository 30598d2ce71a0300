import { Refusal } from '@parley/kernel/refusal';

export type InterruptibleTurn = {
  readonly role: string;
  readonly state: string;
  readonly isLatestAgentTurn: boolean;
  /** all its audio is made, or will never be */
  readonly voiced: boolean;
};
/** What voice knows of the turn's audio: milliseconds made so far, and when the first of it was made. */
export type TurnAudioTiming = { readonly durationMs: number; readonly firstChunkAt: Date | null };

/** Network and player buffers between "made" and "heard". */
const playoutSlackMs = 10_000;

/**
 * May this turn still be interrupted? It may until its audio has played out.
 * @throws Refusal INVALID_INPUT, TURN_NOT_INTERRUPTIBLE
 */
export const interruptTurn = (
  turn: InterruptibleTurn,
  audio: TurnAudioTiming,
  command: { playedMs: number; now: Date },
): void => {
  if (command.playedMs < 0) {
    throw new Refusal('INVALID_INPUT', 'playedMs must not be negative.', {
      issues: [{ path: ['playedMs'], message: 'must be 0 or more' }],
    });
  }
  const no = (why: string) => new Refusal('TURN_NOT_INTERRUPTIBLE', why);
  if (turn.role !== 'AGENT') throw no("Only an agent's turn can be interrupted.");
  if (turn.state === 'INTERRUPTED') throw no('This turn was interrupted before.');
  if (turn.state === 'FAILED') throw no('This turn has failed; there is nothing to interrupt.');
  if (!turn.isLatestAgentTurn) throw no('Only the latest turn of the agent can be interrupted.');
  if (turn.state === 'STREAMING' || !turn.voiced) return;
  const since =
    audio.firstChunkAt === null ? Number.POSITIVE_INFINITY : command.now.getTime() - audio.firstChunkAt.getTime();
  if (since > audio.durationMs + playoutSlackMs || command.playedMs >= audio.durationMs) {
    throw no('The audio of this turn has played out.');
  }
};
