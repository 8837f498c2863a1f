import type { KeyInfo } from '../../protocol/accounts.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ApiKeyRow } from '../apiKeys.ts';
import type { Authority } from './access.ts';
import { type Actor, tenantFor, within } from './actor.ts';
import { appendAudit } from './appendAudit.ts';

export interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly prefix: string;
  /** Default: the key's own id, a principal that is nobody else. */
  readonly principalId?: string | undefined;
  /** Default: those of its user but `admin`, or `user`. */
  readonly roles?: readonly string[] | undefined;
  readonly tier?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Default: its user's. */
  readonly tenant?: string | undefined;
  readonly expiresAt?: number | undefined;
}

/** Stores a key. Throws `BAD_INPUT` for one whose time is over already, or with roles that its user has not, `NOT_ALLOWED` for roles or scopes beyond the actor's. */
export function createKey(authority: Authority, key: NewKey, by: Actor): KeyInfo {
  const { queries, now } = authority;
  if (key.expiresAt !== undefined && key.expiresAt <= now) throw badInput('expiresAt', 'A key must end in the future.');
  const principalId = key.principalId ?? key.id;
  const known = queries.users.byId(principalId);
  const tenant = tenantFor(by, key.tenant ?? (by.within === undefined ? (known?.tenant ?? undefined) : undefined));
  const user = known?.tenant === tenant ? known : undefined;
  const missing = user === undefined ? undefined : key.roles?.find((role) => !user.roles.includes(role));
  if (missing !== undefined)
    throw badInput('roles', `The user ${user?.name} has not the role "${missing}", so a key of theirs cannot have it.`);
  const row = {
    id: key.id,
    name: key.name,
    hash: key.hash,
    prefix: key.prefix,
    principalId,
    roles: key.roles ?? user?.roles.filter((role) => role !== 'admin') ?? ['user'],
    tier: key.tier ?? null,
    scopes: key.scopes ?? null,
    tenant,
    expiresAt: key.expiresAt ?? null,
    createdAt: now,
    createdBy: by.actor ?? 'server',
  };
  by.assertMayGive?.({ roles: row.roles, scopes: key.scopes });
  queries.apiKeys.insert(row);
  const { roles, scopes } = row;
  appendAudit(authority, {
    ...by,
    action: 'keys.create',
    target: key.id,
    outcome: 'ok',
    details: { principalId, roles, ...(scopes !== null && { scopes }), ...(tenant !== null && { tenant }) },
  });
  return keyInfo({ ...row, key: 0, lastUsedAt: null, revokedAt: null });
}

/** Revoked at once, for good. Again changes nothing. */
export function revokeKey(authority: Authority, keyId: string, by: Actor): KeyInfo {
  const { queries, now } = authority;
  const row = within(by, queries.apiKeys.byId(keyId), 'key');
  if (row.revokedAt !== null) return keyInfo(row);
  queries.apiKeys.revoke(row.key, now);
  appendAudit(authority, { ...by, action: 'keys.revoke', target: row.id, outcome: 'ok' });
  return keyInfo({ ...row, revokedAt: now });
}

export function keyInfo(row: ApiKeyRow): KeyInfo {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    principalId: row.principalId,
    roles: row.roles,
    ...(row.tier !== null && { tier: row.tier }),
    ...(row.scopes !== null && { scopes: row.scopes }),
    ...(row.tenant !== null && { tenant: row.tenant }),
    createdAt: row.createdAt,
    createdBy: row.createdBy,
    ...(row.expiresAt !== null && { expiresAt: row.expiresAt }),
    ...(row.lastUsedAt !== null && { lastUsedAt: row.lastUsedAt }),
    ...(row.revokedAt !== null && { revokedAt: row.revokedAt }),
  };
}

function badInput(path: string, message: string): VerbatimError {
  return new VerbatimError('BAD_INPUT', message, { details: { issues: [{ path, message }] } });
}
