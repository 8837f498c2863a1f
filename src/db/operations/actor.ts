import { VerbatimError } from '../../protocol/verbatimError.ts';
import { noSuch } from './access.ts';
import type { AuditEntry } from './appendAudit.ts';

/** What somebody would have. */
export interface Given {
  readonly roles: readonly string[];
  /** Undefined: any, or those that the roles give. */
  readonly scopes?: readonly string[] | undefined;
}

/** Who administers: for the audit log, and for what may be touched. */
export interface Actor extends Pick<AuditEntry, 'actor' | 'origin'> {
  /** An administrator of a tenant sees and changes nothing outside of it. */
  readonly within?: string | undefined;
  /** Throws `NOT_ALLOWED` for what goes beyond the actor's own. Absent: it may give anything. */
  readonly assertMayGive?: ((given: Given) => void) | undefined;
}

/** The row, when the actor may touch it: what is outside of its tenant looks like what does not exist. */
export function within<Row extends { readonly tenant: string | null }>(by: Actor, row: Row | undefined, what: string): Row {
  if (row === undefined || (by.within !== undefined && row.tenant !== by.within)) throw noSuch(what);
  return row;
}

/** The tenant of something new. Throws `NOT_ALLOWED` for another than the actor's own. */
export function tenantFor(by: Actor, given: string | undefined): string | null {
  if (by.within === undefined) return given ?? null;
  if (given !== undefined && given !== by.within) throw new VerbatimError('NOT_ALLOWED', 'You may make this in your own tenant only.');
  return by.within;
}
