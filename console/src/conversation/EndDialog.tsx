import { EndConversationDocument, type Outcome } from '@parley/client';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useClient } from '../parley.ts';
import { accepted } from '../problem.ts';
import { Notice } from '../ui/Notice.tsx';
import { useAction } from '../useAction.ts';
import type { Action } from './state.ts';

const outcomes: readonly { value: Outcome; label: string }[] = [
  { value: 'CONVERTED', label: 'Converted — the customer buys' },
  { value: 'FOLLOW_UP_SCHEDULED', label: 'Follow-up scheduled' },
  { value: 'TRANSFERRED', label: 'Transferred to a colleague' },
  { value: 'LOST', label: 'Lost — the customer declined' },
  { value: 'ABANDONED', label: 'Abandoned — the customer left' },
];

/** Asks how it went, and ends the conversation. */
export const EndDialog = (props: {
  conversationId: string;
  onClose: () => void;
  dispatch: (action: Action) => void;
}) => {
  const { conversationId, onClose, dispatch } = props;
  const client = useClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [outcome, setOutcome] = useState<Outcome>('CONVERTED');
  const end = useAction(async () => {
    const { endConversation } = await client.execute(EndConversationDocument, { input: { conversationId, outcome } });
    dispatch({ kind: 'changed', conversation: accepted(endConversation).conversation });
    onClose();
  });
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="end-title" onClose={onClose}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void end.run();
        }}
      >
        <h2 id="end-title">End the conversation</h2>
        <fieldset className="outcomes">
          <legend>How did it go?</legend>
          {outcomes.map(({ value, label }) => (
            <label key={value}>
              <input
                type="radio"
                name="outcome"
                value={value}
                checked={outcome === value}
                onChange={() => setOutcome(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <Notice problem={end.problem} />
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            Keep talking
          </button>
          <button type="submit" className="button primary" disabled={end.isBusy}>
            End conversation
          </button>
        </div>
      </form>
    </dialog>
  );
};
