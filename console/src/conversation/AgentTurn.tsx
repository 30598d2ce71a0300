import type { AudioChunkFieldsFragment, TranscriptTurn, TurnEvidenceFragment } from '@parley/client';
import { Icon } from '../ui/Icon.tsx';
import { when } from '../ui/words.ts';
import type { Player } from '../voice/player.ts';
import { Citations } from './Citations.tsx';
import { LatencyMarks } from './LatencyMarks.tsx';
import { SpokenText } from './SpokenText.tsx';

const roles: Readonly<Record<string, string>> = { HUMAN_AGENT: 'Colleague', SYSTEM: 'System' };

export const AgentTurn = (props: {
  turn: TranscriptTurn;
  name: string;
  evidence: TurnEvidenceFragment | null;
  chunks: readonly AudioChunkFieldsFragment[];
  player: Player;
}) => {
  const { turn, name, evidence, chunks, player } = props;
  const isStreaming = turn.state === 'STREAMING';
  const canReplay = !isStreaming && chunks.length > 0;
  return (
    <li className="turn agent" data-turn={turn.sequence} data-state={turn.state} aria-busy={isStreaming}>
      <p className="turnHead">
        <span>{roles[turn.role] ?? name}</span> <time dateTime={turn.createdAt}>{when(turn.createdAt)}</time>
        {turn.interrupted && <span className="chip interrupted">Interrupted</span>}
        {turn.state === 'FAILED' && <span className="chip objection">Reply failed</span>}
        {canReplay && (
          <button
            type="button"
            className="button quiet iconOnly small"
            aria-label="Play this reply again"
            onClick={() => player.replay(turn.id, chunks)}
          >
            <Icon name="play" />
          </button>
        )}
      </p>
      <SpokenText turn={turn} chunks={chunks} player={player} />
      {turn.state === 'FAILED' && (
        <p className="quiet">The reply could not be finished. Send another message to go on.</p>
      )}
      <div className="turnFoot">
        <LatencyMarks latency={turn.latency} />
        {evidence?.audio?.status === 'UNAVAILABLE' && <span className="quiet">No voice for this language here</span>}
      </div>
      {evidence?.reply && evidence.reply.citations.length > 0 && <Citations citations={evidence.reply.citations} />}
    </li>
  );
};
