import type { AuditInfo, AuditListInput } from '../../protocol/accounts.ts';
import type { Page } from '../../protocol/procedures.ts';
import type { AuditRow } from '../audit.ts';
import { decodePageToken, encodePageToken } from '../pageToken.ts';
import type { Queries } from '../queries.ts';
import type { Actor } from './actor.ts';

/** Entries that are looked at for one page: a filter that few fit must not hold up everybody else. */
export const MAX_AUDIT_SCAN = 20_000;

/** The log from its end. An administrator of a tenant sees what was done by those of the tenant. */
export function listAudit(
  { audit }: Pick<Queries, 'audit'>,
  by: Actor,
  { limit, pageToken, ...filter }: AuditListInput & { readonly limit: number },
): Page<AuditInfo> {
  const [before] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
  const beforeId = before ?? endOf(audit, filter.to) + 1;
  const fromId = Math.max(1, beforeId - MAX_AUDIT_SCAN);
  const rows = audit.pageBack({ ...filter, tenant: by.within, fromId, beforeId, limit: limit + 1 });
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1)?.id : fromId;
  const oldestAt = filter.from ?? 0;
  const hasMore =
    last !== undefined && last > 1 && audit.pageBack({ fromId: 1, beforeId: last, limit: 1 }).some((row) => row.at >= oldestAt);
  return { items: items.map(auditInfo), ...(hasMore && { nextPageToken: encodePageToken([last]) }) };
}

function endOf(audit: Queries['audit'], to: number | undefined): number {
  return (to === undefined ? audit.last()?.id : audit.newestUpTo(to)) ?? 0;
}

function auditInfo({ id, at, actor, action, target, outcome, origin, details }: AuditRow): AuditInfo {
  return {
    id,
    at,
    ...(actor !== null && { actor }),
    action,
    ...(target !== null && { target }),
    outcome,
    ...(origin !== null && { origin }),
    ...(details !== null && { details }),
  };
}
