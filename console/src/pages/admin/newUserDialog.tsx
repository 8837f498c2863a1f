import type { ReactNode } from 'react';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { FormDialog } from '../../ui/formDialog.tsx';
import { RolesField, rolesIn } from './rolesField.tsx';

export interface NewUserDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

const text = strings.users;

export function NewUserDialog({ isOpen, onClose, onCreated }: NewUserDialogProps): ReactNode {
  const { client, me } = useAccess();
  return (
    <FormDialog
      title={text.create}
      isOpen={isOpen}
      submit={text.createSubmit}
      onSubmit={async (field, form) => {
        const password = String(form.get('password') ?? '');
        const [tier, tenant] = [field('tier'), field('tenant')];
        await client.trpc.admin.users.create.mutate({
          name: field('name'),
          roles: rolesIn(form),
          ...(password !== '' && { password }),
          ...(tier !== '' && { tier }),
          ...(tenant !== '' && { tenant }),
        });
        onCreated();
        onClose();
      }}
      onClose={onClose}
    >
      <label className="field">
        {text.name}
        <input name="name" autoComplete="off" autoCapitalize="none" spellCheck={false} required />
      </label>
      <div className="field">
        <label htmlFor="new-user-password">{strings.login.password}</label>
        <input
          id="new-user-password"
          name="password"
          type="password"
          autoComplete="new-password"
          aria-describedby="new-user-password-help"
        />
        <small id="new-user-password-help">{text.passwordOptional}</small>
      </div>
      <RolesField chosen={['user']} />
      <div className="admin-pair">
        <label className="field">
          {text.tier}
          <input name="tier" autoComplete="off" />
        </label>
        {/* An administrator of a tenant makes users of that. */}
        {me.tenant === undefined && (
          <label className="field">
            {text.tenant}
            <input name="tenant" autoComplete="off" />
          </label>
        )}
      </div>
    </FormDialog>
  );
}
