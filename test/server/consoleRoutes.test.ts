import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { CONSOLE_PATHS } from '../../src/server/consoleRoutes.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();
beforeAll(expectBuilt);

/** As it is: `fetch` would tidy the path up. */
async function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  const asked = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const assets = () => readdirSync(new URL('../../dist/console/assets', import.meta.url));
const scriptOf = (html: string) => /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? 'none';

test('every page is the one document, never kept, for whoever asks, with the strict policy', async () => {
  const { port } = await startServer({ authenticate: byToken });
  const first = await ask(port, '/');
  expect(scriptOf(first.text)).toMatch(/^\/assets\/index-/);
  for (const path of CONSOLE_PATHS.map((path) => path.replace(/:\w+/, 'thread_1'))) {
    const { status, headers, text } = await ask(port, `${path}?a=1`);
    expect({ path, status, type: headers['content-type'], kept: headers['cache-control'] }).toEqual({
      path,
      status: 200,
      type: 'text/html; charset=utf-8',
      kept: 'no-store',
    });
    expect(text).toBe(first.text);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
  }
  // Nothing of it is inline, which the policy would refuse.
  expect(first.text).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=/);
});

test('its files are kept for ever, and have no names that tell of the machine', async () => {
  const { port } = await startServer({ authenticate: byToken });
  const types: Record<string, RegExp> = { js: /^(?:text|application)\/javascript/, css: /^text\/css/, svg: /^image\/svg/ };
  for (const name of assets()) {
    const { status, headers } = await ask(port, `/assets/${name}`, { method: 'HEAD' });
    expect({ name, status, kept: headers['cache-control'] }).toEqual({ name, status: 200, kept: 'public, max-age=31536000, immutable' });
    expect(headers['content-type']).toMatch(types[name.split('.').at(-1) ?? ''] ?? /^$/);
    const again = await ask(port, `/assets/${name}`, { headers: { 'if-none-match': String(headers.etag) } });
    expect([again.status, again.text]).toEqual([304, '']);
  }
});

test.each([
  '/assets/nothing-here.js',
  '/assets/',
  '/assets',
  '/assets/../index.html',
  '/assets/..%2f..%2fpackage.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/..\\..\\package.json',
  '/assets//etc/passwd',
  '/assets/%00',
  '/index.html',
  '/threads/a/b',
  '/nowhere',
])('%s is nothing, and says no more than that', async (path) => {
  const { port } = await startServer();
  const { status, headers, text } = await ask(port, path);
  expect([400, 403, 404]).toContain(status);
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(text).not.toMatch(/dist|\/work|node_modules|ENOENT|"name": "verbatim| {4}at /);
  expect(headers['cache-control']).toBe('no-store');
});

test('a browser that goes where nothing is gets the page, which says so, with 404; an API and a file stay as they were', async () => {
  const { port } = await startServer();
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const home = await ask(port, '/');
  for (const path of ['/nonsense', '/threads/a/b', '/users/bob']) {
    const { status, headers: given, text } = await ask(port, path, { headers });
    expect({ path, status, type: given['content-type'], kept: given['cache-control'], isPage: text === home.text }).toEqual({
      path,
      status: 404,
      type: 'text/html; charset=utf-8',
      kept: 'no-store',
      isPage: true,
    });
    expect(given['content-security-policy']).toBe(home.headers['content-security-policy']);
  }
  for (const path of ['/trpc/nothing.here', '/nothing.js', '/assets/nothing.js', '/files/none', '/index.html']) {
    const { status, headers: given } = await ask(port, path, { headers });
    expect([path, (status ?? 0) >= 400, given['content-type']]).toEqual([path, true, expect.stringMatching(/^application\/json/)]);
  }
  expect((await ask(port, '/nonsense', { method: 'POST', headers })).headers['content-type']).toMatch(/^application\/json/);
  const { port: without } = await startServer({ console: false });
  expect((await ask(without, '/nonsense', { headers })).headers['content-type']).toMatch(/^application\/json/);
});

test('HEAD of a page says what GET would, and nothing can be sent to it', async () => {
  const { port } = await startServer();
  const { status, headers, text } = await ask(port, '/', { method: 'HEAD' });
  expect({ status, type: headers['content-type'], text }).toEqual({ status: 200, type: 'text/html; charset=utf-8', text: '' });
  expect((await ask(port, '/', { method: 'POST' })).status).toBe(404);
});

test('`console: false` serves none of it', async () => {
  const { port } = await startServer({ console: false });
  for (const path of ['/', '/users', `/assets/${assets()[0]}`]) expect((await ask(port, path)).status).toBe(404);
  expect((await ask(port, '/health')).status).toBe(200);
});

test('a page of another origin gets none of it', async () => {
  const { port } = await startServer();
  expect((await ask(port, '/', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await ask(port, '/', { headers: { host: 'evil.example' } })).status).toBe(403);
});
