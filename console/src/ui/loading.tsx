import type { ReactNode } from 'react';
import { strings } from '../strings.ts';

export function Loading({ what = strings.state.loading }: { readonly what?: string }): ReactNode {
  return (
    <p className="state loading" role="status">
      {what}
    </p>
  );
}
