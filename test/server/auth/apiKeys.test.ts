import { expect, test, vi } from 'vitest';
import { openDatabase } from '../../../src/db/openDatabase.ts';
import type { Store } from '../../../src/db/sqliteStore.ts';
import { apiKeys, createServer, defineAgent, offline } from '../../../src/index.ts';
import type { KeyInfo } from '../../../src/protocol/accounts.ts';
import { newApiKey, readApiKey } from '../../../src/server/auth/apiKeyText.ts';
import type { AuthHost, Credentials } from '../../../src/server/auth/authMethod.ts';
import { createManualClock } from '../../../src/testing/manualClock.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { databaseFile, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

test('a key looks like one, and a mistake in any of its characters is seen without a lookup', () => {
  for (let round = 0; round < 50; round++) {
    const { text, prefix } = newApiKey();
    expect(text).toMatch(/^vbk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/);
    expect(text.startsWith(`${prefix}_`)).toBe(true);
    expect(readApiKey(text)).toBe('key');
    for (let at = 4; at < text.length; at++) {
      const other = text[at] === 'a' ? 'b' : 'a';
      expect(readApiKey(text.slice(0, at) + other + text.slice(at + 1))).toBe('typo');
    }
    expect(readApiKey(text.slice(0, -1))).toBe('typo');
    expect(readApiKey(`${text} `)).toBe('typo');
  }
  expect(readApiKey('vba_something')).toBe('other');
  expect(readApiKey('')).toBe('other');
});

test('a text with a mistake asks no database, and one that is another’s token is left to the next method', async () => {
  const keyByHash = vi.fn();
  const host = { store: { accounts: { keyByHash } } as unknown as Store } as AuthHost;
  const method = apiKeys().open(host);
  const credentials = (token: string | undefined): Credentials => ({ token, via: 'bearer', request: {} as Credentials['request'] });
  const { text } = newApiKey();
  expect(() => method.identify(credentials(`${text.slice(0, -1)}-`))).toThrow('checksum');
  expect(method.identify(credentials('eyJhbGciOiJIUzI1NiJ9.e30.x'))).toBeUndefined();
  expect(method.identify(credentials(undefined))).toBeUndefined();
  expect(keyByHash).not.toHaveBeenCalled();
  expect(method.identify(credentials(text))).toBeUndefined();
  expect(keyByHash).toHaveBeenCalledTimes(1);
});

test('a key is its principal, with its roles, scopes, tier and tenant, on every transport', async () => {
  const seen: unknown[] = [];
  const spy = defineAgent({
    description: 'tells who asks',
    run: async function* ({ principal }) {
      seen.push(principal);
      yield { type: 'text.delta', delta: 'ok' };
    },
  });
  const accounts = await startAccounts({ agents: { spy } });
  const { key, ...info } = await accounts.createKey({
    principalId: 'robot',
    roles: ['user', 'ops'],
    tier: 'premium',
    scopes: ['read'],
    tenant: 'acme',
    expiresAt: Date.now() + 60_000,
  });
  const socket = await openRaw({ port: accounts.port, params: { token: key } });
  const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { agent: 'spy', text: 'hi' });
  await socket.call('query', 'runs.wait', { runId });
  expect(seen).toEqual([
    { id: 'robot', roles: ['user', 'ops'], tier: 'premium', scopes: ['read'], tenant: 'acme', expiresAt: info.expiresAt },
  ]);
  expect((await accounts.get('agents.list', key)).status).toBe(200);
});

test('the key is told once, and only its hash is stored', async () => {
  const file = databaseFile();
  const accounts = await startAccounts({ database: file });
  const created = await accounts.createKey({ idempotencyKey: 'once' });
  const again = await accounts.createKey({ idempotencyKey: 'once' });
  expect(again).toEqual({ ...created, key: undefined });
  const { items }: { items: KeyInfo[] } = await accounts.root.call('query', 'admin.keys.list');
  expect(items).toEqual([{ ...created, key: undefined }].map(({ key: _, ...info }) => info));
  await accounts.server.close({ drainMs: 0 });
  const { raw, close } = openDatabase({ file });
  const secret = created.key.slice(created.prefix.length);
  const tables = raw.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all();
  for (const table of tables) {
    expect(JSON.stringify(raw.prepare(`select * from "${table}"`).raw().all()), table).not.toContain(secret);
  }
  await close();
});

test('a key without a principal is one of its own, and two of them share nothing', async () => {
  const accounts = await startAccounts();
  const [one, two] = [await accounts.createKey(), await accounts.createKey()];
  expect(one.principalId).toBe(one.id);
  const { data } = await accounts.post<{ id: string }>('threads.create', {}, one.key);
  expect(
    (await accounts.get(`threads.get?input=${encodeURIComponent(JSON.stringify({ json: { threadId: data.id } }))}`, two.key)).status,
  ).toBe(404);
});

test('last use is noted, at most once a minute', async () => {
  const clock = createManualClock();
  const accounts = await startAccounts({ clock });
  const { key, id } = await accounts.createKey();
  const lastUse = async (): Promise<number | undefined> => {
    const { items }: { items: KeyInfo[] } = await accounts.root.call('query', 'admin.keys.list');
    return items.find((item) => item.id === id)?.lastUsedAt;
  };
  expect(await lastUse()).toBeUndefined();
  const first = clock.now();
  await accounts.get('agents.list', key);
  await vi.waitFor(async () => expect(await lastUse()).toBe(first));
  await clock.advance(59_000);
  await accounts.get('agents.list', key);
  expect(await lastUse()).toBe(first);
  await clock.advance(2_000);
  await accounts.get('agents.list', key);
  await vi.waitFor(async () => expect(await lastUse()).toBe(first + 61_000));
});

test('a key is refused once its time is over, and the stream under it ends', async () => {
  const clock = createManualClock();
  const accounts = await startAccounts({ clock });
  const { key } = await accounts.createKey({ expiresAt: clock.now() + 60_000 });
  const socket = await openRaw({ port: accounts.port, params: { token: key } });
  await socket.call('query', 'agents.list');
  await clock.advance(60_000);
  expect((await accounts.get('agents.list', key)).status).toBe(401);
  expect(await socket.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
});

test('a key that would be over already is not made', async () => {
  const accounts = await startAccounts();
  const error = await accounts.root.error('mutation', 'admin.keys.create', { name: 'late', expiresAt: 1 });
  expect(error.data.reason).toBe('BAD_INPUT');
});

test('a key of a user has no role that the user has not, and is not an administrator’s unless that is said', async () => {
  const accounts = await startAccounts();
  const { id } = await accounts.createUser('ann', { roles: ['admin', 'ops'] });
  expect((await accounts.createKey({ principalId: id })).roles).toEqual(['ops']);
  const refused = await accounts.root.error('mutation', 'admin.keys.create', { name: 'k', principalId: id, roles: ['owner'] });
  expect(refused).toMatchObject({ message: expect.stringContaining('owner'), data: { reason: 'BAD_INPUT' } });
  const { key } = await accounts.createKey({ principalId: id, roles: ['admin'] });
  expect((await accounts.get('admin.users.list', key)).status).toBe(200);
  await accounts.root.call('mutation', 'admin.users.setRoles', { userId: id, roles: ['ops'] });
  expect((await accounts.get('admin.users.list', key)).status).toBe(403);
  await accounts.root.call('mutation', 'admin.users.disable', { userId: id });
  expect((await accounts.get('agents.list', key)).status).toBe(401);
  await accounts.root.call('mutation', 'admin.users.enable', { userId: id });
  expect((await accounts.get('agents.list', key)).status).toBe(200);
});

test('a server that knows keys alone makes none by itself', async () => {
  const server = await createServer({ agents: { bot: defineAgent({ description: 'bot', model: offline() }) }, auth: [apiKeys()] });
  afterTest(() => server.close());
  const { url } = await server.listen({ port: 0 });
  expect((await fetch(`${url}/trpc/agents.list`)).status).toBe(401);
  expect((await fetch(`${url}/trpc/agents.list`, { headers: { authorization: `Bearer ${newApiKey().text}` } })).status).toBe(401);
});
