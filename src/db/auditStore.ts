import type { AuditInfo, AuditListInput } from '../protocol/accounts.ts';
import type { Page } from '../protocol/procedures.ts';
import type { AuditFilter, AuditRow } from './audit.ts';
import type { Actor } from './operations/actor.ts';
import { type AuditEntry, appendAudit } from './operations/appendAudit.ts';
import { canonical } from './operations/command.ts';
import { listAudit } from './operations/listAudit.ts';
import type { SqliteParts } from './sqliteLog.ts';

/** Who did what, for good. */
export interface AuditStore {
  /** Of what changes nothing in the database; an operation that does adds its entry itself. */
  record(entry: AuditEntry): Promise<void>;
  /** Adds an entry of the limits that were set, unless they are those that were set before. */
  recordLimits(limits: Readonly<Record<string, number | string>>): Promise<void>;
  page(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** What the actor may see of it, newest first. */
  list(by: Actor, filter: AuditListInput & { readonly limit: number }): Promise<Page<AuditInfo>>;
}

const LIMITS = 'limits.change';

export function sqliteAuditStore({ queries, commit }: SqliteParts): AuditStore {
  return {
    record: (entry) => commit.run((tx) => appendAudit(tx, entry)),
    recordLimits: (limits) =>
      commit.run((tx) => {
        const text = canonical(limits);
        if ((tx.queries.meta.get('audited_limits') ?? '{}') === text) return;
        tx.queries.meta.set('audited_limits', text);
        appendAudit(tx, { actor: 'server', action: LIMITS, outcome: 'ok', details: { limits } });
      }),
    async page(filter) {
      return queries.audit.page(filter);
    },
    async list(by, filter) {
      return listAudit(queries, by, filter);
    },
  };
}
