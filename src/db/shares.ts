import { and, eq, gt, isNull, or } from 'drizzle-orm';
import { ownerOf, type Principal } from '../protocol/principal.ts';
import { shares } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type ShareRow = typeof shares.$inferSelect;

export function prepareShares(db: Drizzle) {
  return {
    /** The most that shares of a thread allow a principal, by its name or by the link that it came by. */
    accessOf(thread: number, principal: Principal, now: number): 'read' | 'write' | undefined {
      const { share } = principal;
      const rows = db
        .select({ access: shares.access })
        .from(shares)
        .where(
          and(
            eq(shares.thread, thread),
            or(isNull(shares.expiresAt), gt(shares.expiresAt, now)),
            or(eq(shares.owner, ownerOf(principal)), typeof share === 'string' ? eq(shares.id, share) : undefined),
          ),
        )
        .all();
      if (rows.length === 0) return undefined;
      return rows.some((row) => row.access === 'write') ? 'write' : 'read';
    },
    removeOfThread: (thread: number): void => void db.delete(shares).where(eq(shares.thread, thread)).run(),
  };
}
