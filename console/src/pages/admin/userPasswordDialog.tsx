import type { ReactNode } from 'react';
import type { UserInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { FormDialog } from '../../ui/formDialog.tsx';

export interface UserPasswordDialogProps {
  /** Whose; undefined when it is closed. */
  readonly user: UserInfo | undefined;
  readonly onClose: () => void;
  readonly onSave: (password: string) => Promise<unknown>;
}

export function UserPasswordDialog({ user, onClose, onSave }: UserPasswordDialogProps): ReactNode {
  return (
    <FormDialog
      title={strings.users.passwordTitle(user?.name ?? '')}
      isOpen={user !== undefined}
      submit={strings.ui.save}
      onSubmit={async (_field, form) => {
        await onSave(String(form.get('password') ?? ''));
        onClose();
      }}
      onClose={onClose}
    >
      <p>{strings.users.passwordHelp}</p>
      <label className="field">
        {strings.account.new}
        <input name="password" type="password" autoComplete="new-password" required />
      </label>
    </FormDialog>
  );
}
