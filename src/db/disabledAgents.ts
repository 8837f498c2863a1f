import { eq, sql } from 'drizzle-orm';
import { disabledAgents } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type DisabledAgentRow = typeof disabledAgents.$inferSelect;

export function prepareDisabledAgents(db: Drizzle) {
  const byName = db
    .select()
    .from(disabledAgents)
    .where(eq(disabledAgents.name, sql.placeholder('name')))
    .prepare();
  return {
    has: (name: string): boolean => byName.get({ name }) !== undefined,
    all: (): DisabledAgentRow[] => db.select().from(disabledAgents).all(),
    add: (row: DisabledAgentRow): void => void db.insert(disabledAgents).values(row).onConflictDoNothing().run(),
    remove: (name: string): number => db.delete(disabledAgents).where(eq(disabledAgents.name, name)).run().changes,
  };
}
