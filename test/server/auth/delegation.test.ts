import { expect, test } from 'vitest';
import type { CreatedKey, UserInfo } from '../../../src/protocol/accounts.ts';
import type { Principal } from '../../../src/protocol/principal.ts';
import { apiKeys } from '../../../src/server/auth/apiKeys.ts';
import { custom } from '../../../src/server/auth/custom.ts';
import { password } from '../../../src/server/auth/password.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { GOOD_PASSWORD, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

const CALLERS: Readonly<Record<string, Principal>> = {
  root: { id: 'root', roles: ['admin'] },
  desk: { id: 'desk', roles: ['desk'] },
  smith: { id: 'smith', roles: ['smith'] },
  scoped: { id: 'scoped', roles: ['admin'], scopes: ['orders.read'] },
};

const ROLES = {
  desk: { administer: ['admin.users.*'], gives: ['support'] },
  smith: { administer: ['admin.keys.*'] },
  every: { administer: ['*'] },
  clerk: { scopes: ['orders.read'] },
} as const;

async function start() {
  const accounts = await startAccounts({ auth: [custom(({ token }) => CALLERS[token ?? '']), apiKeys(), password()], roles: ROLES });
  const socket = (token: string) => openRaw({ port: accounts.port, params: { token } });
  return { ...accounts, desk: await socket('desk'), smith: await socket('smith'), scoped: await socket('scoped') };
}

const NOT_ALLOWED = { data: { reason: 'NOT_ALLOWED' } };

test('who administers users alone gives no role but its own, and those that it may give', async () => {
  const { desk } = await start();
  for (const role of ['admin', 'every', 'premium', 'smith', 'unheard-of']) {
    const user = { name: `a-${role}`, password: GOOD_PASSWORD, roles: ['user', role] };
    expect(await desk.error('mutation', 'admin.users.create', user), role).toMatchObject(NOT_ALLOWED);
  }
  const user: UserInfo = await desk.call('mutation', 'admin.users.create', {
    name: 'ann',
    password: GOOD_PASSWORD,
    roles: ['user', 'support'],
  });
  expect(await desk.error('mutation', 'admin.users.setRoles', { userId: user.id, roles: ['admin'] })).toMatchObject(NOT_ALLOWED);
  await desk.call('mutation', 'admin.users.setRoles', { userId: user.id, roles: ['desk'] });
});

test('who administers users alone sets no password of an administrator, and takes no role from one', async () => {
  const { desk, createUser, logIn } = await start();
  const { id: userId } = await createUser('boss', { roles: ['admin'] });
  expect(await desk.error('mutation', 'admin.users.setPassword', { userId, password: 'another good password' })).toMatchObject(NOT_ALLOWED);
  expect(await desk.error('mutation', 'admin.users.setRoles', { userId, roles: ['user'] })).toMatchObject(NOT_ALLOWED);
  await logIn('boss');
  const { id } = await createUser('ann');
  await desk.call('mutation', 'admin.users.setPassword', { userId: id, password: 'another good password' });
});

test('who administers users alone does nothing to one with more rights', async () => {
  const { desk, createUser } = await start();
  const { id: userId } = await createUser('boss', { roles: ['admin'] });
  const { id: other } = await createUser('ann', { roles: ['user', 'support'] });
  for (const [act, more] of [
    ['disable', {}],
    ['enable', {}],
    ['logOut', {}],
    ['setTier', { tier: 'trial' }],
  ] as const) {
    const refused = await desk.error('mutation', `admin.users.${act}`, { userId, ...more });
    expect(refused, act).toMatchObject({ message: expect.stringContaining('"admin"'), data: { reason: 'NOT_ALLOWED' } });
    await desk.call('mutation', `admin.users.${act}`, { userId: other, ...more });
  }
  const { items }: { items: readonly UserInfo[] } = await desk.call('query', 'admin.users.list', {});
  expect(items.find(({ id }) => id === userId)).not.toMatchObject({ tier: 'trial' });
});

test('who administers keys alone makes none with a role that it has not', async () => {
  const { smith, createUser } = await start();
  await createUser('eve', { id: 'eve', roles: ['admin', 'every'] });
  for (const key of [{ roles: ['admin'] }, { roles: ['every'] }, { principalId: 'eve' }, { principalId: 'eve', roles: ['admin'] }]) {
    expect(await smith.error('mutation', 'admin.keys.create', { name: 'k', ...key }), JSON.stringify(key)).toMatchObject(NOT_ALLOWED);
  }
  const made: CreatedKey = await smith.call('mutation', 'admin.keys.create', { name: 'k', roles: ['smith', 'user'] });
  expect(made.roles).toEqual(['smith', 'user']);
});

test('who has scopes gives no others, and not none', async () => {
  const { scoped } = await start();
  for (const key of [
    {},
    { scopes: ['orders.write'] },
    { scopes: ['orders.read', 'orders.write'] },
    { roles: ['clerk', 'user'], scopes: ['*'] },
  ]) {
    expect(await scoped.error('mutation', 'admin.keys.create', { name: 'k', ...key }), JSON.stringify(key)).toMatchObject(NOT_ALLOWED);
  }
  await scoped.call('mutation', 'admin.keys.create', { name: 'k', scopes: ['orders.read'], roles: ['admin'] });
  await scoped.call('mutation', 'admin.keys.create', { name: 'k', roles: ['clerk'] });
  const user = { name: 'ann', password: GOOD_PASSWORD };
  expect(await scoped.error('mutation', 'admin.users.create', { ...user, roles: ['admin'] })).toMatchObject(NOT_ALLOWED);
  await scoped.call('mutation', 'admin.users.create', { ...user, roles: ['admin', 'clerk'] });
});

test('an administrator of everything gives any role and any scopes', async () => {
  const { createKey, createUser } = await start();
  expect(await createKey({ roles: ['admin', 'unheard-of'], scopes: ['anything'] })).toMatchObject({ roles: ['admin', 'unheard-of'] });
  expect(await createUser('ann', { roles: ['every', 'support'] })).toMatchObject({ roles: ['every', 'support'] });
});
