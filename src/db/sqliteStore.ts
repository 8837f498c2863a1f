import type { Database } from 'better-sqlite3';
import type { Clock } from '../protocol/clock.ts';
import type { Observer } from '../protocol/observer.ts';
import { type May, mayBy } from '../protocol/policy.ts';
import type { LimitsOf } from '../protocol/tiers.ts';
import type { Prices } from '../protocol/usage.ts';
import type { AccountStore } from './accountStore.ts';
import { type AuditStore, sqliteAuditStore } from './auditStore.ts';
import { FileRemoval } from './fileRemoval.ts';
import type { FileStore } from './fileStore.ts';
import { GroupCommit } from './groupCommit.ts';
import type { Log } from './log.ts';
import type { MemoryStore } from './memoryStore.ts';
import { endedRun } from './operations/endedRun.ts';
import { prepareQueries } from './queries.ts';
import { type RateStore, sqliteRateStore } from './rateStore.ts';
import type { RunStore } from './runStore.ts';
import { type ShareStore, sqliteShareStore } from './shareStore.ts';
import { sqliteAccountStore } from './sqliteAccountStore.ts';
import { sqliteFileStore } from './sqliteFileStore.ts';
import { sqliteLog } from './sqliteLog.ts';
import { sqliteMemoryStore } from './sqliteMemoryStore.ts';
import { sqliteRunStore } from './sqliteRunStore.ts';
import { sqliteThreadStore } from './sqliteThreadStore.ts';
import type { ThreadStore } from './threadStore.ts';
import { sqliteUpkeep, type Upkeep } from './upkeep.ts';

/** Everything that is durable, behind its ports. */
export interface Store {
  readonly log: Log;
  readonly threads: ThreadStore;
  readonly runs: RunStore;
  readonly files: FileStore;
  readonly memories: MemoryStore;
  readonly shares: ShareStore;
  readonly audit: AuditStore;
  readonly accounts: AccountStore;
  readonly rates: RateStore;
  readonly upkeep: Upkeep;
  /** Threads held in memory by writers and readers: zero when there are none. */
  readonly heldLogs: number;
  /** Pieces of text and reasoning that agents have given since it was opened: of most models one token each. */
  readonly tokens: number;
  /** Writes to the database, through the same commits as all else, and resolves when that is durable. */
  writeProbe(): Promise<void>;
  /** Commits what waits; what comes after is refused with `SHUTTING_DOWN`. Leaves the database open. */
  close(): void;
  /** For tests: as the end of the process leaves it. What waits is not written, what comes after is refused. */
  abandon(): void;
}

/** The store on SQLite. Reads run at once on the one connection, between commits; writes share them. */
export function sqliteStore(opts: {
  readonly raw: Database;
  readonly epoch: string;
  readonly clock: Clock;
  /** Called after each commit with the keys of the threads whose log moved or ended. */
  readonly onCommit: (threads: readonly number[]) => void;
  /** Told the id of the log's newest event after each commit, and before one that removed the newest. */
  readonly recordHighWater: (id: number) => void;
  /** Who may do what. Default: the server's own policy. */
  readonly may?: May | undefined;
  /** The limits that hold for a principal. Default: nothing bounds callers. */
  readonly limitsOf?: LimitsOf | undefined;
  /** For the cost of model calls. */
  readonly prices?: Prices | undefined;
  /** Called after each commit that erased text. */
  readonly onErased?: () => void;
  /** Default: nobody listens. */
  readonly observer?: Observer | undefined;
}): Store {
  const { raw, epoch, clock, onCommit, recordHighWater, prices, observer, onErased = () => {} } = opts;
  const { may = mayBy(undefined) } = opts;
  const queries = prepareQueries(raw);
  const commit = new GroupCommit({
    raw,
    queries,
    may,
    limitsOf: opts.limitsOf,
    clock,
    recordHighWater,
    onErased,
    observer,
    ...(observer !== undefined && {
      onAppended: (event, run) => {
        observer.appended(event);
        const ended = endedRun(queries, event, run);
        if (ended !== undefined) observer.runEnded(ended);
      },
    }),
    onCommit: (logs) => onCommit(logs.map((log) => log.key)),
  });
  const parts = {
    queries,
    commit,
    clock,
    epoch,
    prices,
    may,
    get now() {
      return clock.now();
    },
  };
  const probe = raw.prepare("insert into meta (key, value) values ('probe', ?) on conflict (key) do update set value = excluded.value");
  const removal = new FileRemoval(parts);
  const files = sqliteFileStore(parts, removal);
  return {
    log: sqliteLog(parts),
    threads: sqliteThreadStore(parts, removal),
    runs: sqliteRunStore(parts, files),
    files,
    memories: sqliteMemoryStore(parts),
    shares: sqliteShareStore(parts),
    audit: sqliteAuditStore(parts),
    accounts: sqliteAccountStore(parts),
    rates: sqliteRateStore(raw, commit),
    upkeep: sqliteUpkeep({ raw, queries, commit, removeFiles: (keys) => void removal.remove(keys) }),
    get tokens() {
      return commit.deltas;
    },
    get heldLogs() {
      return commit.heldLogs;
    },
    writeProbe: () => commit.run((tx) => void probe.run(String(tx.now))),
    close: () => commit.close(),
    abandon: () => commit.abandon(),
  };
}
