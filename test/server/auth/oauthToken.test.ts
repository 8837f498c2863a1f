import { expect, test } from 'vitest';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { byToken, startServer } from '../startServer.ts';
import { type Accounts, GOOD_PASSWORD, startAccounts } from './startAccounts.ts';

checkLeaksAfterwards();

const FORM = 'application/x-www-form-urlencoded';

async function ask(url: string, body: string, headers: Record<string, string> = { 'content-type': FORM }) {
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

async function withAnn(): Promise<Accounts> {
  const accounts = await startAccounts();
  await accounts.createUser('ann');
  return accounts;
}

const form = (fields: Record<string, string>): string => String(new URLSearchParams(fields));

test('a password gives tokens, and the refresh token gives others', async () => {
  const accounts = await withAnn();
  const first = await ask(
    accounts.url,
    form({ grant_type: 'password', username: 'Ann', password: GOOD_PASSWORD, scope: 'all', client_id: 'x' }),
  );
  expect(first.status).toBe(200);
  expect(first.body).toEqual({
    access_token: expect.stringMatching(/^vba_/),
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: expect.stringMatching(/^vbr_/),
  });
  expect(first.headers.get('cache-control')).toBe('no-store');
  expect(first.headers.get('pragma')).toBe('no-cache');
  expect((await accounts.get('agents.list', String(first.body.access_token))).status).toBe(200);
  const second = await ask(accounts.url, form({ grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }));
  expect(second.status).toBe(200);
  expect(second.body.access_token).not.toBe(first.body.access_token);
});

const BAD: readonly [name: string, body: string, error: string][] = [
  ['a wrong password', form({ grant_type: 'password', username: 'ann', password: 'x' }), 'invalid_grant'],
  ['an unknown user', form({ grant_type: 'password', username: 'bob', password: GOOD_PASSWORD }), 'invalid_grant'],
  ['an unknown refresh token', form({ grant_type: 'refresh_token', refresh_token: 'vbr_x' }), 'invalid_grant'],
  ['another grant', form({ grant_type: 'client_credentials' }), 'unsupported_grant_type'],
  ['no grant', form({}), 'invalid_request'],
  ['no password', form({ grant_type: 'password', username: 'ann' }), 'invalid_request'],
  ['an empty password', form({ grant_type: 'password', username: 'ann', password: '' }), 'invalid_request'],
  ['a parameter twice', 'grant_type=password&username=ann&username=bob&password=x', 'invalid_request'],
  ['a name of the prototype', 'grant_type=password&__proto__[username]=ann&password=x', 'invalid_request'],
];
test.each(BAD)('%s is 400, as RFC 6749 has it', async (_, body, error) => {
  const { url } = await withAnn();
  const answer = await ask(url, body);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual({ error, error_description: expect.any(String) });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('www-authenticate')).toBeNull();
});

test('an unknown name and a wrong password are answered word for word alike', async () => {
  const { url } = await withAnn();
  const of = (username: string) => ask(url, form({ grant_type: 'password', username, password: 'not the right one' }));
  const [known, unknown] = [await of('ann'), await of('bob')];
  expect(known.body).toEqual(unknown.body);
  expect(known.status).toBe(unknown.status);
});

test('JSON, a large form and another method are refused without a word of what is inside', async () => {
  const { url } = await withAnn();
  expect(await ask(url, '{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415, body: { error: 'invalid_request' } });
  expect(await ask(url, `a=${'x'.repeat(17 * 1024)}`)).toMatchObject({ status: 413, body: { error: 'invalid_request' } });
  expect((await fetch(`${url}/oauth/token?username=ann&password=x&grant_type=password`)).status).toBe(404);
});

test('a foreign origin is refused', async () => {
  const { url } = await withAnn();
  const body = form({ grant_type: 'password', username: 'ann', password: GOOD_PASSWORD });
  expect((await ask(url, body, { 'content-type': FORM, origin: 'https://evil.example' })).status).toBe(403);
});

test('a server without password() says so', async () => {
  const { url } = await startServer({ authenticate: byToken });
  expect(await ask(url, form({ grant_type: 'password', username: 'a', password: 'b' }))).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type', error_description: expect.stringContaining('password()') },
  });
});
