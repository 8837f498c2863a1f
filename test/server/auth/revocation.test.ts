import { expect, test, vi } from 'vitest';
import { openBeside } from '../../../src/db/openBeside.ts';
import { changeUser } from '../../../src/db/operations/changeUser.ts';
import { revokeKey } from '../../../src/db/operations/createKey.ts';
import type { LoginTokens } from '../../../src/protocol/accounts.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { openSse } from '../../support/rawSse.ts';
import { type Accounts, databaseFile, GOOD_PASSWORD, refusalOf, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

const CLI = { actor: 'cli' };

interface Caller {
  readonly accounts: Accounts;
  readonly file: string;
  readonly userId: string;
  readonly keyId: string;
  readonly token: string;
  readonly login: LoginTokens;
}
interface Cause {
  readonly name: string;
  /** Whose token holds the streams. */
  readonly by: 'login' | 'key';
  act(caller: Caller): Promise<unknown>;
}

async function beside(file: string, operation: Parameters<Awaited<ReturnType<typeof openBeside>>['run']>[0]): Promise<void> {
  const database = await openBeside(file);
  database.run(operation);
  await database.close();
}

const CAUSES: readonly Cause[] = [
  { name: 'its own logout', by: 'login', act: ({ accounts, login }) => accounts.post('auth.logout', {}, login.accessToken) },
  {
    name: 'a logout by refresh token',
    by: 'login',
    act: ({ accounts, login: { refreshToken } }) => accounts.post('auth.logout', { refreshToken }),
  },
  {
    name: 'a change of the password on another login',
    by: 'login',
    async act({ accounts }) {
      const { accessToken } = await accounts.logIn('ann');
      return accounts.post('auth.changePassword', { password: GOOD_PASSWORD, newPassword: 'another good one' }, accessToken);
    },
  },
  ...(['disable', 'logOut'] as const).map(
    (act): Cause => ({
      name: `admin.users.${act}`,
      by: 'login',
      act: ({ accounts, userId }) => accounts.root.call('mutation', `admin.users.${act}`, { userId }),
    }),
  ),
  {
    name: 'admin.users.setPassword',
    by: 'login',
    act: ({ accounts, userId }) => accounts.root.call('mutation', 'admin.users.setPassword', { userId, password: 'another good one' }),
  },
  { name: 'admin.keys.revoke', by: 'key', act: ({ accounts, keyId }) => accounts.root.call('mutation', 'admin.keys.revoke', { keyId }) },
  {
    name: "admin.users.disable of the key's user",
    by: 'key',
    act: ({ accounts, userId }) => accounts.root.call('mutation', 'admin.users.disable', { userId }),
  },
  { name: 'a revocation beside the server', by: 'key', act: ({ file, keyId }) => beside(file, (tx) => revokeKey(tx, keyId, CLI)) },
  {
    name: 'a user disabled beside the server',
    by: 'login',
    act: ({ file, userId }) => beside(file, (tx) => changeUser(tx, userId, { act: 'disable' }, CLI)),
  },
];

async function reader(by: Cause['by']) {
  const file = databaseFile();
  const accounts = await startAccounts({ database: file });
  const { id: userId } = await accounts.createUser('ann');
  const { id: keyId, key } = await accounts.createKey({ principalId: userId });
  const login = await accounts.logIn('ann');
  const token = by === 'login' ? login.accessToken : key;
  const socket = await openRaw({ port: accounts.port, params: { token } });
  const { threadId }: { threadId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  return { accounts, file, userId, keyId, login, token, socket, threadId };
}

test.each(CAUSES)('$name ends streams within a second, on WebSocket and on SSE, with a typed error', async ({ by, act }) => {
  const caller = await reader(by);
  const { accounts, socket, token, threadId } = caller;
  const watch = socket.watch('threads.watch', { threadId });
  const waiting = socket.request('query', 'runs.wait', {
    runId: (await socket.until(watch, 'run.started')).at(-1)?.runId,
    timeoutMs: 60_000,
  });
  const sse = await openSse({ port: accounts.port, headers: { authorization: `Bearer ${token}` } }, 'threads.watch', { threadId });
  await vi.waitFor(() => expect(sse.events.map((event) => event.type)).toContain('text.delta'));
  await act(caller);
  const changedMs = performance.now();
  for (const id of [watch, waiting]) {
    expect(await refusalOf(socket, id)).toBe('UNAUTHENTICATED');
  }
  expect(await socket.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
  await sse.ended;
  expect(performance.now() - changedMs).toBeLessThan(1_000);
  expect(sse.names.at(-1)).toBe('serialized-error');
  expect(sse.data.at(-1)).toMatchObject({ json: { data: { reason: 'UNAUTHENTICATED' } } });
  expect((await accounts.get('agents.list', token)).status).toBe(401);
  expect(accounts.server.stats.watches).toBe(0);
});

test.each(['over tRPC', 'beside the server'])('a role that is taken away %s ends what it alone allowed, and nothing else', async (how) => {
  const file = databaseFile();
  const accounts = await startAccounts({ database: file });
  const { id: userId } = await accounts.createUser('ann', { roles: ['admin'] });
  const { accessToken } = await accounts.logIn('ann');
  const owner = await openRaw({ port: accounts.port, params: { token: 'plain' } });
  const of = async (socket: typeof owner) =>
    socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' }) as Promise<{ threadId: string }>;
  const theirs = await of(owner);
  const socket = await openRaw({ port: accounts.port, params: { token: accessToken } });
  const mine = await of(socket);
  const [watchTheirs, watchMine] = [theirs, mine].map(({ threadId }) => socket.watch('threads.watch', { threadId }));
  const headers = { authorization: `Bearer ${accessToken}` };
  const sse = await openSse({ port: accounts.port, headers }, 'threads.watch', theirs);
  await socket.until(watchTheirs ?? 0, 'text.delta');
  await socket.until(watchMine ?? 0, 'text.delta');

  const roles = ['user'];
  if (how === 'over tRPC') await accounts.root.call('mutation', 'admin.users.setRoles', { userId, roles });
  else await beside(file, (tx) => changeUser(tx, userId, { act: 'setRoles', roles }, CLI));
  const changedMs = performance.now();

  expect(await refusalOf(socket, watchTheirs)).toBe('NOT_FOUND');
  await sse.ended;
  expect(performance.now() - changedMs).toBeLessThan(1_000);
  expect(sse.data.at(-1)).toMatchObject({ json: { data: { reason: 'NOT_FOUND' } } });
  expect((await socket.error('query', 'admin.users.list')).data.reason).toBe('NOT_ALLOWED');
  accounts.release();
  expect((await socket.until(watchMine ?? 0, 'run.completed')).at(-1)?.type).toBe('run.completed');
});
