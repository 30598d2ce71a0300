import type { TranscriptTurn } from '@parley/client';
import { duration } from '../ui/words.ts';

/** How long the customer waited, measured from the arrival of the message. */
export const LatencyMarks = ({ latency }: { latency: TranscriptTurn['latency'] }) => {
  const marks = [
    ['First word', latency?.timeToFirstToken],
    ['First sound', latency?.timeToFirstAudio],
    ['Complete', latency?.total],
  ] as const;
  const known = marks.filter(([, ms]) => typeof ms === 'number');
  if (known.length === 0) return null;
  return (
    <dl className="latency" title="Since the customer’s message arrived">
      {known.map(([name, ms]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{duration(ms ?? 0)}</dd>
        </div>
      ))}
    </dl>
  );
};
