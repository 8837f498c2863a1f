import { type ReactNode, useEffect, useState } from 'react';
import { strings } from '../strings.ts';
import { copyText } from './copyText.ts';
import { Icon } from './icon.tsx';
import './iconButton.css';

const SHOWN_MS = 2_000;

export interface CopyButtonProps {
  /** Asked for when it is wanted: making it may cost something. */
  readonly text: () => string;
  readonly label?: string;
}

export function CopyButton({ text, label = strings.chat.copy }: CopyButtonProps): ReactNode {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const shown = isCopied ? strings.chat.copied : label;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={shown}
      title={shown}
      onClick={() => {
        copyText(text()).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
    </button>
  );
}
