import { type ReactNode, useCallback, useState } from 'react';
import type { ConnectionInfo } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { ConfirmDialog } from '../../ui/confirmDialog.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import { Person } from '../../ui/person.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { useNames } from '../../ui/useNames.ts';
import { tableProps, usePages } from '../../ui/usePages.ts';
import { useWhileVisible } from '../../ui/useWhileVisible.ts';
import './admin.css';

const text = strings.connections;
const POLL_MS = 5_000;

/** What is open at this moment: sockets, streams, uploads and downloads. */
export function ConnectionsPage(): ReactNode {
  const { connections } = useAccess().client.trpc.admin;
  const list = usePages(
    useCallback((pageToken) => connections.list.query({ ...(pageToken !== undefined && { pageToken }) }), [connections]),
  );
  const [closing, setClosing] = useState<ConnectionInfo>();
  const names = useNames();
  const nameOf = (id: string): string => names.get(id) ?? id;
  useWhileVisible(list.reload, POLL_MS);
  const columns: readonly Column<ConnectionInfo>[] = [
    { title: text.principal, isName: true, cell: ({ principalId }) => <Person id={principalId} /> },
    { title: strings.account.roles, cell: ({ roles }) => roles.map((role) => <Badge key={role}>{role}</Badge>) },
    { title: strings.account.tenant, isOptional: true, cell: ({ tenant }) => tenant },
    { title: text.transport, cell: ({ transport }) => text.transports[transport] },
    { title: text.method, cell: ({ method }) => method },
    { title: text.address, cell: ({ address }) => <code>{address}</code> },
    { title: text.since, cell: ({ since }) => <TimeText at={since} /> },
    {
      title: strings.ui.actions,
      isAction: true,
      cell: (connection) => (
        <button
          type="button"
          className="button quiet"
          aria-label={text.closeOf(nameOf(connection.principalId), connection.address)}
          onClick={() => setClosing(connection)}
        >
          {strings.ui.close}
        </button>
      ),
    },
  ];
  return (
    <div className="page">
      <header className="admin-head">
        <h1>{strings.pages.connections}</h1>
        {list.rows !== undefined && <p className="admin-note">{text.count(list.rows.length, list.more !== undefined)}</p>}
      </header>
      <DataTable
        caption={strings.pages.connections}
        columns={columns}
        {...tableProps(list)}
        keyOf={({ id }) => id}
        empty={<p>{text.empty}</p>}
      />
      <ConfirmDialog
        isOpen={closing !== undefined}
        title={text.closeTitle(nameOf(closing?.principalId ?? ''))}
        text={text.closeText}
        confirm={text.close}
        onConfirm={async () => {
          await connections.close.mutate({ connectionId: closing?.id ?? '' });
          await list.reload();
        }}
        onClose={() => setClosing(undefined)}
      />
    </div>
  );
}
