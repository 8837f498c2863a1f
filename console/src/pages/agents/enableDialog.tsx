import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { ConfirmDialog } from '../../ui/confirmDialog.tsx';

const text = strings.agents;

export interface EnableDialogProps {
  /** Whom it is about, and what is to become of it; undefined: nobody. */
  readonly change: { readonly agent: string; readonly isEnabled: boolean } | undefined;
  onConfirm(agent: string, isEnabled: boolean): Promise<void>;
  onClose(): void;
}

export function EnableDialog({ change, onConfirm, onClose }: EnableDialogProps): ReactNode {
  const agent = change?.agent ?? '';
  const isEnabled = change?.isEnabled === true;
  return (
    <ConfirmDialog
      isOpen={change !== undefined}
      title={isEnabled ? text.enableTitle(agent) : text.disableTitle(agent)}
      text={isEnabled ? text.enableText : text.disableText}
      confirm={isEnabled ? text.enable : text.disable}
      onConfirm={() => onConfirm(agent, isEnabled)}
      onClose={onClose}
    />
  );
}
