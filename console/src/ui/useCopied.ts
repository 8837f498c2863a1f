import { useEffect, useState } from 'react';
import { copyText } from './copyText.ts';

/** How long it is said that something was copied. */
const SHOWN_MS = 2_000;

/** Copies, and knows for a moment whether it did. */
export function useCopied(): { readonly outcome: 'copied' | 'failed' | undefined; readonly copy: (text: string) => void } {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (text: string): void => {
    copyText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  return { outcome, copy };
}
