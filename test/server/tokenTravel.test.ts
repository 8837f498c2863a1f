import { describe, expect, test, vi } from 'vitest';
import { mcpServer } from '../../src/mcp/index.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { dialRaw } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';
import { whoIsOnSocket } from './whoIs.ts';

checkLeaksAfterwards();

const only = (good: string) => custom(({ token }) => (token === good ? { id: good } : undefined));
const serve = () => startServer({ auth: [only('ann'), only('bob')], cookie: true, mcp: mcpServer(), limits: { pingIntervalMs: 50 } });

type Headers = Readonly<Record<string, string>>;
const WAYS: readonly (readonly [name: string, headers: (token: string) => Headers])[] = [
  ['the Authorization header', (token) => ({ authorization: `Bearer ${token}` })],
  ['X-API-Key', (token) => ({ 'x-api-key': token })],
  ['the cookie', (token) => ({ cookie: `a=b; __Host-verbatim=${token}`, 'sec-fetch-site': 'same-origin' })],
];

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};
const accept = 'application/json, text/event-stream';
const json = { 'content-type': 'application/json' };
const ROUTES: readonly (readonly [
  name: string,
  method: string,
  path: string,
  headers: Headers,
  body: string | undefined,
  status: number,
])[] = [
  ['a query', 'GET', '/trpc/agents.list', {}, undefined, 200],
  ['a command', 'POST', '/trpc/threads.create', json, '{"json":{}}', 200],
  ['a stream', 'GET', `/trpc/threads.watch?input=${encodeURIComponent('{"json":{"threadId":"thread_no"}}')}`, {}, undefined, 200],
  ['an upload', 'POST', '/files', { 'content-type': 'text/plain' }, 'x', 201],
  ['a download', 'GET', '/files/file_no', {}, undefined, 404],
  ['MCP', 'POST', '/mcp', { ...json, accept }, JSON.stringify(initialize), 200],
];

describe.each(ROUTES)('%s', (_route, method, path, headers, body, status) => {
  const ask = (url: string, more: Headers) =>
    fetch(url + path, { method, headers: { ...headers, ...more }, ...(body !== undefined && { body }) });

  test.each(WAYS)('takes a token by %s, and answers another with 401 and WWW-Authenticate', async (_way, by) => {
    const { url } = await serve();
    // By the second method, too.
    for (const token of ['ann', 'bob']) {
      const answer = await ask(url, by(token));
      expect(answer.status).toBe(status);
      await answer.text();
    }
    for (const token of ['wrong', '']) {
      const answer = await ask(url, by(token));
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      await answer.text();
    }
  });

  test('takes none in the URL', async () => {
    const { url } = await serve();
    for (const name of ['token', 'access_token', 'authorization', 'ticket', 'api_key', 'connectionParams']) {
      const value = encodeURIComponent(name === 'connectionParams' ? '{"token":"ann"}' : 'ann');
      const query = `${path.includes('?') ? '&' : '?'}${name}=${value}`;
      const answer = await fetch(url + path + query, { method, headers, ...(body !== undefined && { body }) });
      expect([name, answer.status]).toEqual([name, 401]);
      await answer.text();
    }
  });
});

describe('a WebSocket', () => {
  const origin = { 'sec-fetch-site': 'same-origin' };
  test.each<[name: string, by: (token: string) => object]>([
    ['the connection params', (token) => ({ params: { token } })],
    ['the Authorization header', (token) => ({ headers: { authorization: `Bearer ${token}` } })],
    ['X-API-Key', (token) => ({ headers: { 'x-api-key': token } })],
    ['the cookie', (token) => ({ headers: { cookie: `__Host-verbatim=${token}`, ...origin } })],
  ])('takes a token by %s, and is closed with 4401 for another', async (_, by) => {
    const { port } = await serve();
    expect(await whoIsOnSocket({ port, ...by('bob') })).toMatchObject({ principal: { id: 'bob' } });
    expect(await whoIsOnSocket({ port, ...by('wrong') })).toBe(4401);
    expect(await whoIsOnSocket({ port, ...by('') })).toBe(4401);
  });

  test.each(['token', 'access_token', 'authorization', 'ticket'])('takes no ?%s= for a token', async (name) => {
    const { port } = await serve();
    expect(await whoIsOnSocket({ port, path: `/trpc?${name}=ann` })).toBe(4401);
  });

  test('of a foreign origin is refused at the upgrade with 403, whatever it brings', async () => {
    const { port } = await serve();
    const headers = { origin: 'https://evil.example', authorization: 'Bearer ann', cookie: '__Host-verbatim=ann' };
    const socket = dialRaw({ port, headers });
    const status = await new Promise((resolve) => socket.ws.on('unexpected-response', (_, response) => resolve(response.statusCode)));
    expect(status).toBe(403);
  });
});

test('the first way that is there counts, and when it is wrong the others are not tried', async () => {
  const { port } = await serve();
  const all = { 'x-api-key': 'bob', cookie: '__Host-verbatim=bob', 'sec-fetch-site': 'same-origin' };
  expect(await whoIsOnSocket({ port, headers: { ...all, authorization: 'Bearer ann' } })).toMatchObject({ principal: { id: 'ann' } });
  expect(await whoIsOnSocket({ port, headers: { ...all, authorization: 'Bearer wrong' } })).toBe(4401);
  expect(await whoIsOnSocket({ port, headers: { ...all, 'x-api-key': 'wrong' }, params: { token: 'ann' } })).toBe(4401);
  expect(
    await whoIsOnSocket({ port, headers: { cookie: '__Host-verbatim=ann', 'sec-fetch-site': 'same-origin' }, params: { token: 'wrong' } }),
  ).toBe(4401);
});

test('methods are asked in order until one knows; one that fails is told of and is no obstacle', async () => {
  const asked: string[] = [];
  const warn = vi.fn();
  const method = (name: string, answer: () => { id: string } | undefined) =>
    custom(() => {
      asked.push(name);
      return answer();
    });
  const failing = method('failing', () => {
    throw new Error('no database');
  });
  const { port } = await startServer({
    auth: [method('none', () => undefined), failing, method('first', () => ({ id: 'first' })), method('second', () => ({ id: 'second' }))],
    logger: { info() {}, warn, error() {} },
  });
  expect(await whoIsOnSocket({ port, params: { token: 'secret-1' } })).toMatchObject({ principal: { id: 'first', roles: [] } });
  expect(asked).toEqual(['none', 'failing', 'first']);
  expect(warn.mock.calls).toEqual([
    [expect.objectContaining({ err: expect.objectContaining({ message: 'no database' }), method: 'custom' }), expect.any(String)],
  ]);
});

test.each([Number.NaN, 'tomorrow', 0, new Date(8e15) as never])('a principal whose authority ends at %s is nobody', async (expiresAt) => {
  const { port } = await startServer({ auth: [custom(() => ({ id: 'ann', expiresAt: expiresAt as number }))] });
  expect(await whoIsOnSocket({ port, params: { token: 'x' } })).toBe(4401);
});
