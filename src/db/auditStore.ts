import type { AuditFilter, AuditRow } from './audit.ts';
import { type AuditEntry, appendAudit } from './operations/appendAudit.ts';
import type { SqliteParts } from './sqliteLog.ts';

/** Who did what, for good. */
export interface AuditStore {
  /** Of what changes nothing in the database; an operation that does adds its entry itself. */
  record(entry: AuditEntry): Promise<void>;
  page(filter: AuditFilter): Promise<readonly AuditRow[]>;
}

export function sqliteAuditStore({ queries, commit }: SqliteParts): AuditStore {
  return {
    record: (entry) => commit.run((tx) => appendAudit(tx, entry)),
    async page(filter) {
      return queries.audit.page(filter);
    },
  };
}
