import type { ReactNode } from 'react';

/** Where there is nothing to show: what is missing, and what to do about it. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="state empty">
      <h1>{title}</h1>
      {children}
    </div>
  );
}
