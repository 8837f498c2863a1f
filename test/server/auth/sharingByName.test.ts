import { expect, test } from 'vitest';
import type { AuditRow } from '../../../src/db/audit.ts';
import { openDatabase } from '../../../src/db/openDatabase.ts';
import type { UserInfo } from '../../../src/protocol/accounts.ts';
import type { ShareInfo } from '../../../src/protocol/share.ts';
import { apiKeys } from '../../../src/server/auth/apiKeys.ts';
import { password } from '../../../src/server/auth/password.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { databaseFile, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

/** Users of a server whose every principal it knows; the first one's key makes the others. */
async function startUsers(options: Parameters<typeof startAccounts>[0] = {}) {
  const accounts = await startAccounts(options);
  const [ann, bob] = [await accounts.createUser('ann'), await accounts.createUser('bob')];
  await accounts.createUser('far', { tenant: 'acme' });
  const as = async (name: string) => openRaw({ port: accounts.port, params: { token: (await accounts.logIn(name)).accessToken } });
  const [annSocket, bobSocket] = [await as('ann'), await as('bob')];
  const { id: threadId }: { id: string } = await annSocket.call('mutation', 'threads.create', {});
  const share = (to: object): Promise<ShareInfo> => annSocket.call('mutation', 'threads.share', { threadId, ...to });
  return { ...accounts, ann, bob, annSocket, bobSocket, threadId, share };
}

test('a thread is shared with a user by name, in any spelling of it, or by id', async () => {
  const { bob, bobSocket, threadId, share } = await startUsers();
  for (const name of ['bob', ' BOB', 'ｂｏｂ', bob.id]) expect(await share({ with: name })).toMatchObject({ with: bob.id });
  expect(await bobSocket.call('query', 'threads.get', { threadId })).toMatchObject({ id: threadId });
  // A custom method may know whom the server does not, and the name of another tenant's user is nobody's.
  expect(await share({ with: 'nobody-such' })).toMatchObject({ with: 'nobody-such' });
  expect(await share({ with: 'far' })).toMatchObject({ with: 'far' });
});

test('where users and keys are all there is, one who is not there is refused, and only so many are tried', async () => {
  const file = databaseFile();
  const first = await startAccounts({ database: file });
  const { key }: { key: string } = await first.createKey({ roles: ['admin'] });
  const { principalId } = await first.createKey({ name: 'robot' });
  await first.createUser('ann');
  const bob: UserInfo = await first.createUser('bob');
  await first.createUser('far', { tenant: 'acme' });
  const { accessToken } = await first.logIn('ann');
  await first.server.close({ drainMs: 0 });
  const { startServer } = await import('../startServer.ts');
  const { port } = await startServer({ database: file, auth: [apiKeys(), password()], limits: { failedLoginsPerName: 3 } });
  const ann = await openRaw({ port, params: { token: accessToken } });
  const { id: threadId }: { id: string } = await ann.call('mutation', 'threads.create', {});
  expect(await ann.call('mutation', 'threads.share', { threadId, with: 'bob' })).toMatchObject({ with: bob.id });
  expect(await ann.call('mutation', 'threads.share', { threadId, with: principalId })).toMatchObject({ with: principalId });
  for (const name of ['nobody-such', 'far', '']) {
    const { data } = await ann.error('mutation', 'threads.share', { threadId, with: name });
    expect(data.reason, name).toBe('BAD_INPUT');
  }
  const last = await ann.error('mutation', 'threads.share', { threadId, with: 'nobody' });
  const after = await ann.error('mutation', 'threads.share', { threadId, with: 'bob' });
  expect([last.data.reason, after.data.reason].at(-1)).toBe('RATE_LIMITED');
  const other = await openRaw({ port, params: { token: key } });
  const own: { id: string } = await other.call('mutation', 'threads.create', {});
  await other.call('mutation', 'threads.share', { threadId: own.id, with: 'bob' });
});

test('the audit log says from where threads are shared and links opened, what was refused, and who failed to change a password', async () => {
  const file = databaseFile();
  const { server, ann, annSocket, bobSocket, threadId, share, post, url } = await startUsers({ database: file });
  const { id: shareId } = await share({ with: 'bob' });
  const { secret } = (await share({ link: true })) as ShareInfo & { secret: string };
  for (let count = 0; count < 3; count++) await post('auth.openShare', { secret });
  await bobSocket.call('mutation', 'threads.claimShare', { secret });
  await bobSocket.error('mutation', 'messages.send', { threadId, agent: 'pour', text: 'secret words' });
  await annSocket.call('mutation', 'threads.unshare', { threadId, shareId });
  const change = { password: 'not the password', newPassword: 'another good password' };
  await annSocket.error('mutation', 'auth.changePassword', change);
  const weak = await annSocket.error('mutation', 'auth.changePassword', { ...change, newPassword: 'short' });
  expect(weak.data.details).toMatchObject({ issues: [{ path: 'newPassword' }] });
  await fetch(`${url}/trpc/agents.list`, { headers: { origin: 'https://evil.example' } });
  await server.close({ drainMs: 0 });
  const { raw, close } = openDatabase({ file });
  const rows = raw.prepare<[], AuditRow>('select * from audit_log order by id').all();
  await close();
  const of = (action: string) => rows.filter((row) => row.action === action);
  for (const action of ['threads.share', 'threads.unshare', 'threads.claimShare', 'auth.openShare']) {
    expect(of(action).length, action).toBeGreaterThan(0);
    for (const row of of(action)) expect([row.target, row.origin], action).toEqual([threadId, '127.0.0.1']);
  }
  expect(of('auth.openShare')).toHaveLength(1);
  expect(of('messages.send')).toMatchObject([{ outcome: 'refused', target: threadId }]);
  expect(of('auth.changePassword')).toMatchObject([{ outcome: 'refused', actor: ann.id, target: ann.id }]);
  expect(of('connect').map(({ details }) => JSON.parse(String(details)))).toMatchObject([{ from: 'https://evil.example' }]);
  expect(JSON.stringify(rows)).not.toContain('secret words');
});
