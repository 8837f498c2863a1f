import { expect, test, vi } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import { passwordToken } from '../../src/client/index.ts';
import { custom, password } from '../../src/index.ts';
import type { LoginTokens } from '../../src/protocol/accounts.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { type Accounts, GOOD_PASSWORD, startAccounts } from '../server/auth/startAccounts.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

type Options = Parameters<typeof passwordToken>[0];

async function withAnn(accessTokenMs?: number) {
  const named = custom(({ token }) => (token === 'root' ? { id: 'root', roles: ['admin'] } : undefined));
  const accounts = await startAccounts({ auth: [named, password(accessTokenMs === undefined ? {} : { accessTokenMs })] });
  const { id } = await accounts.createUser('ann');
  const tokenFor = (options: Partial<Options> = {}) =>
    passwordToken({ url: accounts.url, name: 'ann', password: GOOD_PASSWORD, ...options });
  return { accounts, id, tokenFor };
}

function clientOf({ url }: Accounts, token: ReturnType<typeof passwordToken>, transport: 'ws' | 'sse' = 'ws') {
  const client = createClient({ url, token, transport });
  afterTest(() => client.close());
  return client;
}

test.each(['ws', 'sse'] as const)('a client over %s logs in by itself, and again when its login has ended', async (transport) => {
  const { accounts, id, tokenFor } = await withAnn();
  const client = clientOf(accounts, tokenFor(), transport);
  const { id: threadId } = await client.threads.create();
  await accounts.root.call('mutation', 'admin.users.logOut', { userId: id });
  expect((await client.threads.get({ threadId })).id).toBe(threadId);
});

test('a reader gets every event once while its tokens end again and again', async () => {
  const { accounts, tokenFor } = await withAnn(1_500);
  const all: LoginTokens[] = [];
  const client = clientOf(accounts, tokenFor({ onTokens: (tokens) => all.push(tokens) }));
  const run = await client.send({ agent: 'pour', text: 'hold' });
  const seqs: number[] = [];
  const reading = (async () => {
    for await (const event of run) {
      expect(event.firstSeq ?? event.seq).toBe((seqs.at(-1) ?? 0) + 1);
      seqs.push(event.seq);
    }
  })();
  await vi.waitFor(() => expect(all.length).toBeGreaterThanOrEqual(3), 15_000);
  accounts.release();
  await reading;
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'held' });
});

test('an answer to a refresh that is lost costs nothing: the next try gets it', async () => {
  const { accounts, tokenFor } = await withAnn();
  const lose = vi.fn<typeof fetch>(async (...request) => {
    await fetch(...request);
    throw new TypeError('the network went away');
  });
  const losing = vi.fn<typeof fetch>((...request) => fetch(...request));
  const token = tokenFor({ fetch: losing, password: undefined, refreshToken: (await accounts.logIn('ann')).refreshToken });
  await token({ refresh: false });
  losing.mockImplementationOnce(lose);
  await expect(token({ refresh: true })).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
  const renewed = await token({ refresh: true });
  expect((await accounts.get('agents.list', renewed)).status).toBe(200);
  expect((await accounts.get('agents.list', await token({ refresh: true }))).status).toBe(200);
});

test('a token is asked for once by many, kept for nine tenths of its time, and renewed by refresh and not by password', async () => {
  const { tokenFor } = await withAnn();
  const clock = createManualClock();
  const asked = vi.fn<typeof fetch>((...request) => fetch(...request));
  const token = tokenFor({ fetch: asked, clock });
  const [one, two] = await Promise.all([token({ refresh: false }), token({ refresh: false })]);
  expect(two).toBe(one);
  await clock.advance(0.9 * 15 * 60_000 - 2_000);
  expect(await token({ refresh: false })).toBe(one);
  await clock.advance(4_000);
  const [three, four] = await Promise.all([token({ refresh: false }), token({ refresh: true })]);
  expect(three).not.toBe(one);
  expect(four).toBe(three);
  expect(asked.mock.calls.map(([url]) => String(url).split('/').at(-1))).toEqual(['auth.login', 'auth.refresh']);
});

test('without a password the end of the login closes the client, which says so', async () => {
  const { accounts, id, tokenFor } = await withAnn();
  const { refreshToken } = await accounts.logIn('ann');
  const client = clientOf(accounts, tokenFor({ name: undefined, password: undefined, refreshToken }));
  await client.agents.list();
  await accounts.root.call('mutation', 'admin.users.logOut', { userId: id });
  await expect(client.agents.list()).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
  expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code: 'LOGIN_FAILED' } });
});

test('a wrong password closes the client at its first call', async () => {
  const { accounts, tokenFor } = await withAnn();
  const client = clientOf(accounts, tokenFor({ password: 'not the right one' }));
  await expect(client.agents.list()).rejects.toMatchObject({ code: 'LOGIN_FAILED', retryable: false });
});

test('logout ends the login, and no token comes after it', async () => {
  const { accounts, tokenFor } = await withAnn();
  const token = tokenFor();
  const client = clientOf(accounts, token);
  await client.agents.list();
  const last = await token({ refresh: false });
  await token.logout();
  await expect(token({ refresh: false })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect((await accounts.get('agents.list', last)).status).toBe(401);
  await expect(client.agents.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('nothing is asked without a name and password, or a refresh token', () => {
  expect(() => passwordToken({ url: 'http://localhost:1' })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});

test('client.auth logs in over HTTP without a token, changes the password, and logs out', async () => {
  const { accounts } = await withAnn();
  const nobody = createClient({ url: accounts.url });
  afterTest(() => nobody.close());
  await expect(nobody.auth.login({ name: 'ann', password: 'x' })).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
  const first = await nobody.auth.login({ name: 'ann', password: GOOD_PASSWORD });
  const tokens = await nobody.auth.refresh(first);
  expect(nobody.connection.state.status).toBe('idle');
  const client = createClient({ url: accounts.url, token: tokens.accessToken });
  afterTest(() => client.close());
  const change = { password: GOOD_PASSWORD, newPassword: 'another good one' };
  await expect(client.auth.changePassword({ ...change, password: 'x' })).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
  await client.auth.changePassword(change);
  await client.auth.logout();
  await vi.waitFor(() => expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code: 'UNAUTHENTICATED' } }));
  const { refreshToken } = await nobody.auth.login({ name: 'ann', password: 'another good one' });
  await nobody.auth.logout({ refreshToken });
  await expect(nobody.auth.refresh({ refreshToken })).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
});

test('client.trpc has the procedures of administrators, with their types', async () => {
  const { accounts, id } = await withAnn();
  const client = createClient({ url: accounts.url, token: 'root' });
  afterTest(() => client.close());
  const { items } = await client.trpc.admin.users.list.query();
  expect(items.map((user) => user.name)).toEqual(['ann']);
  const { key } = await client.trpc.admin.keys.create.mutate({ name: 'k', principalId: id });
  expect(key).toMatch(/^vbk_/);
  const disabled = await client.trpc.admin.users.disable.mutate({ userId: id });
  expect(disabled.disabledAt).toBeGreaterThan(0);
});
