import { createKey, keyInfo, revokeKey } from '../db/operations/createKey.ts';
import type { KeyInfo } from '../protocol/accounts.ts';
import { newApiKey } from '../server/auth/apiKeyText.ts';
import { shortTime, textTable } from './textTable.ts';
import { allPages, type DatabaseFlags, withDatabase } from './withDatabase.ts';

export interface KeyFlags extends DatabaseFlags {
  readonly name: string;
  readonly principal?: string;
  readonly roles?: readonly string[];
  readonly tier?: string;
  readonly scopes?: readonly string[];
  readonly tenant?: string;
  /** Epoch milliseconds. */
  readonly expires?: number;
}

const CLI = { actor: 'cli' };

/** Prints the key alone on stdout, for `KEY=$(verbatim keys create ...)`, and what it is on stderr. */
export async function createKeyFor(flags: KeyFlags): Promise<void> {
  const { text, ...key } = newApiKey();
  const { name, principal: principalId, roles, tier, scopes, tenant, expires: expiresAt } = flags;
  const info = await withDatabase(flags, { mayMake: true }, (database) =>
    database.run((tx) => createKey(tx, { ...key, name, principalId, roles, tier, scopes, tenant, expiresAt }, CLI)),
  );
  if (flags.json) return printJson({ ...info, key: text });
  process.stdout.write(`${text}\n`);
  process.stderr.write(
    `${info.id} acts for ${info.principalId} with the roles ${info.roles.join(', ') || 'none'}. It is shown this once.\n`,
  );
}

export async function listKeys(flags: DatabaseFlags): Promise<void> {
  const keys = await withDatabase(flags, {}, (database) =>
    database.read(({ queries }) => allPages((after, limit) => queries.apiKeys.page({ after, limit })).map(keyInfo)),
  );
  if (flags.json) return printJson(keys);
  const heads = ['ID', 'NAME', 'PREFIX', 'PRINCIPAL', 'ROLES', 'LAST USED', 'STATE'];
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.prefix,
    key.principalId,
    key.roles.join(','),
    shortTime(key.lastUsedAt),
    stateOf(key),
  ]);
  process.stdout.write(textTable(heads, rows));
}

/** A running server ends what is open under it within a second. */
export async function revokeKeyOf(id: string, flags: DatabaseFlags): Promise<void> {
  const info = await withDatabase(flags, {}, (database) => database.run((tx) => revokeKey(tx, id, CLI)));
  if (flags.json) return printJson(info);
  process.stderr.write(`${info.id} (${info.name}) is revoked.\n`);
}

function stateOf({ revokedAt, expiresAt }: KeyInfo): string {
  if (revokedAt !== undefined) return `revoked ${shortTime(revokedAt)}`;
  if (expiresAt === undefined) return 'good';
  return `${expiresAt <= Date.now() ? 'over since' : 'good until'} ${shortTime(expiresAt)}`;
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
