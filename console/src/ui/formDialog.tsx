import { type FormEvent, type ReactNode, useEffect } from 'react';
import { strings } from '../strings.ts';
import { Modal } from './modal.tsx';
import { Refusal } from './refusal.tsx';
import { useAttempt } from './useAttempt.ts';

export interface FormDialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  /** On the button that sends it. */
  readonly submit: string;
  /** Reads a field of the form by its name. The dialog shows what this rejects with, and stays. */
  readonly onSubmit: (field: (name: string) => string, form: FormData) => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Fields in a dialog. What was typed stays until the server has taken it, or it is closed. */
export function FormDialog({ title, isOpen, submit, onSubmit, onClose, children }: FormDialogProps): ReactNode {
  const { isBusy, error, run, setError } = useAttempt();
  useEffect(() => {
    if (isOpen) setError(undefined);
  }, [isOpen, setError]);
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void run(() => onSubmit((name) => String(form.get(name) ?? '').trim(), form));
  };
  return (
    <Modal title={title} isOpen={isOpen} onClose={onClose} keepsOnOutsidePress>
      <form onSubmit={send}>
        {children}
        <Refusal error={error} />
        <div className="modal-actions">
          <button type="button" className="button" onClick={onClose}>
            {strings.ui.cancel}
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            {submit}
          </button>
        </div>
      </form>
    </Modal>
  );
}
