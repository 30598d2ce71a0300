import type { Outcome } from '@parley/client';
import { inWords } from '../ui/words.ts';

export const EndedBar = ({ outcome }: { outcome: Outcome | null }) => (
  <div className="endedBar" role="status">
    <p>
      <strong>This conversation has ended.</strong> {outcome && `Outcome: ${inWords(outcome).toLowerCase()}.`}
    </p>
    <a className="button" href="#/">
      Start another
    </a>
  </div>
);
