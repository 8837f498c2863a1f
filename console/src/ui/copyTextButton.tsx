import type { ReactNode } from 'react';
import { strings } from '../strings.ts';
import { useCopied } from './useCopied.ts';

export interface CopyTextButtonProps {
  readonly text: string | (() => string);
  /** On the button. Default: "Copy". */
  readonly label?: string;
  readonly className?: string;
}

/** Says for a moment that it is done, or that it could not be. Its width stays. */
export function CopyTextButton({ text, label = strings.ui.copy, className = 'button' }: CopyTextButtonProps): ReactNode {
  const { outcome, copy } = useCopied();
  const said = outcome === undefined ? '' : outcome === 'copied' ? strings.ui.copied : strings.ui.notCopied;
  return (
    <>
      <button
        type="button"
        className={`${className} copy-text`}
        data-outcome={outcome}
        onClick={() => copy(typeof text === 'string' ? text : text())}
      >
        <span>{label}</span>
        <span>{said}</span>
      </button>
      <span className="hidden" role="status">
        {said}
      </span>
    </>
  );
}
