import { and, asc, count, desc, eq, gte, isNull, lt, lte, min, type SQL, sql } from 'drizzle-orm';
import type { Usage } from '../protocol/event.ts';
import type { Principal } from '../protocol/principal.ts';
import type { RunStatus } from '../protocol/procedures.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import type { Drizzle } from './drizzle.ts';
import { KeptRuns } from './keptRuns.ts';
import { RUN_TRANSITIONS } from './runStatus.ts';
import { runs, threads } from './schema.ts';

export type RunRow = typeof runs.$inferSelect;
export type NewRun = Pick<
  RunRow,
  'id' | 'thread' | 'agent' | 'principal' | 'rank' | 'cancelOnDisconnect' | 'options' | 'context' | 'firstSeq' | 'createdAt'
> &
  Partial<Pick<RunRow, 'budget' | 'fresh' | 'parent' | 'parentCallId' | 'depth' | 'agents' | 'task' | 'traceparent'>>;

const NO_PARENT = { budget: null, fresh: false, parent: null, parentCallId: null, depth: 0, agents: null, task: null, traceparent: null };

/** Where a queued run stands in its thread; lower goes first. Each interrupting one goes before those that interrupted earlier. */
export const RANK = { ordinary: 0, steered: -500, interrupting: -1_000 } as const;

/** What a run comes to when it ends. */
export type RunOutcome = Partial<Pick<RunRow, 'endedAt' | 'lastSeq' | 'outcome' | 'output' | 'error'>>;

export function prepareRuns(db: Drizzle) {
  const $ = sql.placeholder;
  const byId = db
    .select()
    .from(runs)
    .where(eq(runs.id, $('id')))
    .prepare();
  const byKey = db
    .select()
    .from(runs)
    .where(eq(runs.key, $('key')))
    .prepare();
  const insert = db
    .insert(runs)
    .values({
      id: $('id'),
      thread: $('thread'),
      agent: $('agent'),
      principal: $('principal'),
      status: 'queued',
      rank: $('rank'),
      cancelOnDisconnect: $('cancelOnDisconnect'),
      options: $('options'),
      budget: $('budget'),
      fresh: $('fresh'),
      context: $('context'),
      firstSeq: $('firstSeq'),
      createdAt: $('createdAt'),
      usage: $('usage'),
      parent: $('parent'),
      parentCallId: $('parentCallId'),
      depth: $('depth'),
      agents: $('agents'),
      task: $('task'),
      traceparent: $('traceparent'),
    })
    .returning()
    .prepare();
  const openStatus = sql`${runs.status} in ('queued', 'running', 'waiting')`;
  // Active before queued; then by rank, then by age: the order in which a thread's runs are worked on.
  const openOfThread = db
    .select()
    .from(runs)
    .where(and(eq(runs.thread, $('thread')), isNull(runs.parent), openStatus))
    .orderBy(sql`${runs.status} = 'queued'`, asc(runs.rank), asc(runs.key))
    .prepare();
  const start = db
    .update(runs)
    .set({
      status: 'running',
      attempt: sql`${$('attempt')}`,
      lease: sql`${$('lease')}`,
      startedAt: sql`coalesce(${runs.startedAt}, ${$('now')})`,
    })
    // The plus: an index has a condition on the status, and SQLite would prepare the statement anew each time to look whether it fits.
    .where(and(eq(runs.key, $('key')), sql`+${runs.status} = ${$('from')}`))
    .prepare();
  const move = db
    .update(runs)
    .set({
      status: sql`${$('to')}`,
      endedAt: sql`${$('endedAt')}`,
      lastSeq: sql`${$('lastSeq')}`,
      lease: sql`iif(${$('endedAt')} is null, ${runs.lease}, null)`,
      outcome: sql`${$('outcome')}`,
      output: sql`${$('output')}`,
      error: sql`${$('error')}`,
    })
    // The plus: an index has a condition on the status, and SQLite would prepare the statement anew each time to look whether it fits.
    .where(and(eq(runs.key, $('key')), sql`+${runs.status} = ${$('from')}`))
    .prepare();
  const setUsage = db
    .update(runs)
    .set({ usage: sql`${$('usage')}` })
    .where(eq(runs.key, $('key')))
    .prepare();
  const children = db
    .select()
    .from(runs)
    // Literally what the index has: without it SQLite reads the whole table.
    .where(and(eq(runs.parent, $('parent')), sql`${runs.parent} is not null`))
    .orderBy(asc(runs.key))
    .prepare();
  const firstUnfoldable = db
    .select({ seq: min(runs.firstSeq) })
    .from(runs)
    .where(and(eq(runs.thread, $('thread')), sql`(${runs.endedAt} is null or ${runs.endedAt} > ${$('endedBefore')})`))
    .prepare();
  const ended = db
    .select({
      runId: runs.id,
      agent: runs.agent,
      status: runs.status,
      error: runs.error,
      usage: runs.usage,
      createdAt: runs.createdAt,
      startedAt: runs.startedAt,
      endedAt: runs.endedAt,
      parent: runs.parent,
    })
    .from(runs)
    .where(eq(runs.key, $('key')))
    .prepare();
  const kept = new KeptRuns<RunRow>();

  return {
    insert: (row: NewRun): number => kept.keep(insert.get({ usage: NO_USAGE, ...NO_PARENT, ...row }))?.key ?? 0,
    byId: (id: string): RunRow | undefined => byId.get({ id }),
    byKey: (key: number): Readonly<RunRow> | undefined => kept.get(key) ?? kept.keep(byKey.get({ key })),
    /** What is told of a run that has ended. */
    endOf: (key: number) => ended.get({ key }),
    /** To be called when what was written is taken back: rows were kept that are not so. */
    forgetKept: (): void => kept.clear(),
    /** The open root runs of a thread: the active one first, then those that wait, in order. */
    openOfThread: (thread: number): RunRow[] => openOfThread.all({ thread }),
    /** Runs that another asked for, in the order in which it did. */
    children: (parent: number): RunRow[] => children.all({ parent }),
    /** A handoff, or a router's choice. */
    setAgent(key: number, { agent, handoffs }: { readonly agent: string; readonly handoffs: number }): void {
      kept.forget(key);
      db.update(runs).set({ currentAgent: agent, handoffs }).where(eq(runs.key, key)).run();
    },
    setPrincipal(key: number, principal: Principal): void {
      kept.forget(key);
      db.update(runs).set({ principal }).where(eq(runs.key, key)).run();
    },
    setAttempt(key: number, attempt: number): void {
      kept.forget(key);
      db.update(runs).set({ attempt }).where(eq(runs.key, key)).run();
    },
    queued(): { readonly waiting: number; readonly oldestAt: number | undefined } {
      // Literally what the index has, or SQLite reads every run there ever was.
      const queued = and(openStatus, eq(runs.status, 'queued'));
      const row = db
        .select({ waiting: count(), oldestAt: min(runs.createdAt) })
        .from(runs)
        .where(queued)
        .get();
      return { waiting: row?.waiting ?? 0, oldestAt: row?.oldestAt ?? undefined };
    },
    openCounts(): {
      readonly queued: number;
      readonly running: number;
      readonly waiting: number;
      readonly oldestQueuedAt: number | undefined;
    } {
      const rows = db
        .select({ status: runs.status, count: count(), oldestAt: min(runs.createdAt) })
        .from(runs)
        .where(openStatus)
        .groupBy(runs.status)
        .all();
      const of = (status: RunStatus) => rows.find((row) => row.status === status);
      return {
        queued: of('queued')?.count ?? 0,
        running: of('running')?.count ?? 0,
        waiting: of('waiting')?.count ?? 0,
        oldestQueuedAt: of('queued')?.oldestAt ?? undefined,
      };
    },
    /** Every open run of the file; oldest first, parents before children. */
    allOpen: (): RunRow[] => db.select().from(runs).where(openStatus).orderBy(asc(runs.key)).all(),
    /** The root run that ended last. */
    lastOfThread: (thread: number): RunRow | undefined =>
      db
        .select()
        .from(runs)
        .where(and(eq(runs.thread, thread), isNull(runs.parent)))
        .orderBy(desc(runs.lastSeq))
        .limit(1)
        .get(),
    start(row: RunRow, { attempt, lease, now }: { readonly attempt: number; readonly lease: string; readonly now: number }): void {
      assertTransition(row, 'running');
      assertMoved(row, start.run({ key: row.key, from: row.status, attempt, lease, now }).changes);
      kept.change(row.key, { status: 'running', attempt, lease, startedAt: row.startedAt ?? now });
    },
    /** Moves a run to another status, or refuses: no other query changes a status. One that has ended holds no lease. */
    move(
      row: RunRow,
      to: RunStatus,
      { endedAt = null, lastSeq = null, outcome = null, output = null, error = null }: RunOutcome = {},
    ): void {
      assertTransition(row, to);
      const json = { output: output === null ? null : JSON.stringify(output), error: error === null ? null : JSON.stringify(error) };
      assertMoved(row, move.run({ key: row.key, from: row.status, to, endedAt, lastSeq, outcome, ...json }).changes);
      kept.change(row.key, { status: to, endedAt, lastSeq, outcome, output, error, ...(endedAt !== null && { lease: null }) });
    },
    setUsage(key: number, usage: Usage): void {
      setUsage.run({ key, usage: JSON.stringify(usage) });
      kept.change(key, { usage });
    },
    dropLease(key: number): void {
      kept.forget(key);
      db.update(runs).set({ lease: null }).where(eq(runs.key, key)).run();
    },
    setCancelBy(key: number, by: string): void {
      kept.forget(key);
      db.update(runs)
        .set({ cancelBy: by })
        .where(and(eq(runs.key, key), isNull(runs.cancelBy)))
        .run();
    },
    list(filter: {
      readonly owner: string | undefined;
      readonly tenant?: string | undefined;
      readonly agent?: string | undefined;
      readonly createdAfter?: number | undefined;
      readonly createdBefore?: number | undefined;
      readonly thread?: number | undefined;
      readonly status?: RunStatus | undefined;
      readonly beforeKey?: number | undefined;
      readonly limit: number;
    }): { run: RunRow; threadId: string }[] {
      const conditions: (SQL | undefined)[] = [filter.owner === undefined ? undefined : eq(threads.owner, filter.owner)];
      if (filter.thread !== undefined) conditions.push(eq(runs.thread, filter.thread));
      if (filter.status !== undefined) conditions.push(eq(runs.status, filter.status));
      if (filter.tenant !== undefined) conditions.push(eq(threads.tenant, filter.tenant));
      if (filter.agent !== undefined) conditions.push(eq(runs.agent, filter.agent));
      if (filter.createdAfter !== undefined) conditions.push(gte(runs.createdAt, filter.createdAfter));
      if (filter.createdBefore !== undefined) conditions.push(lte(runs.createdAt, filter.createdBefore));
      if (filter.beforeKey !== undefined) conditions.push(lt(runs.key, filter.beforeKey));
      return db
        .select({ run: runs, threadId: threads.id })
        .from(runs)
        .innerJoin(threads, eq(threads.key, runs.thread))
        .where(and(...conditions))
        .orderBy(desc(runs.key))
        .limit(filter.limit)
        .all();
    },
    /** Those that the root runs of a thread were sent to. */
    agentsOf: (thread: number): string[] => {
      const sent = db
        .selectDistinct({ agent: runs.agent, agents: runs.agents })
        .from(runs)
        .where(and(eq(runs.thread, thread), isNull(runs.parent)))
        .all();
      return sent.flatMap(({ agent, agents }) => agents ?? [agent]);
    },
    /** Runs of a thread that cannot be folded: open, or ended after `endedBefore`. */
    firstUnfoldable(thread: number, endedBefore: number): number | undefined {
      return firstUnfoldable.get({ thread, endedBefore })?.seq ?? undefined;
    },
    removeOfThread(thread: number): void {
      kept.clear();
      db.delete(runs).where(eq(runs.thread, thread)).run();
    },
  };
}

function assertTransition(row: RunRow, to: RunStatus): void {
  if (!RUN_TRANSITIONS[row.status].includes(to)) {
    // Not a refusal: the operation has gone wrong midway, and all of it is taken back.
    throw new Error(`run ${row.id} is ${row.status} and cannot become ${to}`);
  }
}

function assertMoved(row: RunRow, changes: number): void {
  if (changes !== 1) throw new Error(`run ${row.id} is no longer ${row.status}`);
}
