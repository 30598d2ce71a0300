import { useEffect, useLayoutEffect, useRef } from 'react';
import { useAction } from '../useAction.ts';
import type { Player } from '../voice/player.ts';
import { AgentTurn } from './AgentTurn.tsx';
import { CustomerTurn } from './CustomerTurn.tsx';
import { Opening } from './Opening.tsx';
import { PendingTurn } from './PendingTurn.tsx';
import type { Action, ConversationState } from './state.ts';

const nearPx = 120;

/** The conversation so far. Keeps to its end while the reader does. */
export const Transcript = (props: {
  state: ConversationState;
  player: Player;
  onEarlier: (before: string) => Promise<void>;
  onSay: (text: string) => void;
  onResend: (text: string, id: string) => void;
  dispatch: (action: Action) => void;
}) => {
  const { state, player, onEarlier, onSay, onResend, dispatch } = props;
  const { transcript, evidence, chunks, pending, earlier } = state;
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const older = useAction(onEarlier);
  useEffect(() => {
    const element = scroller.current;
    const note = (): void => {
      if (element) follows.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx;
    };
    element?.addEventListener('scroll', note, { passive: true });
    return () => element?.removeEventListener('scroll', note);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there is more to see
  useLayoutEffect(() => {
    if (follows.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [transcript, pending, evidence]);

  const isEmpty = transcript.turns.length === 0 && pending.length === 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className="scroller" ref={scroller} tabIndex={0} role="log" aria-label="Messages" aria-live="polite">
      {earlier !== null && (
        <button
          type="button"
          className="button quiet small earlier"
          disabled={older.isBusy}
          onClick={() => void older.run(earlier)}
        >
          Show earlier messages
        </button>
      )}
      {isEmpty && <Opening conversation={state.conversation} onSay={onSay} />}
      <ol className="turns">
        {transcript.turns.map((turn) =>
          turn.role === 'CUSTOMER' ? (
            <CustomerTurn key={turn.id} turn={turn} />
          ) : (
            <AgentTurn
              key={turn.id}
              turn={turn}
              name={state.conversation.agent?.name ?? 'Agent'}
              evidence={evidence[turn.id] ?? null}
              chunks={chunks[turn.id] ?? []}
              player={player}
            />
          ),
        )}
        {pending.map((one) => (
          <PendingTurn
            key={one.id}
            pending={one}
            onRetry={() => onResend(one.text, one.id)}
            onWithdraw={() => dispatch({ kind: 'withdrawn', id: one.id })}
          />
        ))}
      </ol>
    </div>
  );
};
