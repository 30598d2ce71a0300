import type { TranscriptTurn } from '@parley/client';
import { when } from '../ui/words.ts';
import { CustomerSignals } from './CustomerSignals.tsx';

export const CustomerTurn = ({ turn }: { turn: TranscriptTurn }) => (
  <li className="turn customer" data-turn={turn.sequence}>
    <p className="turnHead">
      <span>Customer</span> <time dateTime={turn.createdAt}>{when(turn.createdAt)}</time>
    </p>
    <p className="words">{turn.text}</p>
    <CustomerSignals turn={turn} />
  </li>
);
