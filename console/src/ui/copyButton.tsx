import type { ReactNode } from 'react';
import { strings } from '../strings.ts';
import { IconButton } from './iconButton.tsx';
import { useCopied } from './useCopied.ts';

export interface CopyButtonProps {
  /** Asked for when it is wanted: making it may cost something. */
  readonly text: () => string;
  readonly label?: string;
}

export function CopyButton({ text, label = strings.chat.copy }: CopyButtonProps): ReactNode {
  const { outcome, copy } = useCopied();
  const isCopied = outcome === 'copied';
  const shown = isCopied ? strings.chat.copied : label;
  return <IconButton icon={isCopied ? 'check' : 'copy'} label={shown} onClick={() => copy(text())} />;
}
