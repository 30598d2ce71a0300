import type { TurnEvidenceFragment } from '@parley/client';
import { Icon } from '../ui/Icon.tsx';
import { percent } from '../ui/words.ts';

type Citation = NonNullable<TurnEvidenceFragment['reply']>['citations'][number];

/** The passages a reply rests on. */
export const Citations = ({ citations }: { citations: readonly Citation[] }) => (
  <details className="citations">
    <summary>
      <Icon name="quote" /> {citations.length === 1 ? '1 source' : `${citations.length} sources`}
    </summary>
    <ol>
      {citations.map((citation) => (
        <li key={`${citation.documentTitle} ${citation.text}`}>
          <p className="turnHead">
            <span>{citation.documentTitle}</span>
            {citation.score <= 1 && <span className="quiet">match {percent(citation.score)}</span>}
          </p>
          <blockquote>{citation.text}</blockquote>
        </li>
      ))}
    </ol>
  </details>
);
