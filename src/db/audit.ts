import { and, asc, type Column, desc, eq, getTableColumns, gt, gte, inArray, lt, lte, type SQL, sql } from 'drizzle-orm';
import { ownerOf } from '../protocol/principal.ts';
import { auditLog } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type AuditRow = typeof auditLog.$inferSelect;

export interface AuditFilter {
  readonly afterId?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditRow['outcome'] | undefined;
  readonly limit: number;
}

/** For a page from the end. */
export interface AuditPageFilter extends Omit<AuditFilter, 'afterId' | 'action'> {
  /** Ids from here on, and before this one. */
  readonly fromId: number;
  readonly beforeId: number;
  /** Whole, or its beginning and a `*`. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Actors of this tenant alone. */
  readonly tenant?: string | undefined;
}

/** A row as it lies in the file: whoever changed it may have left no JSON there. */
export type StoredAuditRow = Omit<AuditRow, 'details'> & { readonly details: string | null };

/** No query changes a row, and the file itself refuses it. The oldest can be removed once a row says so: see `cutAudit`. */
export function prepareAudit(db: Drizzle) {
  const last = db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1).prepare();
  const { id: _, details: __, ...plain } = getTableColumns(auditLog);
  const stored = { id: auditLog.id, ...plain, details: sql<string | null>`${auditLog.details}` };
  return {
    last: (): AuditRow | undefined => last.get(),
    insert: (row: Omit<AuditRow, 'id'>): void => void db.insert(auditLog).values(row).run(),
    /** Oldest first. */
    page: ({ limit, ...filter }: AuditFilter): AuditRow[] =>
      db.select().from(auditLog).where(conditionOf(filter)).orderBy(asc(auditLog.id)).limit(limit).all(),
    /** The newest, oldest first. */
    newest: ({ limit, ...filter }: AuditFilter): AuditRow[] =>
      db.select().from(auditLog).where(conditionOf(filter)).orderBy(desc(auditLog.id)).limit(limit).all().reverse(),
    /** Newest first. */
    pageBack: ({ limit, fromId, beforeId, action, target, tenant, ...filter }: AuditPageFilter): AuditRow[] =>
      db
        .select()
        .from(auditLog)
        .where(
          and(
            gte(auditLog.id, fromId),
            lt(auditLog.id, beforeId),
            conditionOf(filter),
            action === undefined ? undefined : actionIs(action),
            target === undefined ? undefined : eq(auditLog.target, target),
            tenant === undefined ? undefined : beginsWith(auditLog.actor, ownerOf({ id: '', tenant })),
          ),
        )
        .orderBy(desc(auditLog.id))
        .limit(limit)
        .all(),
    /** The id of the newest row that is no newer than a time. */
    newestUpTo: (at: number): number | undefined =>
      db.select({ id: auditLog.id }).from(auditLog).where(lte(auditLog.at, at)).orderBy(desc(auditLog.at), desc(auditLog.id)).limit(1).get()
        ?.id,
    /** Oldest first. */
    storedPage: (afterId: number, limit: number): StoredAuditRow[] =>
      db.select(stored).from(auditLog).where(gt(auditLog.id, afterId)).orderBy(asc(auditLog.id)).limit(limit).all(),
    /** The newest row of an action, looked for from the end. */
    lastOf: (action: string): StoredAuditRow | undefined =>
      db.select(stored).from(auditLog).where(eq(auditLog.action, action)).orderBy(desc(auditLog.id)).limit(1).get(),
    /** The last of the rows at the beginning that are all older than a time: a clock that was wrong once must not make newer ones old. */
    lastBefore(at: number): AuditRow | undefined {
      const young = db.select({ id: auditLog.id }).from(auditLog).where(gte(auditLog.at, at)).orderBy(asc(auditLog.id)).limit(1).get();
      const isOld = young === undefined ? undefined : lt(auditLog.id, young.id);
      return db.select().from(auditLog).where(isOld).orderBy(desc(auditLog.id)).limit(1).get();
    },
    /** How many rows there ever were, as SQLite itself counts them. */
    written: (): number => db.get<{ seq: number } | undefined>(sql`select seq from sqlite_sequence where name = 'audit_log'`)?.seq ?? 0,
    /** The oldest rows, up to an id: some of them. Returns how many. The file refuses what no cut tells of. */
    removeUpTo(id: number, limit: number): number {
      const oldest = db.select({ id: auditLog.id }).from(auditLog).where(lte(auditLog.id, id)).orderBy(asc(auditLog.id)).limit(limit);
      return db.delete(auditLog).where(inArray(auditLog.id, oldest)).run().changes;
    },
  };
}

function actionIs(action: string): SQL {
  return action.endsWith('*') ? beginsWith(auditLog.action, action.slice(0, -1)) : eq(auditLog.action, action);
}

function beginsWith(column: Column, text: string): SQL {
  return sql`substr(${column}, 1, ${text.length}) = ${text}`;
}

function conditionOf({ afterId, from, to, actor, action, outcome }: Omit<AuditFilter, 'limit'>): SQL | undefined {
  return and(
    afterId === undefined ? undefined : gt(auditLog.id, afterId),
    from === undefined ? undefined : gte(auditLog.at, from),
    to === undefined ? undefined : lte(auditLog.at, to),
    actor === undefined ? undefined : eq(auditLog.actor, actor),
    action === undefined ? undefined : eq(auditLog.action, action),
    outcome === undefined ? undefined : eq(auditLog.outcome, outcome),
  );
}
