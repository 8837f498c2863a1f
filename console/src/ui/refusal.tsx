import type { ReactNode } from 'react';
import { errorText } from './errorText.ts';

/** Why something did not come about, read out when it appears; nothing while there is no error. */
export function Refusal({ error }: { readonly error: unknown }): ReactNode {
  if (error === undefined) return null;
  return (
    <p className="error" role="alert">
      {errorText(error)}
    </p>
  );
}
