import * as argon2 from '@node-rs/argon2';
import { describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../../src/db/openDatabase.ts';
import { custom, password } from '../../../src/index.ts';
import type { LoginTokens } from '../../../src/protocol/accounts.ts';
import { passwordWith } from '../../../src/server/auth/password.ts';
import { PasswordHasher } from '../../../src/server/auth/passwordHasher.ts';
import { createManualClock } from '../../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { closedGate } from '../../testing/gate.ts';
import { byToken, startServer } from '../startServer.ts';
import { type Accounts, databaseFile, GOOD_PASSWORD, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

const REASON = (answer: { readonly error: { readonly data: { readonly reason: string } } | undefined }) => answer.error?.data.reason;

describe('auth.login', () => {
  test('gives a token of a quarter of an hour and one of thirty days, for a name in any case', async () => {
    const clock = createManualClock();
    const accounts = await startAccounts({ clock });
    const { id } = await accounts.createUser('Ann', { roles: ['user', 'ops'], tier: 'premium', tenant: 'acme' });
    const tokens = await accounts.logIn(' ANN');
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^vba_[\w-]{43}$/),
      tokenType: 'Bearer',
      expiresAt: clock.now() + 15 * 60_000,
      expiresInMs: 15 * 60_000,
      refreshToken: expect.stringMatching(/^vbr_[\w-]{43}$/),
      refreshExpiresAt: clock.now() + 30 * 24 * 60 * 60_000,
    });
    expect((await accounts.get('agents.list', tokens.accessToken)).status).toBe(200);
    expect((await accounts.get('agents.list', tokens.refreshToken)).status).toBe(401);
    const mine = await openRaw({ port: accounts.port, params: { token: tokens.accessToken } });
    await mine.call('mutation', 'threads.create', {});
    const { items }: { items: object[] } = await accounts.root.call('query', 'admin.connections.list');
    expect(items).toContainEqual(expect.objectContaining({ principalId: id, roles: ['user', 'ops'], tenant: 'acme', method: 'password' }));
    await clock.advance(15 * 60_000);
    expect((await accounts.get('agents.list', tokens.accessToken)).status).toBe(401);
    expect((await mine.closed).code).toBe(4401);
  });

  test('stores neither passwords nor tokens', async () => {
    const file = databaseFile();
    const accounts = await startAccounts({ database: file });
    await accounts.createUser('ann', { idempotencyKey: 'a' });
    const first = await accounts.logIn('ann');
    const { data: second } = await accounts.post<LoginTokens>('auth.refresh', first);
    await accounts.server.close({ drainMs: 0 });
    const { raw, close } = openDatabase({ file });
    const tables = raw.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all();
    const text = JSON.stringify(tables.map((table) => raw.prepare(`select * from "${table}"`).raw().all()));
    for (const secret of [GOOD_PASSWORD, first.accessToken, first.refreshToken, second.accessToken, second.refreshToken]) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    await close();
  });

  test('answers alike, after the same work, when nobody has that name, the password is another, or the user is disabled or has none', async () => {
    const verify = vi.fn(argon2.verify);
    const named = custom(({ token }) => (token === 'root' ? { id: 'root', roles: ['admin'] } : undefined));
    const accounts = await startAccounts({ auth: [named, passwordWith({}, { hash: argon2.hash, verify })] });
    await accounts.createUser('ann');
    await accounts.createUser('keyed', { password: undefined });
    const gone = await accounts.createUser('gone');
    await accounts.root.call('mutation', 'admin.users.disable', { userId: gone.id });
    const answers: unknown[] = [];
    const tries: readonly [string, string][] = [
      ['nobody', GOOD_PASSWORD],
      ['\u0000', GOOD_PASSWORD],
      ['ann', `${GOOD_PASSWORD}!`],
      ['gone', GOOD_PASSWORD],
      ['gone', 'something else'],
      ['keyed', GOOD_PASSWORD],
    ];
    for (const [name, given] of tries) {
      verify.mockClear();
      const { status, error } = await accounts.post('auth.login', { name, password: given });
      answers.push({
        status,
        error,
        hashes: verify.mock.calls.length,
        costs: verify.mock.calls.map(([hash]) => String(hash).slice(0, 31)),
      });
    }
    expect(answers[0]).toMatchObject({
      status: 401,
      error: { message: 'The name or the password is wrong.', data: { reason: 'LOGIN_FAILED' } },
      hashes: 1,
      costs: ['$argon2id$v=19$m=19456,t=2,p=1$'],
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    verify.mockClear();
    await accounts.logIn('ann');
    expect(verify).toHaveBeenCalledTimes(1);
  });

  test('a user has maxLoginsPerUser logins, and a new one ends the oldest', async () => {
    const accounts = await startAccounts({ limits: { maxLoginsPerUser: 3 } });
    await accounts.createUser('ann');
    const logins: LoginTokens[] = [];
    logins.push(await accounts.logIn('ann'));
    const oldest = await openRaw({ port: accounts.port, params: { token: logins[0]?.accessToken } });
    await oldest.call('query', 'agents.list');
    for (let count = 1; count < 4; count++) logins.push(await accounts.logIn('ann'));
    expect((await oldest.closed).code).toBe(4401);
    const statuses = await Promise.all(logins.map(async ({ accessToken }) => (await accounts.get('agents.list', accessToken)).status));
    expect(statuses).toEqual([401, 200, 200, 200]);
  });
});

describe('auth.refresh', () => {
  test('gives other tokens each time, up to the end of the login, and the old access token is good to its end', async () => {
    const clock = createManualClock();
    const named = custom(({ token }) => (token === 'root' ? { id: 'root', roles: ['admin'] } : undefined));
    const accounts = await startAccounts({ clock, auth: [named, password({ accessTokenMs: 60_000, loginMs: 150_000 })] });
    await accounts.createUser('ann');
    const first = await accounts.logIn('ann');
    await clock.advance(50_000);
    const { data: second } = await accounts.post<LoginTokens>('auth.refresh', first);
    expect(new Set([first.accessToken, first.refreshToken, second.accessToken, second.refreshToken]).size).toBe(4);
    expect(second.refreshExpiresAt).toBe(first.refreshExpiresAt);
    for (const { accessToken } of [first, second]) expect((await accounts.get('agents.list', accessToken)).status).toBe(200);
    await clock.advance(50_000);
    const { data: third } = await accounts.post<LoginTokens>('auth.refresh', second);
    expect(third.expiresAt).toBe(first.refreshExpiresAt);
    await clock.advance(50_000);
    expect(REASON(await accounts.post('auth.refresh', third))).toBe('LOGIN_FAILED');
  });

  test('an answer that was lost is given again, word for word, while nobody has used what came of it', async () => {
    const clock = createManualClock();
    const accounts = await startAccounts({ clock });
    await accounts.createUser('ann');
    const first = await accounts.logIn('ann');
    const [one, two] = await Promise.all([
      accounts.post<LoginTokens>('auth.refresh', first),
      accounts.post<LoginTokens>('auth.refresh', first),
    ]);
    expect(two.data).toEqual(one.data);
    await clock.advance(30_000);
    const { data: late } = await accounts.post<LoginTokens>('auth.refresh', first);
    expect(late).toEqual({ ...one.data, expiresInMs: one.data.expiresInMs - 30_000 });
    expect((await accounts.get('agents.list', late.accessToken)).status).toBe(200);
  });

  test.each<[string, (accounts: Accounts, used: LoginTokens, next: LoginTokens) => Promise<void>, number]>([
    ['after the grace', async () => {}, 30_001],
    ['within it, when the next one was used', async (accounts, _, next) => void (await accounts.post('auth.refresh', next)), 1_000],
  ])('a used refresh token ends its login %s, and what is open under it', async (_, before, passedMs) => {
    const clock = createManualClock();
    const accounts = await startAccounts({ clock });
    await accounts.createUser('ann');
    const first = await accounts.logIn('ann');
    const other = await accounts.logIn('ann');
    const { data: next } = await accounts.post<LoginTokens>('auth.refresh', first);
    await before(accounts, first, next);
    const socket = await openRaw({ port: accounts.port, params: { token: next.accessToken } });
    await socket.call('query', 'agents.list');
    await clock.advance(passedMs);
    expect(REASON(await accounts.post('auth.refresh', first))).toBe('LOGIN_FAILED');
    expect((await socket.closed).code).toBe(4401);
    expect(REASON(await accounts.post('auth.refresh', next))).toBe('LOGIN_FAILED');
    expect((await accounts.get('agents.list', next.accessToken)).status).toBe(401);
    expect((await accounts.get('agents.list', other.accessToken)).status).toBe(200);
  });

  test('of used tokens maxUsedTokensPerLogin are remembered; an older one is refused and ends nothing', async () => {
    const clock = createManualClock();
    const accounts = await startAccounts({ clock, limits: { maxUsedTokensPerLogin: 2 } });
    await accounts.createUser('ann');
    const all = [await accounts.logIn('ann')];
    for (let count = 0; count < 4; count++) {
      await clock.advance(60_000);
      const last = all.at(-1);
      all.push((await accounts.post<LoginTokens>('auth.refresh', last ?? {})).data);
    }
    const [oldest] = all;
    const remembered = all.at(-3);
    const last = all.at(-1);
    expect(REASON(await accounts.post('auth.refresh', oldest ?? {}))).toBe('LOGIN_FAILED');
    expect((await accounts.get('agents.list', last?.accessToken)).status).toBe(200);
    expect(REASON(await accounts.post('auth.refresh', remembered ?? {}))).toBe('LOGIN_FAILED');
    expect((await accounts.get('agents.list', last?.accessToken)).status).toBe(401);
  });

  test.each(['', 'vbr_', 'vbr_nope', 'vba_nope', "' or 1=1 --"])('a text that is no refresh token is refused: %j', async (refreshToken) => {
    const accounts = await startAccounts();
    const { status, error } = await accounts.post('auth.refresh', { refreshToken });
    expect([status, error?.data.reason]).toEqual(refreshToken === '' ? [400, 'BAD_INPUT'] : [401, 'LOGIN_FAILED']);
  });

  test('an access token is no refresh token', async () => {
    const accounts = await startAccounts();
    await accounts.createUser('ann');
    const { accessToken } = await accounts.logIn('ann');
    expect(REASON(await accounts.post('auth.refresh', { refreshToken: accessToken }))).toBe('LOGIN_FAILED');
  });
});

describe('auth.logout', () => {
  test('ends the login of its access token and no other, and says so before the socket closes', async () => {
    const accounts = await startAccounts();
    await accounts.createUser('ann');
    const [one, two] = [await accounts.logIn('ann'), await accounts.logIn('ann')];
    const socket = await openRaw({ port: accounts.port, params: { token: one.accessToken } });
    expect(await socket.call('mutation', 'auth.logout')).toEqual({});
    expect((await socket.closed).code).toBe(4401);
    expect((await accounts.get('agents.list', one.accessToken)).status).toBe(401);
    expect(REASON(await accounts.post('auth.refresh', one))).toBe('LOGIN_FAILED');
    expect((await accounts.get('agents.list', two.accessToken)).status).toBe(200);
  });

  test('takes a refresh token where the access token is over, and may be asked again', async () => {
    const accounts = await startAccounts();
    await accounts.createUser('ann');
    const { refreshToken, accessToken } = await accounts.logIn('ann');
    for (let round = 0; round < 2; round++) expect((await accounts.post('auth.logout', { refreshToken })).status).toBe(200);
    expect((await accounts.get('agents.list', accessToken)).status).toBe(401);
  });

  test('by a caller who did not log in is BAD_INPUT, by nobody UNAUTHENTICATED', async () => {
    const accounts = await startAccounts();
    expect(REASON(await accounts.post('auth.logout', {}, 'plain'))).toBe('BAD_INPUT');
    expect(REASON(await accounts.post('auth.logout', {}))).toBe('UNAUTHENTICATED');
  });
});

describe('auth.changePassword', () => {
  test('ends the other logins, and the new password is the one that counts', async () => {
    const accounts = await startAccounts();
    await accounts.createUser('ann');
    const [one, two] = [await accounts.logIn('ann'), await accounts.logIn('ann')];
    const other = await openRaw({ port: accounts.port, params: { token: two.accessToken } });
    await other.call('query', 'agents.list');
    const change = { password: GOOD_PASSWORD, newPassword: 'another good one' };
    expect((await accounts.post('auth.changePassword', change, one.accessToken)).status).toBe(200);
    expect((await other.closed).code).toBe(4401);
    expect((await accounts.get('agents.list', one.accessToken)).status).toBe(200);
    await expect(accounts.logIn('ann')).rejects.toThrow('wrong');
    await accounts.logIn('ann', 'another good one');
  });

  test.each([
    ['too short', 'elevenchars', 'BAD_INPUT'],
    ['the name', 'Annabella-Maria', 'BAD_INPUT'],
    ['good', 'twelve chars', undefined],
    ['twelve characters of many bytes', '🐎🔋🐎🔋🐎🔋🐎🔋🐎🔋🐎🔋', undefined],
  ])('a password that is %s', async (_, newPassword, reason) => {
    const accounts = await startAccounts();
    await accounts.createUser('annabella-maria');
    const { accessToken } = await accounts.logIn('annabella-maria');
    expect(REASON(await accounts.post('auth.changePassword', { password: GOOD_PASSWORD, newPassword }, accessToken))).toBe(reason);
    const made = await accounts.root.answer(
      accounts.root.request('mutation', 'admin.users.create', { name: `${newPassword}2`, password: newPassword }),
    );
    expect(made.error?.json.data.reason).toBe(newPassword === 'elevenchars' ? 'BAD_INPUT' : undefined);
  });

  test('with a wrong present password is LOGIN_FAILED and changes nothing', async () => {
    const accounts = await startAccounts();
    await accounts.createUser('ann');
    const { accessToken } = await accounts.logIn('ann');
    const change = { password: 'something else', newPassword: 'another good one' };
    expect(REASON(await accounts.post('auth.changePassword', change, accessToken))).toBe('LOGIN_FAILED');
    await accounts.logIn('ann');
  });
});

describe('a flood of logins', () => {
  test('has maxPasswordHashes at work and maxWaitingPasswords in line; the next is SERVER_FULL', async () => {
    const gate = closedGate();
    let atWork = 0;
    let most = 0;
    const slow = {
      hash: argon2.hash,
      async verify() {
        most = Math.max(most, ++atWork);
        await gate.opened;
        atWork--;
        return true;
      },
    };
    const hasher = new PasswordHasher({ maxPasswordHashes: 2, maxWaitingPasswords: 3 }, slow);
    const tries = Array.from({ length: 5 }, () => hasher.verify('hash', 'password'));
    await expect(hasher.verify('hash', 'password')).rejects.toMatchObject({
      code: 'SERVER_FULL',
      details: { limit: 'maxWaitingPasswords' },
    });
    gate.open();
    expect(await Promise.all(tries)).toEqual([true, true, true, true, true]);
    expect(most).toBe(2);
    expect(await hasher.verify('hash', 'password')).toBe(true);
  });

  test('leaves its place to the next when one fails', async () => {
    const failing = { hash: argon2.hash, verify: () => Promise.reject(new Error('out of memory')) };
    const hasher = new PasswordHasher({ maxPasswordHashes: 1, maxWaitingPasswords: 3 }, failing);
    const tries = await Promise.allSettled(Array.from({ length: 4 }, () => hasher.verify('hash', 'password')));
    expect(tries.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(hasher.verify('hash', 'password')).rejects.toThrow('out of memory');
  });

  test('does not stop a stream', async () => {
    const accounts = await startAccounts();
    const reader = await openRaw({ port: accounts.port, params: { token: 'plain' } });
    const flood = Array.from({ length: 40 }, () => accounts.post('auth.login', { name: 'nobody', password: 'not the right one' }));
    const { threadId }: { threadId: string } = await reader.call('mutation', 'messages.send', { agent: 'pour', text: '200 10' });
    const watch = reader.watch('threads.watch', { threadId });
    await reader.until(watch, 'run.completed');
    const settled = await Promise.race([Promise.all(flood).then(() => true), Promise.resolve(false)]);
    expect(settled).toBe(false);
    await Promise.all(flood);
  });
});

test('without password() its procedures are NOT_FOUND and say what to add', async () => {
  const { url } = await startServer({ authenticate: byToken });
  for (const [path, input] of [
    ['auth.login', { name: 'ann', password: 'x' }],
    ['auth.refresh', { refreshToken: 'x' }],
    ['auth.logout', { refreshToken: 'x' }],
    ['auth.changePassword', { password: 'x', newPassword: 'y' }],
  ] as const) {
    const response = await fetch(`${url}/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ann' },
      body: JSON.stringify({ json: input }),
    });
    expect([path, response.status]).toEqual([path, 404]);
    expect(await response.text()).toContain('password()');
  }
});

test.each([
  [{ accessTokenMs: 'soon' }, 'accessTokenMs'],
  [{ loginMs: -1 }, 'loginMs'],
  [{ acessTokenMs: 1 }, 'acessTokenMs'],
])('password(%j) is CONFIG_INVALID', (options, name) => {
  expect(() => password(options as object)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
  );
});
