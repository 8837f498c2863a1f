import type { ReactNode } from 'react';

export type Fact = readonly [name: string, value: ReactNode];

/** What is known, each by its name. What is not there is left out. */
export function Facts({ facts, className }: { readonly facts: readonly Fact[]; readonly className: string }): ReactNode {
  const shown = facts.filter(([, value]) => value !== undefined && value !== false && value !== '');
  if (shown.length === 0) return null;
  return (
    <dl className={className}>
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
