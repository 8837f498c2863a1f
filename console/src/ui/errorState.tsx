import type { ReactNode } from 'react';
import { strings } from '../strings.ts';
import { errorText } from './errorText.ts';

/** Where something could not be shown: why, and the way to try again. */
export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }): ReactNode {
  return (
    <div className="state failed" role="alert">
      <p>{errorText(error)}</p>
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          {strings.state.retry}
        </button>
      )}
    </div>
  );
}
