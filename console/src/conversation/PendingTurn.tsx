import { Notice } from '../ui/Notice.tsx';
import type { Pending } from './state.ts';

/** What was written but is not yet, or could not be, part of the conversation. */
export const PendingTurn = (props: { pending: Pending; onRetry: () => void; onWithdraw: () => void }) => {
  const { text, problem } = props.pending;
  return (
    <li className="turn customer pending">
      <p className="turnHead">
        <span>{problem ? 'Not sent' : 'Sending…'}</span>
      </p>
      <p className="words">{text}</p>
      <Notice problem={problem} />
      {problem && (
        <p className="actions">
          <button type="button" className="button quiet small" onClick={props.onWithdraw}>
            Discard
          </button>
          <button type="button" className="button small" onClick={props.onRetry}>
            Send again
          </button>
        </p>
      )}
    </li>
  );
};
