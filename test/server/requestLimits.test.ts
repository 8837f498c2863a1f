import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { mcpServer } from '../../src/mcp/index.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { RawHttp } from '../support/rawHttp.ts';
import { openRaw } from '../support/rawSocket.ts';
import { closedGate } from '../testing/gate.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const HOST = 'Host: 127.0.0.1\r\n';

test('headers of maxHeaderBytes are read, more is 431', async () => {
  const { port } = await startServer({ limits: { maxHeaderBytes: 1_000 } });
  const ask = async (bytes: number): Promise<number> => {
    const http = new RawHttp(port);
    // What counts are the names and the values.
    const padding = 'x'.repeat(bytes - '/health'.length - 'Host127.0.0.1'.length - 'X'.length);
    http.write(`GET /health HTTP/1.1\r\n${HOST}X: ${padding}\r\n\r\n`);
    return http.status();
  };
  expect(await ask(990)).toBe(200);
  expect(await ask(1_050)).toBe(431);
});

test('a request has maxHeaders headers, and not one more', async () => {
  const { port } = await startServer({ limits: { maxHeaders: 20 } });
  const ask = async (count: number, first = 'GET /health', more = '', have = 1): Promise<number> => {
    const http = new RawHttp(port);
    http.write(`${first} HTTP/1.1\r\n${HOST}${more}${'X: y\r\n'.repeat(count - have)}\r\n`);
    return http.status();
  };
  expect(await ask(20)).toBe(200);
  expect(await ask(21)).toBe(400);
  expect(await ask(500)).toBe(400);
  expect(await ask(20, 'GET /trpc', UPGRADE, 5)).toBe(101);
  expect(await ask(21, 'GET /trpc', UPGRADE, 5)).toBe(431);
  // Those beyond are not seen: a host behind them is none.
  const http = new RawHttp(port);
  http.write(`GET /health HTTP/1.1\r\n${'X: y\r\n'.repeat(400)}Host: evil.example\r\n\r\n`);
  expect(await http.status()).toBeGreaterThanOrEqual(400);
});

test.each([
  ['a connection that says nothing', ''],
  ['a request line', 'GET /health'],
  ['half of the headers', `GET /health HTTP/1.1\r\n${HOST}X-A: `],
  ['half of an upgrade', `GET /trpc HTTP/1.1\r\n${HOST}${UPGRADE}X-A: `],
  ['half of the headers of an upload', `POST /files HTTP/1.1\r\n${HOST}X-A: `],
  ['half of the headers to /mcp', `POST /mcp HTTP/1.1\r\n${HOST}X-A: `],
])('%s is cut off after headersTimeoutMs, though a byte comes every so often', async (_, begun) => {
  const { port } = await startServer({ limits: { headersTimeoutMs: 200 }, mcp: mcpServer() });
  const http = new RawHttp(port);
  http.write(begun);
  if (begun !== '') http.drip('a', 20);
  await http.closed;
  expect(http.text === '' ? 408 : await http.status()).toBe(408);
  const other = new RawHttp(port);
  other.write(`GET /health HTTP/1.1\r\n${HOST}\r\n`);
  expect(await other.status()).toBe(200);
});

test.each([
  ['a mutation', 'POST /trpc/threads.create'],
  ['a batch', 'POST /trpc/threads.create,threads.create?batch=1'],
  ['the MCP endpoint', 'POST /mcp'],
  ['nothing that there is', 'POST /nowhere'],
  ['a query, which reads none', 'GET /trpc/agents.list'],
])('a body for %s that comes a byte at a time is TIMEOUT after bodyTimeoutMs, and its connection ends', async (_, line) => {
  const clock = createManualClock();
  const { port } = await startServer({ clock, mcp: mcpServer() });
  const before = clock.pending;
  const http = new RawHttp(port);
  http.write(`${line} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`);
  http.drip(' ', 5);
  await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(before));
  await clock.advance(29_999);
  expect(http.socket.destroyed).toBe(false);
  await clock.advance(1);
  await http.closed;
  // Some are answered before their body is there.
  expect([408, 404, 200]).toContain(await http.status());
  if (line.includes('/trpc/threads') || line.includes('/mcp')) expect(http.text).toMatch(/^HTTP\/1\.1 408/);
});

test('a body of chunks that never end is TIMEOUT too, and one that comes in time is answered', async () => {
  const clock = createManualClock();
  const { port } = await startServer({ clock });
  const http = new RawHttp(port);
  const head = `POST /trpc/threads.create HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const before = clock.pending;
  http.write(`${head}1\r\n{\r\n`);
  await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(before));
  await clock.advance(30_000);
  await http.closed;
  expect(http.text).toMatch(/"reason":"TIMEOUT"/);
  const other = new RawHttp(port);
  other.write(`${head}3\r\n{"j\r\n`);
  await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(before));
  other.write('9\r\nson":{}}\n\r\n0\r\n\r\n');
  expect(await other.status()).toBe(200);
  await vi.waitFor(() => expect(clock.pending).toBe(before));
});

test('of an address maxBodiesPerAddress bodies are on their way, and one that ends, or is known whose it is, makes room', async () => {
  const { port, url } = await startServer({ authenticate: byToken, limits: { maxBodiesPerAddress: 2 } });
  const begin = (path: string, more = ''): RawHttp => {
    const http = new RawHttp(port);
    http.write(`POST ${path} HTTP/1.1\r\n${HOST}${more}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`);
    return http;
  };
  const headers = { authorization: 'Bearer ann', 'content-type': 'application/json' };
  const ask = () => fetch(`${url}/trpc/threads.create`, { method: 'POST', headers, body: '{"json":{}}' });
  // Known from its headers, an upload is not counted while its body comes.
  begin('/files', 'Authorization: Bearer ann\r\n');
  await vi.waitFor(async () => expect((await ask()).status).toBe(200));
  const [first, second] = [begin('/trpc/threads.create'), begin('/trpc/auth.login')];
  const refused = await vi.waitFor(async () => {
    const answer = await ask();
    expect(answer.status).toBe(429);
    return answer;
  });
  expect((await refused.json()).error.json.data).toMatchObject({
    reason: 'RATE_LIMITED',
    details: { limit: 'maxBodiesPerAddress', max: 2 },
  });
  expect((await fetch(`${url}/trpc/auth.whoami`, { headers: { authorization: 'Bearer ann' } })).status).toBe(200);
  first.socket.destroy();
  await vi.waitFor(async () => expect((await ask()).status).toBe(200));
  second.socket.destroy();
});

test('a connection that asks nothing more is closed after keepAliveTimeoutMs', async () => {
  const { port } = await startServer({ limits: { keepAliveTimeoutMs: 100 } });
  const http = new RawHttp(port);
  http.write(`GET /health HTTP/1.1\r\n${HOST}\r\n`);
  expect(await http.status()).toBe(200);
  await http.closed;
});

test('a frame that comes a byte at a time is no sign of life: the socket is cut as one that answers no ping', async () => {
  const { port, server } = await startServer({ limits: { pingIntervalMs: 100, pongTimeoutMs: 200 } });
  const http = new RawHttp(port);
  http.write(`GET /trpc HTTP/1.1\r\n${HOST}${UPGRADE}\r\n`);
  expect(await http.status()).toBe(101);
  // A text frame of 65,535 bytes, masked with zeros.
  http.write('\x81\xfe\xff\xff\x00\x00\x00\x00');
  http.drip(' ', 20);
  await http.closed;
  await vi.waitFor(() => expect(server.stats.connections).toBe(0));
});

test('a message in more pieces than a reader would hold ends its socket', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const http = socket.ws;
  http.send('{', { fin: false });
  for (let pieces = 0; pieces < 20_000; pieces++) http.send('', { fin: false });
  expect((await socket.closed).code).toBe(1008);
});

test('what is sent before an upgrade is answered is read as frames, and no request is smuggled behind it', async () => {
  const { port } = await startServer();
  const http = new RawHttp(port);
  http.write(`GET /trpc HTTP/1.1\r\n${HOST}${UPGRADE}\r\nGET /health HTTP/1.1\r\n${HOST}\r\n`);
  await http.closed;
  const accept = createHash('sha1').update('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  expect(http.text).toContain(accept);
  expect(http.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test.each([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n'],
  ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
  ['an encoding that hides one', 'Transfer-Encoding: xchunked\r\n'],
  ['a header that is folded', 'X-A: b\r\n c: d\r\n'],
  ['a header with a bare carriage return', 'X-A: b\rX-B: c\r\n'],
])('a request with %s is not read as two', async (_, headers) => {
  const { port } = await startServer();
  const http = new RawHttp(port);
  http.write(
    `POST /trpc/threads.create HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n${headers}\r\n{}GET /health HTTP/1.1\r\n${HOST}\r\n`,
  );
  expect(await http.status()).toBeGreaterThanOrEqual(400);
  expect(http.text).not.toContain('"status":"ok"');
});

test('of the requests of one connection maxPipelinedRequests are worked on, and all are answered in order', async () => {
  const gate = closedGate();
  const asked: string[] = [];
  const authenticate = async ({ token = '' }: { readonly token: string | undefined }) => {
    asked.push(token);
    await gate.opened;
    return { id: token };
  };
  const { port, url } = await startServer({ authenticate });
  const http = new RawHttp(port);
  const names = Array.from({ length: 2_000 }, (_, index) => `n${index}-`);
  const requests = names.map((name) => `GET /trpc/auth.whoami HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${name}\r\n\r\n`);
  http.write(requests.join(''));
  await vi.waitFor(() => expect(asked).toHaveLength(4));
  for (let round = 0; round < 5; round++) expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(asked).toEqual(names.slice(0, 4));
  gate.open();
  await vi.waitFor(() => expect(http.text.match(/"id":"n\d+-"/g)).toHaveLength(2_000), { timeout: 15_000 });
  expect(http.text.match(/n\d+-/g)).toEqual(names);
});
