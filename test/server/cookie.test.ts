import { describe, expect, test } from 'vitest';
import { createServer } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { dialRaw, openRaw } from '../support/rawSocket.ts';
import { pourAgent, startServer } from './startServer.ts';
import { bearer, whoIs, whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

const clock = createManualClock();
const authenticate: NonNullable<ServerOptions['authenticate']> = ({ token }) =>
  token === undefined || token === 'wrong'
    ? undefined
    : { id: token.slice(0, 3), ...(token.length === 3 && { expiresAt: clock.now() + 60_500 }) };
const serve = (options: Partial<ServerOptions> = {}) => startServer({ authenticate, clock, cookie: true, ...options });
const set = (url: string, headers: Record<string, string>, method = 'POST') => fetch(`${url}/auth/cookie`, { method, headers });
/** As a browser sends it back. */
const sentBack = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');

test('the token of the header goes into a cookie that no script and no other site sees, for as long as it lasts', async () => {
  const { url, port } = await serve();
  const response = await set(url, bearer('ann'));
  expect(response.headers.getSetCookie()).toEqual(['__Host-verbatim=ann; Max-Age=61; Path=/; HttpOnly; Secure; SameSite=Strict']);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({ principal: { id: 'ann', roles: [] }, expiresAt: clock.now() + 60_500, expiresInMs: 60_500 });
  const headers = { cookie: sentBack(response), origin: url };
  expect(await whoIs(url, headers)).toMatchObject({ principal: { id: 'ann' } });
  expect(await whoIsOnSocket({ port, headers })).toMatchObject({ principal: { id: 'ann' } });
  // A newer one in its place.
  expect(await whoIs(url, { ...headers, cookie: sentBack(await set(url, { ...headers, ...bearer('bob') })) })).toMatchObject({
    principal: { id: 'bob' },
  });

  const gone = await set(url, headers, 'DELETE');
  expect([gone.status, gone.headers.getSetCookie()]).toEqual([
    204,
    ['__Host-verbatim=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict'],
  ]);
  expect(await whoIs(url, { ...headers, cookie: sentBack(gone) })).toBe('401 UNAUTHENTICATED');
});

test('a token with any characters comes back as it was, and one without an end is kept until the browser is closed', async () => {
  const { url } = await serve({ authenticate: ({ token }) => (token === undefined ? undefined : { id: token }) });
  const token = 'a;b="c",%20é=';
  const [cookie = ''] = (await set(url, { authorization: `Bearer ${Buffer.from(token).toString('latin1')}` })).headers.getSetCookie();
  expect(cookie).not.toMatch(/Max-Age|Expires/);
  expect(await whoIs(url, { cookie: cookie.split(';')[0] ?? '', origin: url })).toMatchObject({
    principal: { id: expect.stringContaining('a;b="c",%20') },
  });
});

test.each<[name: string, headers: Record<string, string>]>([
  ['no token', {}],
  ['a wrong token', bearer('wrong')],
  ['a cookie alone', { cookie: '__Host-verbatim=ann', 'sec-fetch-site': 'same-origin' }],
  ['a key', { 'x-api-key': 'ann' }],
])('for %s none is set', async (_, headers) => {
  const { url } = await serve();
  const response = await set(url, headers);
  expect([response.status, response.headers.getSetCookie(), response.headers.get('www-authenticate')]).toEqual([401, [], 'Bearer']);
});

test('a token that no browser would keep is refused, and what comes as a body is not read', async () => {
  const { url } = await serve();
  expect((await set(url, bearer(`ann${'x'.repeat(4_050)}`))).status).toBe(400);
  const response = await fetch(`${url}/auth/cookie`, {
    method: 'POST',
    headers: { ...bearer('ann'), 'content-type': 'application/json' },
    body: '{"__proto__":',
  });
  expect(response.status).toBe(200);
});

describe('a request that carries the cookie', () => {
  const cookie = '__Host-verbatim=ann';
  const good = { principal: { id: 'ann' } };
  test.each<[name: string, headers: (url: string) => Record<string, string>, answer: unknown]>([
    ["of the server's own page", (url) => ({ origin: url }), good],
    ['of a listed page', () => ({ origin: 'https://app.example' }), good],
    ["of the server's own page, without an Origin", () => ({ 'sec-fetch-site': 'same-origin' }), good],
    ['of somebody who typed the address', () => ({ 'sec-fetch-site': 'none' }), good],
    ['of a foreign page', () => ({ origin: 'https://evil.example' }), '403 NOT_ALLOWED'],
    ['of a page that hides where it is', () => ({ origin: 'null' }), '403 NOT_ALLOWED'],
    ['of an image in a page of another site', () => ({ 'sec-fetch-site': 'cross-site' }), '401 UNAUTHENTICATED'],
    ['of an image in a page of a neighbour', () => ({ 'sec-fetch-site': 'same-site' }), '401 UNAUTHENTICATED'],
    ['that says nothing of where it comes from', () => ({}), '401 UNAUTHENTICATED'],
  ])('%s', async (_, headersOf, answer) => {
    const { url, port } = await serve({ origins: ['https://app.example'] });
    const headers: Record<string, string> = { cookie, ...headersOf(url) };
    const over = await whoIs(url, headers);
    if (typeof answer === 'string') expect(over).toBe(answer);
    else expect(over).toMatchObject(answer as object);

    const dialled = dialRaw({ port, headers });
    if (answer === '403 NOT_ALLOWED') {
      expect(await new Promise((resolve) => dialled.ws.on('unexpected-response', (_, { statusCode }) => resolve(statusCode)))).toBe(403);
    } else if (answer === good) expect(await whoIsOnSocket({ port, headers })).toMatchObject(good);
    else expect((await dialled.closed).code).toBe(4401);

    const command = await fetch(`${url}/trpc/threads.create`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"json":{}}',
    });
    // Nobody types a command.
    const expected = answer !== good ? Number(String(answer).slice(0, 3)) : headers['sec-fetch-site'] === 'none' ? 401 : 200;
    expect(command.status).toBe(expected);
  });
});

test('a server that takes no cookies ignores them, and says how it would', async () => {
  const { url, port } = await serve({ cookie: false });
  const headers = { cookie: '__Host-verbatim=ann', origin: url };
  expect(await whoIs(url, headers)).toBe('401 UNAUTHENTICATED');
  expect((await (await openRaw({ port, headers })).closed).code).toBe(4401);
  for (const method of ['POST', 'DELETE']) {
    const response = await set(url, bearer('ann'), method);
    expect([response.status, response.headers.getSetCookie()]).toEqual([404, []]);
    expect(await response.text()).toContain('option `cookie`');
  }
});

test('name, domain and site are options', async () => {
  const { url } = await serve({ cookie: { domain: 'example.com', sameSite: 'lax' } });
  const [text] = (await set(url, bearer('ann'))).headers.getSetCookie();
  expect(text).toBe('__Secure-verbatim=ann; Max-Age=61; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax');
  const other = await serve({ cookie: { name: 'login', sameSite: 'none' } });
  expect((await set(other.url, bearer('ann'))).headers.getSetCookie()[0]).toMatch(/^login=ann; .*SameSite=None$/);
  expect(await whoIs(other.url, { cookie: 'login=ann', origin: other.url })).toMatchObject({ principal: { id: 'ann' } });
  expect(await whoIs(other.url, { cookie: '__Host-verbatim=ann', origin: other.url })).toBe('401 UNAUTHENTICATED');
});

test.each<[options: object, message: string]>([
  [{ cookie: true }, '`cookie` needs `auth` or `authenticate`'],
  [{ authenticate, cookie: 'yes' }, '`cookie` must be true or'],
  [{ authenticate, cookie: { name: 'a b' } }, 'cookie.name must be'],
  [{ authenticate, cookie: { name: '__Host-a', domain: 'example.com' } }, '__Host- has no domain'],
  [{ authenticate, cookie: { domain: 'https://example.com' } }, 'cookie.domain must be'],
  [{ authenticate, cookie: { sameSite: 'Strict' } }, 'cookie.sameSite must be'],
  [{ authenticate, cookie: { samesite: 'lax' } }, 'no option cookie.samesite. Did you mean "sameSite"?'],
  [{ authenticate, cookie: { secure: false } }, 'no option cookie.secure.'],
])('%j is CONFIG_INVALID', async (options, message) => {
  const starting = createServer({ agents: { pour: pourAgent().agent }, ...options } as ServerOptions);
  await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
});
