import type { ConversationState } from './state.ts';

const english = ['What does it cost?', 'That is too expensive for us.', 'Can I try it first?'];
const spanish = ['¿Cuánto cuesta?', 'Es demasiado caro para nosotros.', '¿Puedo probarlo primero?'];

/** An empty conversation: who is who, and something to begin with. */
export const Opening = (props: { conversation: ConversationState['conversation']; onSay: (text: string) => void }) => {
  const { agent, locale } = props.conversation;
  return (
    <div className="opening">
      <p>You are the customer. Write to {agent?.name ?? 'the agent'} in your own words, or begin with one of these.</p>
      <p className="starters">
        {(locale.startsWith('es') ? spanish : english).map((text) => (
          <button key={text} type="button" className="button small" onClick={() => props.onSay(text)}>
            {text}
          </button>
        ))}
      </p>
    </div>
  );
};
