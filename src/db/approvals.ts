import { and, asc, eq, gt, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { ApprovalStatus } from '../protocol/approval.ts';
import { approvalRules, approvals } from './agentTables.ts';
import type { Drizzle } from './drizzle.ts';
import { messages, runs, threads, toolCalls } from './schema.ts';
import { type ShareReader, sharedThreads } from './shares.ts';

export type ApprovalRow = typeof approvals.$inferSelect;
export type ApprovalRule = typeof approvalRules.$inferSelect;
export type NewApproval = Pick<ApprovalRow, 'call' | 'thread' | 'run' | 'role' | 'question' | 'requestedAt'>;

export interface ApprovalFilter {
  /** Of one thread, or all that may concern somebody. */
  readonly of: { readonly thread: number } | ApprovalReader;
  readonly callId?: string | undefined;
  readonly status?: ApprovalStatus | undefined;
  readonly afterKey?: number | undefined;
  readonly limit: number;
}

export interface ApprovalReader extends ShareReader {
  readonly roles: readonly string[];
  /** Absent: of any. */
  readonly tenant: string | undefined;
}

export function prepareApprovals(db: Drizzle) {
  const $ = sql.placeholder;
  const ofCall = db
    .select()
    .from(approvals)
    .where(eq(approvals.call, $('call')))
    .prepare();
  const forgetRun = db
    .delete(approvalRules)
    .where(eq(approvalRules.run, $('run')))
    .prepare();
  const rules = db
    .select()
    .from(approvalRules)
    .where(and(eq(approvalRules.thread, $('thread')), eq(approvalRules.tool, $('tool'))))
    .orderBy(asc(approvalRules.key))
    .prepare();
  /** What it is asked by a role of its own, or in a thread that is its own or shared with it. */
  function concerns(reader: ApprovalReader): SQL | undefined {
    const { owner, roles, tenant } = reader;
    return or(
      eq(threads.owner, owner),
      roles.length === 0
        ? undefined
        : and(inArray(approvals.role, [...roles]), tenant === undefined ? undefined : eq(threads.tenant, tenant)),
      inArray(approvals.thread, sharedThreads(db, reader)),
    );
  }

  return {
    insert: (row: NewApproval): void =>
      void db
        .insert(approvals)
        .values({ ...row, status: 'pending' })
        .run(),
    ofCall: (call: number): ApprovalRow | undefined => ofCall.get({ call }),
    ofCalls: (calls: readonly number[]): ApprovalRow[] =>
      calls.length === 0
        ? []
        : db
            .select()
            .from(approvals)
            .where(inArray(approvals.call, [...calls]))
            .all(),
    /** False when it was decided before. */
    decide(
      key: number,
      change: Pick<ApprovalRow, 'decidedAt' | 'by' | 'reason' | 'remember'> & { readonly status: Exclude<ApprovalStatus, 'pending'> },
    ): boolean {
      const pending = and(eq(approvals.key, key), eq(approvals.status, 'pending'));
      return db.update(approvals).set(change).where(pending).run().changes === 1;
    },
    /** Oldest first. Whether the reader may see each is another question. */
    list({ of, callId, status, afterKey, limit }: ApprovalFilter) {
      const conditions: (SQL | undefined)[] = [
        'thread' in of ? eq(approvals.thread, of.thread) : concerns(of),
        callId === undefined ? undefined : eq(toolCalls.id, callId),
        status === undefined ? undefined : eq(approvals.status, status),
        afterKey === undefined ? undefined : gt(approvals.key, afterKey),
      ];
      return db
        .select({ approval: approvals, call: toolCalls, run: runs, thread: threads, agent: messages.agent })
        .from(approvals)
        .innerJoin(toolCalls, eq(toolCalls.key, approvals.call))
        .innerJoin(runs, eq(runs.key, approvals.run))
        .innerJoin(threads, eq(threads.key, approvals.thread))
        .innerJoin(messages, eq(messages.key, toolCalls.message))
        .where(and(...conditions))
        .orderBy(asc(approvals.key))
        .limit(limit)
        .all();
    },
    addRule: (row: Omit<ApprovalRule, 'key'>): void => void db.insert(approvalRules).values(row).run(),
    /** Decisions to be remembered for this tool of this agent, in one of these runs or in the whole thread, the newest first. */
    rules(thread: number, { agent, tool, runs: of }: { readonly agent: string; readonly tool: string; readonly runs: readonly number[] }) {
      const all: readonly ApprovalRule[] = rules.all({ thread, tool });
      return all.filter((rule) => rule.agent === agent && (rule.run === null || of.includes(rule.run))).reverse();
    },
    removeOfThread(thread: number): void {
      db.delete(approvals).where(eq(approvals.thread, thread)).run();
      db.delete(approvalRules).where(eq(approvalRules.thread, thread)).run();
    },
    /** Rules of a run alone: it has ended. */
    forgetRun: (run: number): void => void forgetRun.run({ run }),
  };
}
