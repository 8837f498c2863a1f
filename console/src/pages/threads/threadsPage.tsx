import { type ReactNode, useEffect, useState } from 'react';
import type { ThreadInfo, ThreadListInput } from 'verbatim-agents/client';
import { useThreads } from 'verbatim-agents/react';
import { Link, useSearchParams } from 'wouter';
import { useAccess } from '../../access.tsx';
import { strings } from '../../strings.ts';
import { ConfirmDialog } from '../../ui/confirmDialog.tsx';
import { ErrorState } from '../../ui/errorState.tsx';
import { Loading } from '../../ui/loading.tsx';
import { RenameDialog } from './renameDialog.tsx';
import { ShareDialog } from './shareDialog.tsx';
import { ThreadList } from './threadList.tsx';
import { titleOf } from './titleOf.ts';
import './threads.css';

const text = strings.threads;
const PAGE = 100;
/** After the last key. */
const SEARCH_AFTER_MS = 200;

export type Act = 'rename' | 'share' | 'delete';
type Whose = 'mine' | 'shared' | 'all';

/** The threads of the caller, those that are shared with it, and for administrators all there are. What is looked for stands in the address. */
export function ThreadsPage(): ReactNode {
  const { isAdmin } = useAccess();
  const [params, setParams] = useSearchParams();
  const given = params.get('of');
  const whose: Whose = given === 'shared' || (given === 'all' && isAdmin) ? given : 'mine';
  const sort: ThreadListInput['sort'] = params.get('sort') === 'created' ? 'created' : 'activity';
  const search = params.get('search') ?? '';
  const [typed, setTyped] = useState(search);
  const [open, setOpen] = useState<{ readonly act: Act; readonly thread: ThreadInfo }>();
  const list = useThreads({
    limit: PAGE,
    sort,
    ...(search !== '' && { search }),
    ...(whose === 'shared' && { shared: true }),
    ...(whose === 'all' && { all: true }),
  });

  const change = (name: string, value: string): void => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it waits for those who type, and for nothing else.
  useEffect(() => {
    if (typed.trim() === search) return;
    const timer = setTimeout(() => change('search', typed.trim()), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  const close = (): void => setOpen(undefined);
  const threadOf = (act: Act): ThreadInfo | undefined => (open?.act === act ? open.thread : undefined);
  const doomed = threadOf('delete');
  const choices: readonly (readonly [Whose, string])[] = [
    ['mine', text.mine],
    ['shared', text.shared],
    ...(isAdmin ? [['all', text.all] as const] : []),
  ];
  return (
    <div className="page threads">
      <header className="threads-head">
        <h1>{text.title}</h1>
        <Link href="/" className="button primary threads-new">
          {text.new}
        </Link>
      </header>
      <div className="threads-filter">
        <fieldset className="threads-whose">
          <legend className="hidden">{text.whose}</legend>
          {choices.map(([value, title]) => (
            <label key={value} data-chosen={value === whose}>
              <input
                type="radio"
                name="whose"
                className="hidden"
                checked={value === whose}
                onChange={() => change('of', value === 'mine' ? '' : value)}
              />
              {title}
            </label>
          ))}
        </fieldset>
        <label className="threads-search">
          <span className="hidden">{text.search}</span>
          <input type="search" value={typed} placeholder={text.search} onChange={({ target }) => setTyped(target.value)} />
        </label>
        <label>
          <span className="hidden">{text.sort}</span>
          <select value={sort} onChange={({ target }) => change('sort', target.value === 'created' ? 'created' : '')}>
            <option value="activity">{text.byActivity}</option>
            <option value="created">{text.byCreation}</option>
          </select>
        </label>
      </div>
      {list.error !== undefined && <ErrorState error={list.error} onRetry={() => void list.reload()} />}
      {list.isLoading ? (
        <Loading />
      ) : (
        <ThreadList
          key={`${whose} ${sort} ${search}`}
          threads={list.threads}
          hasMore={list.hasMore}
          isLoadingMore={list.isLoadingMore}
          sort={sort}
          onMore={() => void list.loadMore()}
          onAct={(act, thread) => setOpen({ act, thread })}
          empty={search !== '' ? text.noneFound : whose === 'shared' ? text.emptyShared : list.error === undefined ? text.empty : ''}
        />
      )}
      <RenameDialog thread={threadOf('rename')} onClose={close} onRename={list.rename} />
      <ShareDialog thread={threadOf('share')} onClose={close} />
      <ConfirmDialog
        isOpen={doomed !== undefined}
        title={text.deleteTitle(titleOf(doomed))}
        text={text.deleteText}
        confirm={text.delete}
        onConfirm={async () => {
          if (doomed !== undefined) await list.remove(doomed.id);
        }}
        onClose={close}
      />
    </div>
  );
}
