import { initials } from '../agents/initials.ts';
import { Icon } from '../ui/Icon.tsx';
import { localeName } from '../ui/words.ts';
import type { Player } from '../voice/player.ts';
import { VoiceControl } from '../voice/VoiceControl.tsx';
import type { ConversationState } from './state.ts';

export const ConversationHead = (props: {
  conversation: ConversationState['conversation'];
  player: Player;
  onEnd: () => void;
}) => {
  const { conversation, player, onEnd } = props;
  const name = conversation.agent?.name ?? 'Agent';
  return (
    <div className="conversationHead">
      <a className="backLink" href="#/" aria-label="Back to all conversations">
        <Icon name="back" />
      </a>
      <span className="avatar" aria-hidden="true">
        {initials(name)}
      </span>
      <div className="who">
        <h1>{name}</h1>
        <p className="quiet">
          {localeName(conversation.locale)}
          {conversation.agent?.knowledgeBase && ` · ${conversation.agent.knowledgeBase.name}`}
        </p>
      </div>
      <VoiceControl player={player} />
      {conversation.status !== 'ENDED' && (
        <button type="button" className="button" onClick={onEnd}>
          End…
        </button>
      )}
    </div>
  );
};
