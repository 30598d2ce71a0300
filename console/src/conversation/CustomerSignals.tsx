import type { TranscriptTurn } from '@parley/client';
import { inWords, percent } from '../ui/words.ts';

/** What was understood of a customer's turn. */
export const CustomerSignals = ({ turn: { intent, sentiment, objection } }: { turn: TranscriptTurn }) =>
  (intent ?? objection ?? sentiment) !== null && (
    <ul className="signals" aria-label="Understood as">
      {intent && (
        <li className="chip" title="Intent and how sure the agent is of it">
          {intent.outOfScope ? 'Out of scope' : inWords(intent.name)}
          <span className="meter">{percent(intent.confidence)}</span>
        </li>
      )}
      {objection !== null && (
        <li className="chip objection" title="An objection the customer raised">
          Objection: {inWords(objection).toLowerCase()}
        </li>
      )}
      {sentiment !== null && (
        <li className="chip" data-mood={moodOf(sentiment)} title="Sentiment, from −1 to 1">
          {inWords(moodOf(sentiment))}
          <span className="meter">{signed(sentiment)}</span>
        </li>
      )}
    </ul>
  );

const moodOf = (sentiment: number): string => {
  if (sentiment > 0.2) return 'positive';
  return sentiment < -0.2 ? 'negative' : 'neutral';
};

const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;
