import type { ConversationPhase } from '@parley/client';
import { useEffect, useRef } from 'react';
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
  const current = useRef<HTMLLIElement>(null);
  // On a narrow screen the phases are a strip that scrolls.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it moves
  useEffect(() => {
    current.current?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [at]);
  return (
    <section aria-labelledby="phase-title">
      <h2 id="phase-title">Phase</h2>
      <ol className="phases" data-ended={hasEnded}>
        {phases.map((one, index) => (
          <li
            key={one}
            ref={index === at ? current : null}
            aria-current={index === at ? 'step' : undefined}
            data-passed={index < at}
          >
            {inWords(one)}
          </li>
        ))}
      </ol>
    </section>
  );
};
