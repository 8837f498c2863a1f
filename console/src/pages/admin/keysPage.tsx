import { type ReactNode, useCallback, useState } from 'react';
import type { KeyInfo } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { ConfirmDialog } from '../../ui/confirmDialog.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import { Person } from '../../ui/person.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { tableProps, usePages } from '../../ui/usePages.ts';
import { NewKeyDialog } from './newKeyDialog.tsx';
import './admin.css';

const text = strings.keys;

/** Keys by which programs are known. */
export function KeysPage(): ReactNode {
  const { keys } = useAccess().client.trpc.admin;
  const list = usePages(useCallback((pageToken) => keys.list.query({ ...(pageToken !== undefined && { pageToken }) }), [keys]));
  const [revoking, setRevoking] = useState<KeyInfo>();
  const [isNew, setNew] = useState(false);
  const columns: readonly Column<KeyInfo>[] = [
    { title: text.name, isName: true, cell: ({ name }) => name },
    { title: text.prefix, cell: ({ prefix }) => <code>{prefix}…</code> },
    {
      title: text.principal,
      cell: ({ principalId, id }) => (principalId === id ? text.itself : <Person id={principalId} />),
    },
    { title: strings.account.roles, cell: ({ roles }) => roles.map((role) => <Badge key={role}>{role}</Badge>) },
    { title: text.lastUsedAt, cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? text.never : <TimeText at={lastUsedAt} />) },
    { title: text.expiresAt, cell: ({ expiresAt }) => (expiresAt === undefined ? text.never : <TimeText at={expiresAt} />) },
    { title: text.status, cell: (key) => <KeyStatus of={key} /> },
    {
      title: strings.ui.actions,
      isAction: true,
      cell: (key) =>
        key.revokedAt === undefined && (
          <button type="button" className="button quiet" aria-label={text.revokeOf(key.name)} onClick={() => setRevoking(key)}>
            {text.revoke}
          </button>
        ),
    },
  ];
  return (
    <div className="page">
      <header className="admin-head">
        <h1>{strings.pages.keys}</h1>
        <button type="button" className="button primary" onClick={() => setNew(true)}>
          {text.create}
        </button>
      </header>
      <DataTable caption={strings.pages.keys} columns={columns} {...tableProps(list)} keyOf={({ id }) => id} empty={<p>{text.empty}</p>} />
      <NewKeyDialog isOpen={isNew} onClose={() => setNew(false)} onCreated={() => void list.reload()} />
      <ConfirmDialog
        isOpen={revoking !== undefined}
        title={text.revokeTitle(revoking?.name ?? '')}
        text={text.revokeText}
        confirm={text.revoke}
        onConfirm={async () => {
          await keys.revoke.mutate({ keyId: revoking?.id ?? '' });
          await list.reload();
        }}
        onClose={() => setRevoking(undefined)}
      />
    </div>
  );
}

function KeyStatus({ of: { revokedAt, expiresAt } }: { readonly of: KeyInfo }): ReactNode {
  if (revokedAt !== undefined) return <Badge tone="bad">{text.revoked}</Badge>;
  return expiresAt !== undefined && expiresAt <= Date.now() ? (
    <Badge tone="warn">{text.expired}</Badge>
  ) : (
    <Badge tone="good">{text.active}</Badge>
  );
}
