import { duration, percent } from '../ui/words.ts';
import type { Metrics } from './state.ts';

export const MetricsPanel = ({ metrics }: { metrics: Metrics }) => {
  const rows = [
    ['Turns', String(metrics.turnCount)],
    ['Agent’s share of speech', metrics.talkRatio === null ? '–' : percent(metrics.talkRatio)],
    ['Interruptions', String(metrics.interruptionCount)],
    ['Sentiment', metrics.sentiment === null ? '–' : metrics.sentiment.toFixed(2)],
    ['First word, median', middle(metrics.timeToFirstTokenMs)],
    ['First sound, median', middle(metrics.timeToFirstAudioMs)],
  ] as const;
  return (
    <section aria-labelledby="metrics-title">
      <h2 id="metrics-title">Measures</h2>
      <dl className="metrics">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
};

const middle = (summary: { p50: number } | null): string => (summary ? duration(summary.p50) : '–');
