import { createHash } from 'node:crypto';
import type { JsonObject } from '../../protocol/json.ts';
import type { AuditRow } from '../audit.ts';
import type { Queries } from '../queries.ts';
import { canonical } from './command.ts';

/** One thing that somebody did, or was refused. */
export interface AuditEntry {
  /** As `ownerOf` names the principal; `cli` for the command line, `server` for itself, undefined for nobody known. */
  readonly actor: string | undefined;
  /** Such as `auth.login`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly target?: string | undefined;
  /** `refused` for want of authority, `failed` for any other reason. */
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** Where the caller is: an address. */
  readonly origin?: string | undefined;
  /** Never text of messages, tokens or passwords. */
  readonly details?: JsonObject | undefined;
}

/** Any transaction is one. */
export interface AuditWriter {
  readonly queries: Pick<Queries, 'audit'>;
  readonly now: number;
}

/** What the first row follows. */
export const AUDIT_START = '';

/** Adds an entry, in the transaction of what it tells of. */
export function appendAudit({ queries, now }: AuditWriter, entry: AuditEntry): void {
  const { actor = null, action, target = null, outcome, origin = null, details = null } = entry;
  const row = { at: now, actor, action, target, outcome, origin, details };
  queries.audit.insert({ ...row, hash: auditHash(row, queries.audit.last()?.hash ?? AUDIT_START) });
}

/** What a row's `hash` must be, after that of the row before it. */
export function auditHash({ at, actor, action, target, outcome, origin, details }: Omit<AuditRow, 'id' | 'hash'>, before: string): string {
  return createHash('sha256')
    .update(canonical([before, at, actor, action, target, outcome, origin, details]))
    .digest('base64url');
}
