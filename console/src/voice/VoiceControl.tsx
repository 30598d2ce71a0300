import { Icon } from '../ui/Icon.tsx';
import type { Player } from './player.ts';
import { usePlayerState } from './usePlayer.ts';

/** Whether the agent is heard, and the switch for it. */
export const VoiceControl = ({ player }: { player: Player }) => {
  const { isPlaying, isBlocked, isMuted } = usePlayerState(player);
  if (isBlocked)
    return (
      <button type="button" className="button attention" onClick={player.unblock}>
        <Icon name="sound" /> Turn sound on
      </button>
    );
  return (
    <div className="voiceControl">
      <span className="voiceState" data-playing={isPlaying} role="status">
        <span className="bars" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {isPlaying ? (isMuted ? 'Speaking, muted' : 'Speaking') : 'Silent'}
      </span>
      <button
        type="button"
        className="button iconOnly"
        aria-pressed={isMuted}
        aria-label={isMuted ? 'Unmute the agent' : 'Mute the agent'}
        onClick={() => player.mute(!isMuted)}
      >
        <Icon name={isMuted ? 'muted' : 'sound'} />
      </button>
    </div>
  );
};
