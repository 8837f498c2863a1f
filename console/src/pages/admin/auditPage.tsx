import { type FormEvent, type ReactNode, useCallback, useMemo } from 'react';
import type { AuditInfo, AuditListInput } from 'verbatim-agents/client';
import { useSearchParams } from 'wouter';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { type Column, DataTable } from '../../ui/dataTable.tsx';
import { Person } from '../../ui/person.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { useNames } from '../../ui/useNames.ts';
import { tableProps, usePages } from '../../ui/usePages.ts';
import './admin.css';

const text = strings.audit;
const VERIFY = 'npx verbatim-agents audit verify';
const OUTCOMES = ['ok', 'refused', 'failed'] as const;
const TONES = { ok: 'good', refused: 'warn', failed: 'bad' } as const;
const FIELDS = ['actor', 'action', 'target', 'outcome', 'from', 'to'] as const;

/** Who did what, newest first. What is filtered for is in the address: it can be sent to somebody. */
export function AuditPage(): ReactNode {
  const { audit } = useAccess().client.trpc.admin;
  const [params, setParams] = useSearchParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const list = usePages(
    useCallback((pageToken) => audit.list.query({ ...filter, ...(pageToken !== undefined && { pageToken }) }), [audit, filter]),
  );
  const names = useNames();
  const apply = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = FIELDS.map((name) => [name, String(form.get(name) ?? '').trim()] as const);
    // The log has ids: a name is that of the user who has it now.
    const idOf = (name: string): string => [...names].find(([, known]) => known === name)?.[0] ?? name;
    const entries = given.map(([name, value]) => [name, name === 'actor' || name === 'target' ? idOf(value) : value] as const);
    setParams(Object.fromEntries(entries.filter(([, value]) => value !== '')));
  };
  return (
    <div className="page">
      <header className="admin-head">
        <h1>{strings.pages.audit}</h1>
        <p className="admin-note">
          {text.verify} <code>{VERIFY}</code> <CopyTextButton text={VERIFY} className="button quiet" />
        </p>
      </header>
      {/* Another filter, as by the back button, fills the fields anew. */}
      <form key={`${params} ${names.size}`} className="admin-filter" aria-label={text.filter} onSubmit={apply}>
        {(['actor', 'action', 'target'] as const).map((name) => (
          <label className="field" key={name}>
            {text[name]}
            <input
              name={name}
              defaultValue={names.get(params.get(name) ?? '') ?? params.get(name) ?? ''}
              placeholder={text.placeholders[name]}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          </label>
        ))}
        <label className="field">
          {text.outcome}
          <select name="outcome" defaultValue={params.get('outcome') ?? ''}>
            <option value="">{text.any}</option>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {text.outcomes[outcome]}
              </option>
            ))}
          </select>
        </label>
        {(['from', 'to'] as const).map((name) => (
          <label className="field" key={name}>
            {text[name]}
            <input type="datetime-local" name={name} defaultValue={params.get(name) ?? ''} />
          </label>
        ))}
        <div className="admin-filter-acts">
          <button type="submit" className="button primary">
            {text.apply}
          </button>
          {params.size > 0 && (
            <button type="button" className="button quiet" onClick={() => setParams({})}>
              {text.clear}
            </button>
          )}
        </div>
      </form>
      <DataTable
        caption={strings.pages.audit}
        columns={COLUMNS}
        {...tableProps(list)}
        keyOf={({ id }) => String(id)}
        empty={<p>{list.more === undefined ? text.empty : text.emptySoFar}</p>}
      />
    </div>
  );
}

const COLUMNS: readonly Column<AuditInfo>[] = [
  { title: text.action, isName: true, cell: ({ action }) => <span className="admin-action">{action}</span> },
  { title: text.at, cell: ({ at }) => <TimeText at={at} seconds /> },
  { title: text.actor, cell: ({ actor }) => (actor === undefined ? text.nobody : <Person id={actor} />) },
  { title: text.target, isOptional: true, cell: ({ target }) => target && <Person id={target} /> },
  { title: text.outcome, cell: ({ outcome }) => <Badge tone={TONES[outcome]}>{text.outcomes[outcome]}</Badge> },
  { title: text.origin, isOptional: true, cell: ({ origin }) => origin && <code>{origin}</code> },
  {
    title: text.details,
    isOptional: true,
    cell: ({ details }) => details && <code className="admin-json">{JSON.stringify(details)}</code>,
  },
];

function filterOf(params: URLSearchParams): AuditListInput {
  const of = (name: string): string | undefined => params.get(name) || undefined;
  const time = (name: string): number | undefined => {
    const at = Date.parse(of(name) ?? '');
    return Number.isNaN(at) ? undefined : at;
  };
  const outcome = OUTCOMES.find((one) => one === of('outcome'));
  return { actor: of('actor'), action: of('action'), target: of('target'), outcome, from: time('from'), to: time('to') };
}
