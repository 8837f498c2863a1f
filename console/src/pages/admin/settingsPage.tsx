import { type ReactNode, useDeferredValue, useEffect, useState } from 'react';
import type { SettingInfo } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import './admin.css';

const text = strings.settings;

/** What the server goes by, and who said so. */
export function SettingsPage(): ReactNode {
  const { admin } = useAccess().client.trpc;
  const [settings, setSettings] = useState<readonly SettingInfo[]>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  const [search, setSearch] = useState('');
  const [onlySet, setOnlySet] = useState(false);
  const wanted = useDeferredValue(search).trim().toLowerCase();
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are asked for again when that is wanted.
  useEffect(() => {
    let isOver = false;
    setError(undefined);
    admin.settings.query().then(
      (known) => isOver || setSettings(known),
      (cause: unknown) => isOver || setError(cause),
    );
    return () => {
      isOver = true;
    };
  }, [admin, attempt]);
  const rows = settings?.filter((setting) => (!onlySet || setting.source !== 'default') && fits(setting, wanted));
  return (
    <div className="page">
      <header className="admin-head">
        <h1>{strings.pages.settings}</h1>
        {rows !== undefined && (
          <p className="admin-note" role="status">
            {text.count(rows.length, settings?.length ?? 0)}
          </p>
        )}
      </header>
      <search className="admin-filter">
        <label className="field">
          {text.search}
          <input type="search" value={search} onChange={({ target }) => setSearch(target.value)} autoComplete="off" spellCheck={false} />
        </label>
        <label className="admin-check">
          <input type="checkbox" checked={onlySet} onChange={({ target }) => setOnlySet(target.checked)} />
          {text.onlySet}
        </label>
      </search>
      <DataTable
        caption={strings.pages.settings}
        columns={COLUMNS}
        rows={rows}
        keyOf={({ name }) => name}
        error={error}
        onRetry={() => setAttempt(attempt + 1)}
        empty={<p>{text.empty}</p>}
      />
    </div>
  );
}

const COLUMNS: readonly Column<SettingInfo>[] = [
  { title: text.name, isName: true, cell: ({ name }) => <code>{name}</code> },
  { title: text.value, cell: ({ value }) => (value === null ? text.none : <code className="admin-json">{shown(value)}</code>) },
  { title: text.source, cell: ({ source }) => (source === 'default' ? text.default : <Badge tone="good">{source}</Badge>) },
  { title: text.variable, cell: ({ variable }) => (variable === undefined ? text.fileOnly : <code>{variable}</code>) },
];

function shown(value: SettingInfo['value']): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fits({ name, value, source, variable = '' }: SettingInfo, wanted: string): boolean {
  return [name, shown(value), source, variable].some((part) => part.toLowerCase().includes(wanted));
}
