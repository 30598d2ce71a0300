import type { ConversationsQuery } from '@parley/client';
import type { Problem } from '../problem.ts';
import { hashOf } from '../route.ts';
import { Icon } from '../ui/Icon.tsx';
import { Notice } from '../ui/Notice.tsx';
import { inWords, when } from '../ui/words.ts';

export type ListedConversation = NonNullable<ConversationsQuery['conversations']>['edges'][number]['node'];

/** Past and present conversations, to reopen. */
export const ConversationList = (props: {
  conversations: readonly ListedConversation[] | null;
  problem: Problem | null;
  onRetry: () => void;
  openId: string | null;
}) => (
  <nav className="sidebar" aria-label="Conversations">
    <a className="button primary wide" href="#/">
      <Icon name="plus" /> New conversation
    </a>
    <h2>Conversations</h2>
    <Notice problem={props.problem} onRetry={props.onRetry} />
    {props.conversations?.length === 0 && <p className="quiet">None yet. The ones you start are kept here.</p>}
    <ul>
      {props.conversations?.map((one) => (
        <li key={one.id}>
          <a
            className="conversationLink"
            href={hashOf({ page: 'conversation', id: one.id })}
            aria-current={one.id === props.openId ? 'page' : undefined}
          >
            <span className="name">{one.agent?.name ?? 'Agent'}</span>
            <time dateTime={one.createdAt}>{when(one.createdAt)}</time>
            <span className="state" data-status={one.status}>
              {one.outcome ? inWords(one.outcome) : inWords(one.phase)}
            </span>
          </a>
        </li>
      ))}
    </ul>
  </nav>
);
