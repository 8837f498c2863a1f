import { and, asc, desc, eq, gt, gte, lte, type SQL } from 'drizzle-orm';
import { auditLog } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type AuditRow = typeof auditLog.$inferSelect;

export interface AuditFilter {
  readonly afterId?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly limit: number;
}

/** There is no query that changes or removes a row. */
export function prepareAudit(db: Drizzle) {
  const last = db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1).prepare();
  return {
    last: (): AuditRow | undefined => last.get(),
    insert: (row: Omit<AuditRow, 'id'>): void => void db.insert(auditLog).values(row).run(),
    /** Oldest first. */
    page({ afterId, from, to, actor, action, limit }: AuditFilter): AuditRow[] {
      const conditions: (SQL | undefined)[] = [
        afterId === undefined ? undefined : gt(auditLog.id, afterId),
        from === undefined ? undefined : gte(auditLog.at, from),
        to === undefined ? undefined : lte(auditLog.at, to),
        actor === undefined ? undefined : eq(auditLog.actor, actor),
        action === undefined ? undefined : eq(auditLog.action, action),
      ];
      return db
        .select()
        .from(auditLog)
        .where(and(...conditions))
        .orderBy(asc(auditLog.id))
        .limit(limit)
        .all();
    },
  };
}
