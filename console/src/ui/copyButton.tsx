import type { ReactNode } from 'react';
import { strings } from '../strings.ts';
import { Icon } from './icon.tsx';
import { useCopied } from './useCopied.ts';
import './iconButton.css';

export interface CopyButtonProps {
  /** Asked for when it is wanted: making it may cost something. */
  readonly text: () => string;
  readonly label?: string;
}

export function CopyButton({ text, label = strings.chat.copy }: CopyButtonProps): ReactNode {
  const { outcome, copy } = useCopied();
  const isCopied = outcome === 'copied';
  const shown = isCopied ? strings.chat.copied : label;
  return (
    <button type="button" className="icon-button" aria-label={shown} title={shown} onClick={() => copy(text())}>
      <Icon name={isCopied ? 'check' : 'copy'} />
    </button>
  );
}
