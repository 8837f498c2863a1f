import { once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { dialRaw, openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { upload } from '../support/rawUpload.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

async function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const asked = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const refusedUpgrade = async (port: number, headers: Record<string, string>): Promise<number> => {
  const { ws } = dialRaw({ port, headers });
  return new Promise((resolve) => {
    ws.on('open', () => resolve(101));
    ws.on('unexpected-response', (asked, response) => {
      resolve(response.statusCode ?? 0);
      asked.destroy();
    });
  });
};

test.each(['/health', '/trpc/agents.list', '/nowhere', '/files/none', '/trpc/threads.steal'])(
  '%s has the headers that keep others away',
  async (path) => {
    const { port } = await startServer();
    const { headers } = await ask(port, path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    const policy = String(headers['content-security-policy']).split(';');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy.join(';')).not.toMatch(/unsafe|\*|https?:/);
    expect(headers['strict-transport-security']).toBeUndefined();
    expect(headers['x-powered-by'] ?? headers.server).toBeUndefined();
  },
);

test('a stream has them too, and what a file says of itself goes before them', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { threadId }: { threadId: string } = await socket.call('mutation', 'threads.create', {});
  const { headers } = await openSse({ port }, 'threads.watch', { threadId });
  expect(headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-content-type-options': 'nosniff' });
  expect(headers['cache-control']).toBe('no-cache, no-transform');
  const { file } = await upload({ port, headers: { 'content-type': 'text/plain' } }, 'hello');
  const download = await ask(port, `/files/${file.id}`);
  expect(download.headers).toMatchObject({
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-site',
  });
});

test('a page of a listed origin may read answers, one of the server itself needs no leave, and nobody is let in by a star', async () => {
  const { port } = await startServer({ origins: ['https://app.example.com'] });
  const listed = await ask(port, '/trpc/agents.list', { origin: 'https://app.example.com' });
  expect(listed.headers['access-control-allow-origin']).toBe('https://app.example.com');
  const own = await ask(port, '/trpc/agents.list', { origin: `http://127.0.0.1:${port}` });
  expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  const program = await ask(port, '/trpc/agents.list');
  expect(program.headers['access-control-allow-origin']).toBeUndefined();
  const foreign = await ask(port, '/trpc/agents.list', { origin: 'https://evil.example' });
  expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
});

test.each<[name: string, headers: Record<string, string>, allowed: boolean]>([
  ['a listed host', { host: 'API.example.com:443' }, true],
  ['loopback, for a probe', { host: '127.0.0.1:1' }, true],
  ['another host', { host: 'evil.example' }, false],
  ['a listed host’s subdomain', { host: 'x.api.example.com' }, false],
  ['its own origin', { host: 'api.example.com', origin: 'https://api.example.com' }, true],
  ['its own origin with the port that https has', { host: 'api.example.com:443', origin: 'https://api.example.com' }, true],
  ['a rebound name as its own origin', { host: 'evil.example', origin: 'http://evil.example' }, false],
])('with authentication and a list of hosts: %s', async (_, headers, allowed) => {
  const { port } = await startServer({ authenticate: byToken, hosts: ['api.example.com'] });
  expect(await refusedUpgrade(port, headers)).toBe(allowed ? 101 : 403);
  expect((await ask(port, '/health', headers)).status).toBe(allowed ? 200 : 403);
});

const HTTPS = { authenticate: byToken, https: 'redirect', trustedProxies: 1 } as const;

test('behind a proxy that says so, what came by http is sent to https, or refused where it would do something', async () => {
  const { port } = await startServer(HTTPS);
  const headers = { host: 'api.example.com', 'x-forwarded-proto': 'http', authorization: 'Bearer ann' };
  const sent = await ask(port, '/trpc/agents.list?input={}', headers);
  expect([sent.status, sent.headers.location, sent.headers['cache-control']]).toEqual([
    308,
    'https://api.example.com/trpc/agents.list?input={}',
    'no-store',
  ]);
  const refused = await ask(port, '/trpc/threads.create', headers, 'POST');
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('NOT_ALLOWED')]);
  expect(await refusedUpgrade(port, headers)).toBe(403);
});

test('what came by https is served and told to stay with it; so is a probe from within, untold', async () => {
  const { port } = await startServer(HTTPS);
  const headers = { host: 'api.example.com', 'x-forwarded-proto': 'https', authorization: 'Bearer ann' };
  const served = await ask(port, '/trpc/agents.list', headers);
  expect([served.status, served.headers['strict-transport-security']]).toEqual([200, 'max-age=31536000; includeSubDomains']);
  expect(await refusedUpgrade(port, headers)).toBe(101);
  const probe = await ask(port, '/health');
  expect([probe.status, probe.headers['strict-transport-security']]).toEqual([200, undefined]);
});

test.each([
  [60, 'max-age=60; includeSubDomains'],
  [0, 'max-age=0; includeSubDomains'],
  [false, undefined],
] as const)('with hstsSeconds %s, what came by https is told %s', async (hstsSeconds, told) => {
  const { port } = await startServer({ ...HTTPS, hstsSeconds });
  const { headers } = await ask(port, '/health', { host: 'api.example.com', 'x-forwarded-proto': 'https' });
  expect(headers['strict-transport-security']).toBe(told);
});

test.each<[hops: number, forwarded: string, status: number]>([
  [1, 'https, http', 308],
  [1, 'http, https', 200],
  [2, 'https, http, https', 308],
  [2, 'https, http', 200],
  [2, 'http', 308],
])('with %i trusted hops, "%s" was said by who is believed: %i', async (trustedProxies, forwarded, status) => {
  const { port } = await startServer({ ...HTTPS, trustedProxies });
  const asked = await ask(port, '/health', { 'x-forwarded-proto': forwarded });
  expect(asked.status).toBe(status);
});

test('a header of nobody’s proxy is not believed', async () => {
  const { port } = await startServer({ authenticate: byToken });
  const { status, headers } = await ask(port, '/health', { 'x-forwarded-proto': 'https' });
  expect([status, headers['strict-transport-security']]).toEqual([200, undefined]);
});

test('a page of the same host that came by http is foreign to a server that is known to be https', async () => {
  const { port } = await startServer({ authenticate: byToken, trustedProxies: 1 });
  const headers = { host: 'api.example.com', 'x-forwarded-proto': 'https' };
  expect(await refusedUpgrade(port, { ...headers, origin: 'http://api.example.com' })).toBe(403);
  expect(await refusedUpgrade(port, { ...headers, origin: 'https://api.example.com' })).toBe(101);
});

test('nothing is compressed, and nothing compressed is taken', async () => {
  const { port } = await startServer();
  const { headers } = await ask(port, '/trpc/agents.list', { 'accept-encoding': 'gzip, br, deflate' });
  expect(headers['content-encoding']).toBeUndefined();
  const socket = await openRaw({ port, perMessageDeflate: true });
  expect(socket.ws.extensions).toBe('');
  const packed = await fetch(`http://127.0.0.1:${port}/trpc/threads.create`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: gzipSync('{"json":{}}'),
  });
  expect([packed.status, await packed.text()]).toEqual([400, expect.stringContaining('BAD_INPUT')]);
});
