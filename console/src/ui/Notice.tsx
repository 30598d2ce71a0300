import type { Problem } from '../problem.ts';

/** A problem in plain words, with what to do next. */
export const Notice = ({ problem, onRetry }: { problem: Problem | null; onRetry?: () => void }) =>
  problem && (
    <div className="notice" role="alert">
      <p>
        <strong>{problem.title}</strong> {problem.advice}
      </p>
      {problem.errorId && <p className="fine">Reference for support: {problem.errorId}</p>}
      {onRetry && (
        <button type="button" className="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
