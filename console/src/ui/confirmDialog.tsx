import { AlertDialog } from '@base-ui/react/alert-dialog';
import { type ReactNode, useEffect, useRef } from 'react';
import { strings } from '../strings.ts';
import { Refusal } from './refusal.tsx';
import { useAttempt } from './useAttempt.ts';
import './modal.css';

export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly title: string;
  /** What will happen, and whether it can be undone. */
  readonly text: string;
  /** On the button: the act itself, such as "Revoke". */
  readonly confirm: string;
  /** The dialog closes when it resolves, and tells why when it rejects. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back. Whoever presses Enter at once cancels. */
export function ConfirmDialog({ isOpen, title, text, confirm, onConfirm, onClose }: ConfirmDialogProps): ReactNode {
  const { isBusy, error, run, setError } = useAttempt();
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen) setError(undefined);
  }, [isOpen, setError]);
  const act = (): Promise<void> =>
    run(async () => {
      await onConfirm();
      onClose();
    });
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="modal-back" />
        <AlertDialog.Popup className="modal" initialFocus={cancel}>
          <AlertDialog.Title className="modal-title">{title}</AlertDialog.Title>
          <AlertDialog.Description>{text}</AlertDialog.Description>
          <Refusal error={error} />
          <div className="modal-actions">
            <button type="button" className="button" ref={cancel} onClick={onClose}>
              {strings.ui.cancel}
            </button>
            <button type="button" className="button danger" disabled={isBusy} onClick={() => void act()}>
              {confirm}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
