import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { dialRaw } from '../support/rawSocket.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** As a browser would ask, which lets no page set these headers. */
async function ask(port: number, headers: Record<string, string>, { path = '/trpc/agents.list', method = 'GET' } = {}): Promise<Answer> {
  const asked = request({ port, host: '127.0.0.1', path, method, headers });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

/** The status with which an upgrade is refused, or 101. */
async function upgrade(port: number, headers: Record<string, string>, path = '/trpc'): Promise<number> {
  const { ws } = dialRaw({ port, headers, path });
  return new Promise((resolve) => {
    ws.on('open', () => resolve(101));
    ws.on('unexpected-response', (asked, response) => {
      resolve(response.statusCode ?? 0);
      asked.destroy();
    });
  });
}

type Case = [name: string, headers: (port: number) => Record<string, string>, allowed: boolean];

const OPEN: Case[] = [
  ['a program without an origin', () => ({}), true],
  ['a page of the server itself', (port) => ({ origin: `http://127.0.0.1:${port}` }), true],
  ['a page of another local server', () => ({ origin: 'http://localhost:5173' }), true],
  ['a page of another site', () => ({ origin: 'https://evil.example' }), false],
  ['a page that hides its origin', () => ({ origin: 'null' }), false],
  ['an origin that is no URL', () => ({ origin: 'evil' }), false],
  ['a site whose name begins like a local one', () => ({ origin: 'http://localhost.evil.example' }), false],
  ['a site whose name begins like a local address', () => ({ origin: 'http://127.0.0.1.evil.example' }), false],
  ['a name rebound to this machine', (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }), false],
  ['a foreign host without an origin', (port) => ({ host: `evil.example:${port}` }), false],
  ['a listed host', (port) => ({ host: `box.lan:${port}` }), true],
  ['a listed origin', () => ({ origin: 'https://app.example.com' }), true],
  ['a listed origin on another port', () => ({ origin: 'https://app.example.com:8443' }), false],
  ['the IPv6 loopback', (port) => ({ host: `[::1]:${port}` }), true],
];

test.each(OPEN)('without a hook: %s', async (_, headers, allowed) => {
  const { port } = await startServer({ origins: ['https://app.example.com'], hosts: ['box.lan'] });
  expect(await upgrade(port, headers(port))).toBe(allowed ? 101 : 403);
  for (const path of ['/trpc/agents.list', '/trpc/threads.watch', '/health']) {
    const { status, text } = await ask(port, headers(port), { path: path.includes('watch') ? `${path}?input={}` : path });
    expect(status).toBe(allowed ? 200 : 403);
    if (!allowed) expect(text).toContain('"reason":"NOT_ALLOWED"');
  }
});

test.each<Case>([
  ['any host, for a proxy may name it', () => ({ host: 'api.example.com', authorization: 'Bearer ann' }), true],
  [
    'its own origin under that host',
    () => ({ host: 'api.example.com', origin: 'https://api.example.com', authorization: 'Bearer ann' }),
    true,
  ],
  ['another origin', () => ({ host: 'api.example.com', origin: 'https://evil.example', authorization: 'Bearer ann' }), false],
  [
    'a local page, when the server is not local',
    () => ({ host: 'api.example.com', origin: 'http://localhost:5173', authorization: 'Bearer ann' }),
    false,
  ],
])('with a hook: %s', async (_, headers, allowed) => {
  const { port } = await startServer({ authenticate: byToken });
  expect(await upgrade(port, headers(port))).toBe(allowed ? 101 : 403);
  expect((await ask(port, headers(port))).status).toBe(allowed ? 200 : 403);
});

test('an allowed origin may read the answers and ask first; another may not', async () => {
  const { port } = await startServer({ origins: ['https://app.example.com'] });
  const allowed = await ask(port, { origin: 'https://app.example.com' });
  expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example.com');
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' };
  const first = await ask(port, { origin: 'https://app.example.com', ...preflight }, { method: 'OPTIONS', path: '/trpc/messages.send' });
  expect(first.status).toBe(204);
  expect(first.headers['access-control-allow-headers']).toBe('authorization,content-type');
  const refused = await ask(port, { origin: 'https://evil.example', ...preflight }, { method: 'OPTIONS', path: '/trpc/messages.send' });
  expect(refused.status).toBe(403);
  expect(refused.headers['access-control-allow-origin']).toBeUndefined();
});

test('an upgrade elsewhere is refused with 404', async () => {
  const { port } = await startServer();
  expect(await upgrade(port, {}, '/elsewhere')).toBe(404);
  expect(await upgrade(port, {}, '/trpcx')).toBe(404);
});
