import type { ReactNode } from 'react';

/** What is known, each by its name. What is not there is left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  const shown = facts.filter(([, value]) => value !== undefined && value !== false && value !== '');
  if (shown.length === 0) return null;
  return (
    <dl className="agent-facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
