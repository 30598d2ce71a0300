import { type AgentFieldsFragment, StartConversationDocument } from '@parley/client';
import { useClient } from '../parley.ts';
import { accepted } from '../problem.ts';
import { go } from '../route.ts';
import { Notice } from '../ui/Notice.tsx';
import { localeName } from '../ui/words.ts';
import { useAction } from '../useAction.ts';
import { initials } from './initials.ts';

export const AgentCard = ({ agent, onStarted }: { agent: AgentFieldsFragment; onStarted: () => void }) => {
  const client = useClient();
  const start = useAction(async () => {
    const input = { agentId: agent.id, channel: 'WEB' } as const;
    const { conversation } = accepted((await client.execute(StartConversationDocument, { input })).startConversation);
    onStarted();
    go({ page: 'conversation', id: conversation.id });
  });
  return (
    <article className="agentCard">
      <span className="avatar" aria-hidden="true">
        {initials(agent.name)}
      </span>
      <div className="agentCardText">
        <h2>{agent.name}</h2>
        <p className="quiet">
          {localeName(agent.locale)}
          {agent.knowledgeBase ? ` · ${agent.knowledgeBase.name}` : ' · no knowledge yet'}
        </p>
      </div>
      <button type="button" className="button primary" onClick={() => void start.run()} disabled={start.isBusy}>
        {start.isBusy ? 'Starting…' : 'Start'}
      </button>
      <Notice problem={start.problem} />
    </article>
  );
};
