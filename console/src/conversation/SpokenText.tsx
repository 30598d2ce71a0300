import type { AudioChunkFieldsFragment, TranscriptTurn } from '@parley/client';
import { useMemo } from 'react';
import type { Player } from '../voice/player.ts';
import { spokenRange } from '../voice/spokenRange.ts';
import { usePlayerState } from '../voice/usePlayer.ts';

/** A reply's words: what is being said stands out while it sounds; of an interrupted one, what was never heard fades. */
export const SpokenText = (props: {
  turn: TranscriptTurn;
  chunks: readonly AudioChunkFieldsFragment[];
  player: Player;
}) => {
  const { turn, chunks, player } = props;
  const voice = usePlayerState(player);
  const words = useMemo(() => chunks.flatMap((chunk) => chunk.words), [chunks]);
  const { text, spokenText } = turn;
  const isSounding = voice.isPlaying && voice.turnId === turn.id && words.length > 0;

  if (isSounding) {
    const { from, to } = spokenRange(text, words, voice.positionMs);
    return (
      <p className="words">
        {text.slice(0, from)}
        <mark>{text.slice(from, to)}</mark>
        <span className="ahead">{text.slice(to)}</span>
        <Caret turn={turn} />
      </p>
    );
  }
  if (turn.interrupted && spokenText !== null && text.startsWith(spokenText))
    return (
      <p className="words">
        {spokenText}
        <span className="unheard" title="Generated, but never heard">
          {text.slice(spokenText.length)}
        </span>
      </p>
    );
  return (
    <p className="words">
      {text}
      <Caret turn={turn} />
    </p>
  );
};

const Caret = ({ turn }: { turn: TranscriptTurn }) =>
  turn.state === 'STREAMING' && <span className="caret" role="img" aria-label="still writing" />;
