import { and, desc, eq } from 'drizzle-orm';
import { summaries } from './agentTables.ts';
import type { Drizzle } from './drizzle.ts';

export type SummaryRow = typeof summaries.$inferSelect;

export function prepareSummaries(db: Drizzle) {
  return {
    /** The one that stands for most of the thread. */
    newest: (thread: number, agent: string): SummaryRow | undefined =>
      db
        .select()
        .from(summaries)
        .where(and(eq(summaries.thread, thread), eq(summaries.agent, agent)))
        .orderBy(desc(summaries.seq))
        .limit(1)
        .get(),
    /** False when there is one for the same position: two runs may have made it at the same time. */
    insert: (row: Omit<SummaryRow, 'key'>): boolean => db.insert(summaries).values(row).onConflictDoNothing().run().changes === 1,
    removeOfThread(thread: number): void {
      db.delete(summaries).where(eq(summaries.thread, thread)).run();
    },
  };
}
