import type { AgentFieldsFragment } from '@parley/client';
import { AgentCard } from './agents/AgentCard.tsx';
import type { Problem } from './problem.ts';
import { Icon } from './ui/Icon.tsx';
import { Notice } from './ui/Notice.tsx';

export const Home = (props: {
  agents: readonly AgentFieldsFragment[] | null;
  problem: Problem | null;
  onRetry: () => void;
  onStarted: () => void;
}) => (
  <section className="sheet" aria-labelledby="home-title">
    <div className="sheetHead">
      <div>
        <h1 id="home-title">Start a conversation</h1>
        <p className="lead">Choose who answers. You write as the customer; the agent replies in words and in voice.</p>
      </div>
      <a className="button" href="#/agents/new">
        <Icon name="plus" /> New agent
      </a>
    </div>
    <Notice problem={props.problem} onRetry={props.onRetry} />
    {props.agents === null && props.problem === null && <p className="quiet">Loading agents…</p>}
    <ul className="agentCards">
      {props.agents?.map((agent) => (
        <li key={agent.id}>
          <AgentCard agent={agent} onStarted={props.onStarted} />
        </li>
      ))}
    </ul>
  </section>
);
