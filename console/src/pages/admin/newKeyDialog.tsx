import { type ReactNode, useState } from 'react';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { FormDialog } from '../../ui/formDialog.tsx';
import { Modal } from '../../ui/modal.tsx';
import { RolesField, rolesIn } from './rolesField.tsx';

export interface NewKeyDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

const text = strings.keys;
const DAY_MS = 24 * 60 * 60_000;
const LIVES = [30, 90, 365] as const;

/** Makes a key and shows it: this once, for nobody can see it again. */
export function NewKeyDialog({ isOpen, onClose, onCreated }: NewKeyDialogProps): ReactNode {
  const { client, me } = useAccess();
  const [created, setCreated] = useState<{ readonly name: string; readonly key: string }>();
  const close = (): void => {
    setCreated(undefined);
    onClose();
  };
  if (created !== undefined) {
    return (
      <Modal title={text.createdTitle(created.name)} isOpen={isOpen} onClose={close} keepsOnOutsidePress>
        <p>{text.createdText}</p>
        <div className="admin-secret">
          <input className="admin-key" aria-label={text.key} readOnly value={created.key} onFocus={({ target }) => target.select()} />
          <CopyTextButton text={created.key} className="button primary" />
        </div>
        <div className="modal-actions">
          <button type="button" className="button" onClick={close}>
            {text.done}
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <FormDialog
      title={text.create}
      isOpen={isOpen}
      submit={text.createSubmit}
      onSubmit={async (field, form) => {
        const [principalId, tenant, days] = [field('principalId'), field('tenant'), field('days')];
        const roles = rolesIn(form);
        const { name, key } = await client.trpc.admin.keys.create.mutate({
          name: field('name'),
          ...(principalId !== '' && { principalId }),
          ...(roles.length > 0 && { roles }),
          ...(tenant !== '' && { tenant }),
          ...(days !== '' && { expiresAt: Date.now() + Number(days) * DAY_MS }),
        });
        setCreated({ name, key: key ?? '' });
        onCreated();
      }}
      onClose={close}
    >
      <label className="field">
        {text.name}
        <input name="name" autoComplete="off" placeholder={text.namePlaceholder} required />
      </label>
      <div className="field">
        <label htmlFor="new-key-principal">{text.principalField}</label>
        <input
          id="new-key-principal"
          name="principalId"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-describedby="new-key-principal-help"
        />
        <small id="new-key-principal-help">{text.principalHelp}</small>
      </div>
      <RolesField chosen={[]} />
      <div className="admin-pair">
        <label className="field">
          {text.expiresAt}
          <select name="days" defaultValue="90">
            <option value="">{text.never}</option>
            {LIVES.map((days) => (
              <option key={days} value={days}>
                {text.inDays(days)}
              </option>
            ))}
          </select>
        </label>
        {me.tenant === undefined && (
          <label className="field">
            {strings.users.tenant}
            <input name="tenant" autoComplete="off" />
          </label>
        )}
      </div>
    </FormDialog>
  );
}
