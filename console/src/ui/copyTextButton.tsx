import { type ReactNode, useEffect, useState } from 'react';
import { strings } from '../strings.ts';
import { copyText } from './copyText.ts';

export interface CopyTextButtonProps {
  readonly text: string | (() => string);
  /** On the button. Default: "Copy". */
  readonly label?: string;
  readonly className?: string;
}

const SHOWN_MS = 2_000;

/** Says for a moment that it is done, or that it could not be. Its width stays. */
export function CopyTextButton({ text, label = strings.ui.copy, className = 'button' }: CopyTextButtonProps): ReactNode {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void => {
    copyText(typeof text === 'string' ? text : text()).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  const said = outcome === undefined ? '' : outcome === 'copied' ? strings.ui.copied : strings.ui.notCopied;
  return (
    <>
      <button type="button" className={`${className} copy-text`} data-outcome={outcome} onClick={copy}>
        <span>{label}</span>
        <span>{said}</span>
      </button>
      <span className="hidden" role="status">
        {said}
      </span>
    </>
  );
}
