import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { HostAddress } from '../../../src/agents/fetch/hostLookup.ts';
import { isPublicAddress } from '../../../src/agents/fetch/publicAddress.ts';
import { nextHop } from '../../../src/agents/fetch/redirect.ts';
import { type SafeFetchOptions, safeFetch } from '../../../src/agents/fetch/safeFetch.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';

checkLeaksAfterwards();

const LOOPBACK: HostAddress = { address: '127.0.0.1', family: 4 };
const PUBLIC: HostAddress = { address: '93.184.215.14', family: 4 };

/** A server of this machine: the target that nobody may reach, or that `allow` names. */
async function startTarget(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, asked };
}

/** A fetch to names that a test gives addresses; what it may reach is up to its `allow`. */
function fetchWith(names: Record<string, readonly HostAddress[]>, options: SafeFetchOptions = {}) {
  return safeFetch({ ...options, lookup: async (name) => names[name] ?? [] });
}

test.each([
  '127.0.0.1',
  '127.8.9.1',
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.170',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:7f00:1',
  '::127.0.0.1',
  '::ffff:0:10.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'example.com',
  '',
])('%s is not a public address', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(['93.184.215.14', '8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1'])('%s is one', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ['127.0.0.1'],
  ['2130706433'],
  ['0x7f000001'],
  ['0177.0.0.1'],
  ['0x7f.1'],
  ['127.1'],
  ['0'],
  ['[::1]'],
  ['[::ffff:127.0.0.1]'],
  ['[::ffff:7f00:1]'],
  ['[64:ff9b::127.0.0.1]'],
  ['127.0.0.1.'],
  ['①②⑦.⓪.⓪.①'],
])('this machine, written as %s, is not reached', async (host) => {
  const target = await startTarget((_, response) => response.end('secret'));
  await expect(safeFetch()(`http://${host}:${target.port}/`)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(target.asked).toHaveLength(0);
});

test('localhost is not reached by its name', async () => {
  const target = await startTarget((_, response) => response.end('secret'));
  await expect(safeFetch()(`http://localhost:${target.port}/`)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(target.asked).toHaveLength(0);
});

test('a name with one address of this network among its own is refused, and the error tells no address', async () => {
  const target = await startTarget((_, response) => response.end('secret'));
  const fetch = fetchWith({ 'rebound.example': [PUBLIC, LOOPBACK] });
  const failed = await fetch(`http://rebound.example:${target.port}/`).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'NOT_ALLOWED', message: expect.stringContaining('rebound.example') });
  expect(String(failed)).not.toContain('127.0.0.1');
  expect(target.asked).toHaveLength(0);
});

test('a name is looked up once a connection, and what was looked at is what is connected to', async () => {
  const target = await startTarget((_, response) => response.end('secret'));
  let lookups = 0;
  // A name server that answers a public address to the check and this machine to whoever asks again.
  const fetch = safeFetch({ timeoutMs: 300, lookup: async () => (lookups++ === 0 ? [PUBLIC] : [LOOPBACK]) });
  await expect(fetch(`http://rebinding.example:${target.port}/`)).rejects.toThrow();
  expect(lookups).toBe(1);
  expect(target.asked).toHaveLength(0);
});

test.each([[(port: number) => `inside.example:${port}`], [() => 'inside.example'], [() => 'INSIDE.example']])(
  'a host of one’s own, named in allow, is reached wherever it is',
  async (entry) => {
    const target = await startTarget((_, response) => response.setHeader('x-of', 'target').end('hello'));
    const fetch = fetchWith({ 'inside.example': [LOOPBACK] }, { allow: [entry(target.port)] });
    const response = await fetch(`http://inside.example:${target.port}/a?b=c`);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.headers.get('x-of'), await response.text()]).toEqual([200, 'target', 'hello']);
    expect([response.url, response.redirected]).toEqual([`http://inside.example:${target.port}/a?b=c`, false]);
    expect(target.asked[0]?.url).toBe('/a?b=c');
  },
);

test('allow with a port allows that port alone', async () => {
  const target = await startTarget((_, response) => response.end('secret'));
  const fetch = safeFetch({ allow: [`127.0.0.1:${target.port + 1}`] });
  await expect(fetch(`http://127.0.0.1:${target.port}/`)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(target.asked).toHaveLength(0);
});

test.each([
  'file:///etc/passwd',
  'ftp://example.com/',
  'gopher://example.com/',
  'data:text/plain,hi',
  'http://user:pw@example.com/',
  'http://user@example.com/',
])('%s is refused before anything is asked', async (url) => {
  let lookups = 0;
  const fetch = safeFetch({
    lookup: async () => {
      lookups++;
      return [PUBLIC];
    },
  });
  await expect(fetch(url)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(lookups).toBe(0);
});

test.each(['', 'example.com', '/path', 'http://', 'http://1.2.3.256/'])('"%s" is no URL', async (url) => {
  await expect(safeFetch()(url)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

/** A target that redirects to what its path names. */
const redirecting = (request: IncomingMessage, response: ServerResponse): void => {
  const [, status = '', to = ''] = /^\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
  if (status === '') response.end(`${request.method} here`);
  else response.writeHead(Number(status), { location: decodeURIComponent(to) }).end('elsewhere');
};

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://[::1]/',
  'http://private.example/',
  'file:///etc/passwd',
  'http://user:pw@inside.example/',
  '//127.0.0.1:8000/',
])('a redirect to %s is refused as the URL itself would be', async (to) => {
  const target = await startTarget(redirecting);
  const names = { 'inside.example': [LOOPBACK], 'private.example': [{ address: '10.0.0.1', family: 4 as const }] };
  const fetch = fetchWith(names, { allow: ['inside.example'] });
  const asked = fetch(`http://inside.example:${target.port}/302/${encodeURIComponent(to)}`);
  await expect(asked).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(target.asked).toHaveLength(1);
});

test.each<[status: number, method: string, then: string]>([
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [307, 'POST', 'POST'],
  [308, 'PUT', 'PUT'],
])('%i turns a %s into a %s', async (status, method, then) => {
  const target = await startTarget(redirecting);
  const fetch = safeFetch({ allow: ['127.0.0.1'] });
  const body = method === 'HEAD' ? {} : { body: 'x=1', headers: { 'content-type': 'text/plain' } };
  const response = await fetch(`http://127.0.0.1:${target.port}/${status}/%2Fhere`, { method, ...body });
  expect(response.redirected).toBe(true);
  expect(response.url).toBe(`http://127.0.0.1:${target.port}/here`);
  expect(target.asked.map((request) => request.method)).toEqual([method, then]);
  expect(target.asked[1]?.headers['content-type']).toBe(then === method && method !== 'HEAD' ? 'text/plain' : undefined);
});

test('no redirect leads from https to http', () => {
  const hop = { url: new URL('https://example.com/'), method: 'GET', headers: new Headers(), body: undefined };
  expect(() => nextHop(hop, { status: 302, to: new URL('http://example.com/') })).toThrow(expect.objectContaining({ code: 'NOT_ALLOWED' }));
  expect(nextHop(hop, { status: 302, to: new URL('https://example.org/') }).url.host).toBe('example.org');
});

test('more redirects than maxRedirects are refused, as many are not', async () => {
  let left = 0;
  const target = await startTarget((_, response) => (left-- > 0 ? response.writeHead(302, { location: '/' }) : response).end('here'));
  const fetch = safeFetch({ allow: ['127.0.0.1'], maxRedirects: 3 });
  left = 3;
  expect(await (await fetch(`http://127.0.0.1:${target.port}/`)).text()).toBe('here');
  left = 4;
  await expect(fetch(`http://127.0.0.1:${target.port}/`)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
});

test('a token goes no further than the origin it was given for', async () => {
  const second = await startTarget((_, response) => response.end('here'));
  const first = await startTarget((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${second.port}/` }).end());
  const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-api-key': 'secret', accept: 'text/plain' };
  await (await safeFetch({ allow: ['127.0.0.1'] })(`http://127.0.0.1:${first.port}/`, { headers })).text();
  expect(first.asked[0]?.headers).toMatchObject(headers);
  const { authorization, cookie, accept, 'x-api-key': key } = second.asked[0]?.headers ?? {};
  expect([authorization, cookie, key, accept]).toEqual([undefined, undefined, undefined, 'text/plain']);
});

test('a body of maxBytes is read, one byte more is OUTPUT_TOO_LARGE, packed or not', async () => {
  let body: Buffer = Buffer.alloc(0);
  let encoding: Record<string, string> = {};
  const target = await startTarget((_, response) => response.writeHead(200, encoding).end(body));
  const fetch = safeFetch({ allow: ['127.0.0.1'], maxBytes: 100_000 });
  const read = async () => (await (await fetch(`http://127.0.0.1:${target.port}/`)).arrayBuffer()).byteLength;
  body = Buffer.alloc(100_000);
  expect(await read()).toBe(100_000);
  body = Buffer.alloc(100_001);
  await expect(read()).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
  encoding = { 'content-encoding': 'gzip' };
  body = gzipSync(Buffer.alloc(50_000_000));
  await expect(read()).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
});

test.each<[string, (response: ServerResponse) => unknown]>([
  ['an answer that does not come', () => {}],
  ['a body that does not end', (response) => response.writeHead(200).write('so far')],
])('%s is TIMEOUT', async (_, answer) => {
  const target = await startTarget((__, response) => void answer(response));
  const fetch = safeFetch({ allow: ['127.0.0.1'], timeoutMs: 100 });
  const read = async () => (await fetch(`http://127.0.0.1:${target.port}/`)).text();
  await expect(read()).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a signal ends it with its own reason', async () => {
  const abort = new AbortController();
  const target = await startTarget(() => abort.abort(new Error('enough')));
  await expect(safeFetch({ allow: ['127.0.0.1'] })(`http://127.0.0.1:${target.port}/`, { signal: abort.signal })).rejects.toThrow('enough');
});
