import { AgentsDocument, ConversationsDocument, ViewerDocument } from '@parley/client';
import { useCallback } from 'react';
import { AgentForm } from './agents/AgentForm.tsx';
import { ConversationView } from './conversation/ConversationView.tsx';
import { ConversationList } from './conversations/ConversationList.tsx';
import { Home } from './Home.tsx';
import { useClient } from './parley.ts';
import { useRoute } from './route.ts';
import { TopBar } from './TopBar.tsx';
import { useLoaded } from './useLoaded.ts';

/** Everything behind the sign-in. */
export const Console = () => {
  const client = useClient();
  const route = useRoute();
  const viewer = useLoaded(
    useCallback(async (signal) => (await client.execute(ViewerDocument, {}, { signal })).viewer, [client]),
  );
  const agents = useLoaded(
    useCallback(
      async (signal) =>
        (await client.execute(AgentsDocument, { first: 50 }, { signal })).agents?.edges.map(({ node }) => node) ?? [],
      [client],
    ),
  );
  const conversations = useLoaded(
    useCallback(
      async (signal) =>
        (await client.execute(ConversationsDocument, { first: 50 }, { signal })).conversations?.edges.map(
          ({ node }) => node,
        ) ?? [],
      [client],
    ),
  );
  const needsAgent = route.page === 'newAgent' || (route.page === 'home' && agents.value?.length === 0);

  return (
    <div className="console" data-page={route.page}>
      <TopBar organization={viewer.value?.organization.name ?? null} email={viewer.value?.email ?? null} />
      <ConversationList
        conversations={conversations.value}
        problem={conversations.problem}
        onRetry={conversations.reload}
        openId={route.page === 'conversation' ? route.id : null}
      />
      <main className="stage">
        {route.page === 'conversation' && (
          <ConversationView key={route.id} id={route.id} onChanged={conversations.reload} />
        )}
        {needsAgent && (
          <AgentForm
            hasAgents={(agents.value?.length ?? 0) > 0}
            onCreated={(agent) => agents.amend((before) => [agent, ...before])}
          />
        )}
        {route.page === 'home' && !needsAgent && (
          <Home
            agents={agents.value}
            problem={agents.problem}
            onRetry={agents.reload}
            onStarted={conversations.reload}
          />
        )}
      </main>
    </div>
  );
};
