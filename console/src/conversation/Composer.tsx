import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Icon } from '../ui/Icon.tsx';

const mostBytes = 8000;

/** Where the customer's words are written. Enter sends, Shift+Enter breaks the line, Escape stops the agent. */
export const Composer = (props: { isSpeaking: boolean; onSend: (text: string) => void; onStop: () => void }) => {
  const { isSpeaking, onSend, onStop } = props;
  const [text, setText] = useState('');
  const box = useRef<HTMLTextAreaElement>(null);
  const bytes = new TextEncoder().encode(text).length;
  const canSend = text.trim() !== '' && bytes <= mostBytes;

  useEffect(() => {
    box.current?.focus();
  }, []);
  useEffect(() => {
    if (!isSpeaking) return;
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Escape') onStop();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isSpeaking, onStop]);

  const send = (): void => {
    if (!canSend) return;
    onSend(text.trim());
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="hiddenLabel" htmlFor="message">
        Message to the agent
      </label>
      <textarea
        id="message"
        ref={box}
        rows={1}
        value={text}
        placeholder="Write as the customer…"
        aria-invalid={bytes > mostBytes}
        aria-describedby="message-note"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {isSpeaking && (
        <button type="button" className="button stop" onClick={onStop} title="Interrupt the agent (Esc)">
          <Icon name="stop" /> Stop
        </button>
      )}
      <button type="submit" className="button primary iconOnly" aria-label="Send" disabled={!canSend}>
        <Icon name="send" />
      </button>
      <p id="message-note" className={bytes > mostBytes ? 'note error' : 'note'}>
        {bytes > mostBytes
          ? `Too long by ${bytes - mostBytes} bytes. Shorten it, or send it in two messages.`
          : isSpeaking
            ? 'Sending interrupts the agent, as speaking would. Esc stops it.'
            : 'Enter sends, Shift + Enter starts a new line.'}
      </p>
    </form>
  );
};
