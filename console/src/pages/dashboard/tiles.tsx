import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import type { Fact } from './presentFacts.ts';

/** The present, at a glance. */
export function Tiles({ facts, isStale }: { readonly facts: readonly Fact[]; readonly isStale: boolean }): ReactNode {
  return (
    <ul className="tiles" aria-label={strings.dashboard.now} data-stale={isStale}>
      {facts.map(({ title, value, rows }) => (
        <li key={title} className="tile">
          <p className="tile-title">{title}</p>
          <p className="tile-value">{value}</p>
          <dl>
            {rows.map(([name, shown]) => (
              <div key={name}>
                <dt title={name}>{name}</dt>
                <dd>{shown}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
