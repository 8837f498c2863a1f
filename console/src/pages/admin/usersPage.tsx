import { type ReactNode, useCallback, useState } from 'react';
import type { UserInfo } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { ConfirmDialog } from '../../ui/confirmDialog.tsx';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import { RowMenu } from '../../ui/rowMenu.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { tableProps, usePages } from '../../ui/usePages.ts';
import { NewUserDialog } from './newUserDialog.tsx';
import { RolesDialog } from './rolesDialog.tsx';
import { UserPasswordDialog } from './userPasswordDialog.tsx';
import './admin.css';

type Act = 'roles' | 'password' | 'disable' | 'enable' | 'logOut';

const text = strings.users;

/** Those who log in, and whom keys belong to. */
export function UsersPage(): ReactNode {
  const { client, me } = useAccess();
  const { users } = client.trpc.admin;
  const list = usePages(useCallback((pageToken) => users.list.query({ ...(pageToken !== undefined && { pageToken }) }), [users]));
  const [open, setOpen] = useState<{ readonly act: Act; readonly user: UserInfo }>();
  const [isNew, setNew] = useState(false);
  const close = (): void => setOpen(undefined);
  const isOpen = (act: Act): boolean => open?.act === act;
  const done = <Result,>(act: Promise<Result>): Promise<void> => act.then(() => list.reload());

  const columns: readonly Column<UserInfo>[] = [
    { title: text.name, isName: true, cell: ({ name }) => name },
    {
      title: strings.account.id,
      cell: ({ id }) => (
        <>
          <code>{id}</code> <CopyTextButton text={id} className="button quiet" />
        </>
      ),
    },
    { title: strings.account.roles, cell: ({ roles }) => roles.map((role) => <Badge key={role}>{role}</Badge>) },
    { title: strings.account.tier, isOptional: true, cell: ({ tier }) => tier },
    { title: strings.account.tenant, isOptional: true, cell: ({ tenant }) => tenant },
    { title: text.status, cell: (user) => <UserStatus user={user} /> },
    { title: text.createdAt, cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    {
      title: strings.ui.actions,
      isAction: true,
      cell: (user) => (
        <RowMenu
          label={text.actionsOf(user.name)}
          items={[
            { title: text.setRoles, onChoose: () => setOpen({ act: 'roles', user }) },
            { title: text.setPassword, onChoose: () => setOpen({ act: 'password', user }) },
            { title: text.logOut, onChoose: () => setOpen({ act: 'logOut', user }) },
            user.disabledAt === undefined
              ? { title: text.disable, isDanger: true, onChoose: () => setOpen({ act: 'disable', user }) }
              : { title: text.enable, onChoose: () => setOpen({ act: 'enable', user }) },
          ]}
        />
      ),
    },
  ];
  const user = open?.user;
  const userId = user?.id ?? '';
  const name = user?.name ?? '';
  const isMe = userId === me.id;
  return (
    <div className="page">
      <header className="admin-head">
        <h1>{strings.pages.users}</h1>
        <button type="button" className="button primary" onClick={() => setNew(true)}>
          {text.create}
        </button>
      </header>
      <DataTable caption={strings.pages.users} columns={columns} {...tableProps(list)} keyOf={({ id }) => id} empty={<p>{text.empty}</p>} />
      <NewUserDialog isOpen={isNew} onClose={() => setNew(false)} onCreated={() => void list.reload()} />
      <RolesDialog
        user={isOpen('roles') ? user : undefined}
        known={list.rows?.flatMap(({ roles }) => roles) ?? []}
        onClose={close}
        onSave={(roles) => done(users.setRoles.mutate({ userId, roles }))}
      />
      <UserPasswordDialog
        user={isOpen('password') ? user : undefined}
        onClose={close}
        onSave={(password) => done(users.setPassword.mutate({ userId, password }))}
      />
      <ConfirmDialog
        isOpen={isOpen('disable')}
        title={text.disableTitle(name)}
        text={isMe ? text.disableMe : text.disableText}
        confirm={text.disable}
        onConfirm={() => done(users.disable.mutate({ userId }))}
        onClose={close}
      />
      <ConfirmDialog
        isOpen={isOpen('enable')}
        title={text.enableTitle(name)}
        text={text.enableText}
        confirm={text.enable}
        onConfirm={() => done(users.enable.mutate({ userId }))}
        onClose={close}
      />
      <ConfirmDialog
        isOpen={isOpen('logOut')}
        title={text.logOutTitle(name)}
        text={isMe ? text.logOutMe : text.logOutText}
        confirm={text.logOut}
        onConfirm={() => done(users.logOut.mutate({ userId }))}
        onClose={close}
      />
    </div>
  );
}

function UserStatus({ user: { disabledAt, hasPassword } }: { readonly user: UserInfo }): ReactNode {
  if (disabledAt !== undefined) return <Badge tone="bad">{text.disabled}</Badge>;
  return hasPassword ? <Badge tone="good">{text.active}</Badge> : <Badge>{text.keysOnly}</Badge>;
}
