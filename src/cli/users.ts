import { noSuch } from '../db/operations/access.ts';
import { changeUser, type UserAct } from '../db/operations/changeUser.ts';
import { createUser, userInfo } from '../db/operations/createUser.ts';
import type { Queries } from '../db/queries.ts';
import { newUserName, userName } from '../db/userName.ts';
import type { UserRow } from '../db/users.ts';
import type { UserInfo } from '../protocol/accounts.ts';
import { BUILT_IN_ROLES } from '../protocol/roles.ts';
import { PasswordHasher } from '../server/auth/passwordHasher.ts';
import { assertGoodPassword } from '../server/auth/passwordRules.ts';
import { nearestName } from '../server/nearestName.ts';
import { readPassword } from './readPassword.ts';
import { shortTime, textTable } from './textTable.ts';
import { allPages, type DatabaseFlags, withDatabase } from './withDatabase.ts';

export interface UserFlags extends DatabaseFlags {
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly tier?: string;
  readonly tenant?: string;
  /** False for one that uses keys alone. */
  readonly password: boolean;
}

const CLI = { actor: 'cli' };

/** Its password is read from the terminal, or is the first line of stdin: an argument would be seen by everybody on the machine. */
export async function createUserNamed(given: string, flags: UserFlags): Promise<void> {
  const name = newUserName(given);
  const { id, roles, tier, tenant } = flags;
  const passwordHash = flags.password ? await readNewHash(name) : undefined;
  const user = await withDatabase(flags, { mayMake: true }, (database) =>
    database.run((tx) => createUser(tx, { name, id, roles, tier, tenant, passwordHash }, CLI)),
  );
  warnOfRoles(roles);
  tell(user, flags, `${user.name} is ${user.id} with the roles ${user.roles.join(', ') || 'none'}.`);
}

export async function listUsers(flags: DatabaseFlags): Promise<void> {
  const users = await withDatabase(flags, {}, (database) =>
    database.read(({ queries }) => allPages((after, limit) => queries.users.page({ after, limit })).map(userInfo)),
  );
  if (flags.json) return void process.stdout.write(`${JSON.stringify(users, null, 2)}\n`);
  const heads = ['NAME', 'ID', 'ROLES', 'TIER', 'TENANT', 'CREATED', 'STATE'];
  const rows = users.map((user) => [
    user.name,
    user.id,
    user.roles.join(','),
    user.tier ?? '-',
    user.tenant ?? '-',
    shortTime(user.createdAt),
    user.disabledAt !== undefined ? `disabled ${shortTime(user.disabledAt)}` : user.hasPassword ? 'good' : 'keys only',
  ]);
  process.stdout.write(textTable(heads, rows));
}

export function disableUser(user: string, flags: DatabaseFlags): Promise<void> {
  return change(
    user,
    flags,
    { act: 'disable' },
    ({ name }) => `${name} is disabled: its logins have ended, and its keys are good for nothing.`,
  );
}

export function enableUser(user: string, flags: DatabaseFlags): Promise<void> {
  return change(user, flags, { act: 'enable' }, ({ name }) => `${name} may log in again, and its keys are good.`);
}

export async function setRoles(user: string, roles: readonly string[], flags: DatabaseFlags): Promise<void> {
  await change(user, flags, { act: 'setRoles', roles }, ({ name }) => `${name} has the roles ${roles.join(', ') || 'none'}.`);
  warnOfRoles(roles);
}

/** A role that is misspelt gives nothing, and nobody says so. */
function warnOfRoles(roles: readonly string[] = []): void {
  const builtIn = Object.keys(BUILT_IN_ROLES);
  for (const role of roles) {
    if (builtIn.includes(role)) continue;
    const nearest = nearestName(role, builtIn);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    process.stderr.write(
      `Warning: "${role}" is no role of the server's own (${builtIn.join(', ')}). It gives what your configuration makes of it: \`roles\`, \`access\`, approvals, a policy.${hint}\n`,
    );
  }
}

/** Ends the user's logins. */
export async function setPassword(user: string, flags: DatabaseFlags): Promise<void> {
  const found = await withDatabase(flags, {}, (database) => database.read(({ queries }) => userOf(queries, user)));
  const passwordHash = await readNewHash(found.name);
  const act = { act: 'setPassword', passwordHash } as const;
  return change(found.id, flags, act, ({ name }) => `${name} has a new password, and its logins have ended.`);
}

async function change(user: string, flags: DatabaseFlags, act: UserAct, say: (user: UserInfo) => string): Promise<void> {
  const info = await withDatabase(flags, {}, (database) => database.run((tx) => changeUser(tx, userOf(tx.queries, user).id, act, CLI)));
  tell(info, flags, say(info));
}

/** By its name, or by its id. */
function userOf(queries: Queries, given: string): UserRow {
  const user = queries.users.byName(userName(given) ?? '') ?? queries.users.byId(given);
  if (user === undefined) throw noSuch('user');
  return user;
}

async function readNewHash(name: string): Promise<string> {
  const password = await readPassword(name);
  assertGoodPassword(password, name);
  return new PasswordHasher({ maxPasswordHashes: 1, maxWaitingPasswords: 0 }).hash(password);
}

function tell(user: UserInfo, { json }: DatabaseFlags, text: string): void {
  if (json) process.stdout.write(`${JSON.stringify(user, null, 2)}\n`);
  else process.stderr.write(`${text}\n`);
}
