import { MetricsPanel } from './MetricsPanel.tsx';
import { PhaseStepper } from './PhaseStepper.tsx';
import type { ConversationState, Metrics } from './state.ts';

/** Beside the words: where the conversation stands, and how it is going. */
export const Inspector = (props: { conversation: ConversationState['conversation']; metrics: Metrics | null }) => (
  <aside className="inspector" aria-label="About this conversation">
    <PhaseStepper phase={props.conversation.phase} hasEnded={props.conversation.status === 'ENDED'} />
    {props.metrics && <MetricsPanel metrics={props.metrics} />}
  </aside>
);
