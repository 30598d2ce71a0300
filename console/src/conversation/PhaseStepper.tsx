import type { ConversationPhase } from '@parley/client';
import { inWords } from '../ui/words.ts';

const phases: readonly ConversationPhase[] = [
  'GREETING',
  'DISCOVERY',
  'QUALIFICATION',
  'PRESENTATION',
  'OBJECTION_HANDLING',
  'CLOSING',
  'FOLLOW_UP',
];

/** Where in a sale the conversation is. A conversation may go back, so earlier steps are passed, not done. */
export const PhaseStepper = ({ phase, hasEnded }: { phase: ConversationPhase; hasEnded: boolean }) => {
  const at = phases.indexOf(phase);
  return (
    <section aria-labelledby="phase-title">
      <h2 id="phase-title">Phase</h2>
      <ol className="phases" data-ended={hasEnded}>
        {phases.map((one, index) => (
          <li key={one} aria-current={index === at ? 'step' : undefined} data-passed={index < at}>
            {inWords(one)}
          </li>
        ))}
      </ol>
    </section>
  );
};
