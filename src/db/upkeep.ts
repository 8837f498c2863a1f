import type { GroupCommit } from './groupCommit.ts';
import { cutAudit } from './operations/cutAudit.ts';
import { expireThread, removeSomeOfThread } from './operations/expireThread.ts';
import { foldThread } from './operations/foldThread.ts';
import type { Queries } from './queries.ts';
import type { Sqlite } from './sqlite.ts';

/** A thread that there may be something to do with. */
export interface KeptThread {
  readonly key: number;
  readonly updatedAt: number;
  /** It was given up, and what is left of it is still to be removed. */
  readonly gone: boolean;
}

export interface KeptThreads {
  readonly threads: readonly KeptThread[];
  /** Up to where was looked; undefined at the end. */
  readonly next: number | undefined;
}

/** How large the file is. */
export interface FileSize {
  readonly fileBytes: number;
  /** Without the pages that are free. */
  readonly usedBytes: number;
}

/**
 * What keeps the file small, in slices: each call is one short transaction, whatever there is to do, and may be the last one for now. Those
 * that return true may have more to do.
 */
export interface Upkeep {
  /** Threads that were begun by a time, have no activity since another, or are gone: by key, a few at a time. */
  threads(afterKey: number, before: { readonly begun: number; readonly idle: number }): KeptThreads;
  /** Folds some events of a thread whose runs ended before a time. */
  foldSome(thread: number, endedBefore: number, maxEvents: number): Promise<boolean>;
  /** Folds everything whose run ended before a time, in slices; returns how many threads that changed. */
  fold(endedBefore: number): Promise<number>;
  /** Gives up a thread without activity since a time, unless a run of it is open: nobody sees it any more. False when it stays. */
  expireThread(thread: number, idleSince: number): Promise<boolean>;
  /** Removes some rows of a thread that was given up. */
  removeSome(thread: number, maxRows: number): Promise<boolean>;
  /** Removes some of what has expired: receipts, tokens, logins, shares, counts of windows that are over, and what was used on days long ago. */
  sweepSome(before: Expiries, maxRows: number): Promise<boolean>;
  /** Lets the audit log begin later. Returns the id of the last row that may go. */
  cutAudit(before: number): Promise<number>;
  removeAudit(upTo: number, maxRows: number): Promise<boolean>;
  /** Gives some free pages back to the disk, and keeps a share of them for what comes. Needs a file that was made for it. */
  vacuumSome(maxPages: number): boolean;
  size(): FileSize;
}

/** What is older goes. Epoch milliseconds; `usageDay` counts days from 1970-01-01. */
export interface Expiries {
  readonly receipts: number;
  readonly now: number;
  readonly usageDay: number;
}

/** Keys that are looked at in one go, and threads that are found in it: well under a millisecond. */
const SLICE_KEYS = 1_000;
const SLICE_THREADS = 50;
/** Events of one transaction, so that runs at work do not wait for all of them. */
const FOLD_EVENTS = 1_000;
/** Before all times. */
export const NEVER = -1;
/** Free pages that stay in the file, at least and as a share of it: what is deleted today is written again tomorrow. */
const KEPT_FREE_PAGES = 256;
const KEPT_FREE_SHARE = 0.05;
/** SQLite's number for a file whose free pages can be given back bit by bit. */
const INCREMENTAL = 2;

export function sqliteUpkeep(opts: {
  readonly raw: Sqlite;
  readonly queries: Queries;
  readonly commit: GroupCommit;
  readonly removeFiles: (keys: readonly number[]) => void;
}): Upkeep {
  const { raw, queries, commit, removeFiles } = opts;
  const number = (pragma: string): number => Number(raw.pragma(pragma, { simple: true }));
  const expired = expiredRows(raw);
  const kept = keptThreads(raw);
  const lastKey = raw.prepare<[], number | null>('select max(key) from threads').pluck();
  const upkeep: Upkeep = {
    threads(afterKey, before) {
      const upTo = afterKey + SLICE_KEYS;
      const threads = kept.all({ afterKey, upTo, ...before }).map((row) => ({ ...row, gone: row.gone === 1 }));
      const next = threads.length < SLICE_THREADS ? upTo : threads.at(-1)?.key;
      return { threads, next: upTo >= (lastKey.get() ?? 0) && threads.length < SLICE_THREADS ? undefined : next };
    },
    async foldSome(thread, endedBefore, maxEvents) {
      const row = queries.threads.byKey(thread);
      if (row === undefined || row.floor >= floorFor(queries, thread, endedBefore)) return false;
      return (await commit.run((tx) => foldThread(tx, thread, endedBefore, maxEvents))) > row.floor;
    },
    async fold(endedBefore) {
      let changed = 0;
      for (let after: number | undefined = 0; after !== undefined; ) {
        const page = upkeep.threads(after, { begun: endedBefore, idle: NEVER });
        for (const { key } of page.threads) {
          let slices = 0;
          while (await upkeep.foldSome(key, endedBefore, FOLD_EVENTS)) slices++;
          if (slices > 0) changed++;
        }
        after = page.next;
      }
      return changed;
    },
    async expireThread(thread, idleSince) {
      const files = await commit.run((tx) => expireThread(tx, thread, idleSince));
      if (files !== undefined) removeFiles(files);
      return files !== undefined;
    },
    removeSome: (thread, maxRows) => commit.run((tx) => removeSomeOfThread(tx, thread, maxRows)),
    sweepSome: (before, maxRows) =>
      commit.run(() => {
        for (const remove of expired) if (remove.run({ ...before, maxRows }).changes > 0) return true;
        return false;
      }),
    cutAudit: (before) => commit.run((tx) => cutAudit(tx, before)),
    removeAudit: (upTo, maxRows) => commit.run((tx) => tx.queries.audit.removeUpTo(upTo, maxRows) > 0),
    vacuumSome(maxPages) {
      if (number('auto_vacuum') !== INCREMENTAL) return false;
      const spare = number('freelist_count') - Math.max(KEPT_FREE_PAGES, Math.ceil(number('page_count') * KEPT_FREE_SHARE));
      if (spare <= 0) return false;
      raw.pragma(`incremental_vacuum(${Math.min(maxPages, spare)})`);
      return spare > maxPages;
    },
    size() {
      const [pages, pageBytes] = [number('page_count'), number('page_size')];
      return { fileBytes: pages * pageBytes, usedBytes: (pages - number('freelist_count')) * pageBytes };
    },
  };
  return upkeep;
}

/** Up to where a thread can be folded. */
function floorFor(queries: Queries, thread: number, endedBefore: number): number {
  const keep = queries.runs.firstUnfoldable(thread, endedBefore);
  return keep === undefined ? queries.events.head(thread) : keep - 1;
}

function keptThreads(raw: Sqlite) {
  return raw.prepare<
    [{ readonly afterKey: number; readonly upTo: number; readonly begun: number; readonly idle: number }],
    { key: number; updatedAt: number; gone: 0 | 1 }
  >(
    `select key, updated_at as updatedAt, owner = '' as gone from threads where key > @afterKey and key <= @upTo
     and (created_at <= @begun or updated_at < @idle or owner = '') order by key limit ${SLICE_THREADS}`,
  );
}

function expiredRows(raw: Sqlite) {
  const conditions = {
    receipts: 'at < @receipts',
    tokens: 'expires_at < @now',
    logins: 'expires_at < @now and not exists (select 1 from tokens where login = logins.key)',
    shares: 'expires_at < @now',
    usage_days: 'day < @usageDay',
    rate_counts: 'expire <= @now',
  };
  return Object.entries(conditions).map(([table, condition]) =>
    raw.prepare<[Expiries & { readonly maxRows: number }]>(
      `delete from ${table} where rowid in (select rowid from ${table} where ${condition} limit @maxRows)`,
    ),
  );
}
