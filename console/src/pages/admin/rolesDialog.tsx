import type { ReactNode } from 'react';
import type { UserInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { FormDialog } from '../../ui/formDialog.tsx';
import { RolesField, rolesIn } from './rolesField.tsx';

export interface RolesDialogProps {
  /** Whose; undefined when it is closed. */
  readonly user: UserInfo | undefined;
  readonly known: readonly string[];
  readonly onClose: () => void;
  readonly onSave: (roles: readonly string[]) => Promise<unknown>;
}

export function RolesDialog({ user, known, onClose, onSave }: RolesDialogProps): ReactNode {
  return (
    <FormDialog
      title={strings.users.rolesTitle(user?.name ?? '')}
      isOpen={user !== undefined}
      submit={strings.ui.save}
      onSubmit={async (_field, form) => {
        await onSave(rolesIn(form));
        onClose();
      }}
      onClose={onClose}
    >
      <p>{strings.users.rolesHelp}</p>
      <RolesField known={known} chosen={user?.roles ?? []} />
    </FormDialog>
  );
}
