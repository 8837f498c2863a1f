import { and, asc, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import { ownerOf, type Principal } from '../protocol/principal.ts';
import { shares } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type ShareRow = typeof shares.$inferSelect;

/** For whom shares are looked for, and when. */
export interface ShareReader {
  /** As `ownerOf` names it. */
  readonly owner: string;
  /** The link that it came by. */
  readonly share: string | undefined;
  readonly now: number;
}

/** The keys of the threads that are shared with somebody, or with `others` too. */
export function sharedThreads(db: Drizzle, { owner, share, now }: ShareReader, others: readonly string[] = []) {
  const theirs = inArray(shares.owner, [owner, ...others]);
  return db
    .select({ thread: shares.thread })
    .from(shares)
    .where(and(holds(now), or(theirs, share === undefined ? undefined : eq(shares.id, share))));
}

function holds(now: number) {
  return or(isNull(shares.expiresAt), gt(shares.expiresAt, now));
}

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
            holds(now),
            or(eq(shares.owner, ownerOf(principal)), typeof share === 'string' ? eq(shares.id, share) : undefined),
          ),
        )
        .all();
      if (rows.length === 0) return undefined;
      return rows.some((row) => row.access === 'write') ? 'write' : 'read';
    },
    insert: (row: Omit<ShareRow, 'key'>): ShareRow => db.insert(shares).values(row).returning().get(),
    byId: (id: string): ShareRow | undefined => db.select().from(shares).where(eq(shares.id, id)).get(),
    byKey: (key: number): ShareRow | undefined => db.select().from(shares).where(eq(shares.key, key)).get(),
    /** The link with this secret, unless it has expired. */
    bySecret: (secretHash: string, now: number): ShareRow | undefined =>
      db
        .select()
        .from(shares)
        .where(and(eq(shares.secretHash, secretHash), holds(now)))
        .get(),
    /** Those that hold, oldest first. */
    ofThread: (thread: number, now: number): ShareRow[] =>
      db
        .select()
        .from(shares)
        .where(and(eq(shares.thread, thread), holds(now)))
        .orderBy(asc(shares.key))
        .all(),
    set: (key: number, change: Partial<Pick<ShareRow, 'access' | 'expiresAt' | 'secretHash' | 'link'>>): void =>
      void db.update(shares).set(change).where(eq(shares.key, key)).run(),
    /** With those that came by it. */
    remove(key: number): void {
      db.delete(shares).where(eq(shares.link, key)).run();
      db.delete(shares).where(eq(shares.key, key)).run();
    },
    removeOfThread(thread: number): void {
      db.delete(shares)
        .where(and(eq(shares.thread, thread), sql`${shares.link} is not null`))
        .run();
      db.delete(shares).where(eq(shares.thread, thread)).run();
    },
    hasExpired: (after: number, upTo: number): boolean =>
      db
        .select({ key: shares.key })
        .from(shares)
        .where(and(gt(shares.expiresAt, after), lte(shares.expiresAt, upTo)))
        .limit(1)
        .get() !== undefined,
  };
}
