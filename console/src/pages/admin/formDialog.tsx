import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import { Modal } from '../../ui/modal.tsx';

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
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (isOpen) setError(undefined);
  }, [isOpen]);
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit((name) => String(form.get(name) ?? '').trim(), form);
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal title={title} isOpen={isOpen} onClose={onClose} keepsOnOutsidePress>
      <form onSubmit={(event) => void send(event)}>
        {children}
        {error !== undefined && (
          <p className="error" role="alert">
            {errorText(error)}
          </p>
        )}
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
