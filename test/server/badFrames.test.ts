import { afterAll, expect, test } from 'vitest';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

/** Another request on the same socket is still answered. */
async function expectAlive(socket: RawSocket): Promise<void> {
  expect(await socket.call('query', 'agents.list')).toHaveLength(1);
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const query = (id: number, path: string, input = '{}'): string =>
  `{"id":${id},"method":"query","params":{"path":"${path}","input":{"json":${input}}}}`;

test.each<[name: string, frame: string | Buffer, id: number | null, message: RegExp]>([
  ['malformed JSON', '{"id":1,', null, /could not be read/],
  ['a binary frame', Buffer.from(query(1, 'agents.list')), null, /binary/],
  ['JSON that is no request', '"hello"', null, /could not be read/],
  ['a request without an id', '{"method":"query","params":{"path":"agents.list"}}', null, /could not be read/],
  ['a request with an object as its id', '{"id":{},"method":"query","params":{"path":"agents.list"}}', null, /could not be read/],
  ['an unknown method', '{"id":1,"method":"steal","params":{"path":"agents.list"}}', null, /could not be read/],
  ['a depth of 10,000', query(1, 'threads.list', nested(10_000)), null, /nests deeper than 100/],
  [
    'an unknown annotation of superjson',
    '{"id":1,"method":"query","params":{"path":"threads.list","input":{"json":{"a":1},"meta":{"values":{"a":["nope"]}}}}}',
    null,
    /could not be read/,
  ],
  ['an unknown procedure', query(7, 'threads.steal'), 7, /no such procedure/],
  ['the name of a property of every object', query(7, 'constructor'), 7, /no such procedure/],
  ['a procedure of another kind', query(7, 'messages.send', '{"agent":"pour","text":"1"}'), 7, /./],
  ['a number for an id', query(7, 'threads.get', '{"threadId":5}'), 7, /threadId/],
  ['no input', '{"id":7,"method":"query","params":{"path":"threads.get"}}', 7, /object/],
  ['an input that is a list', query(7, 'threads.get', '[]'), 7, /object/],
])('%s is answered with a typed error, and the socket lives on', async (_, frame, id, message) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  socket.ws.send(frame);
  const { error } = await socket.answer(id);
  expect(error?.json.message).toMatch(message);
  expect(['BAD_INPUT', 'NOT_FOUND']).toContain(error?.json.data.reason);
  expect(JSON.stringify(error)).not.toMatch(/node_modules|\.ts\b|stack|at \w+ \(/);
  await expectAlive(socket);
});

test('a value in a hundred thousand places, or inside itself, costs what it says and no more', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const width = 400;
  const wide = (meta: unknown, metadata: unknown): string =>
    JSON.stringify({ id: 9, method: 'mutation', params: { path: 'threads.create', input: { json: { metadata }, meta } } });
  const row = (): null[] => Array.from({ length: width }, () => null);
  const paths = (prefix: string): string[] => Array.from({ length: width }, (_, index) => `${prefix}.${index}`);
  // Each list holds the one before it four hundred times over.
  const billion = {
    referentialEqualities: {
      'metadata.a': paths('metadata.b'),
      'metadata.b': paths('metadata.c'),
      'metadata.c': paths('metadata.d'),
    },
  };
  socket.ws.send(wide(billion, { a: row(), b: row(), c: row(), d: row() }));
  expect((await socket.answer(9)).error?.json.message).toMatch(/metadata: must hold only/);
  socket.texts.length = 0;
  socket.ws.send(wide({ referentialEqualities: { metadata: ['metadata.self'] } }, { self: null }));
  expect((await socket.answer(9)).error?.json.message).toMatch(/metadata: must hold only/);
  await expectAlive(socket);
});

test('a batch with more calls than the limit is refused, each of its calls by its id', async () => {
  const { port } = await startServer({ limits: { maxBatchCalls: 3 } });
  const socket = await openRaw({ port });
  const batch = (count: number): string => `[${Array.from({ length: count }, (_, i) => query(i + 10, 'agents.list', '{}')).join(',')}]`;
  socket.ws.send(batch(3));
  expect((await socket.answer(12)).result?.type).toBe('data');
  socket.texts.length = 0;
  socket.ws.send(batch(4));
  for (const id of [10, 11, 12, 13]) expect((await socket.answer(id)).error?.json.data.reason).toBe('BAD_INPUT');
  await expectAlive(socket);
});

test('a frame of the largest size is answered; one byte more closes with 1009', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const sized = (bytes: number): string => query(7, 'threads.list', '{}').padEnd(bytes);
  socket.ws.send(sized(256 * 1024));
  expect((await socket.answer(7)).result?.type).toBe('data');
  const other = await openRaw({ port });
  socket.ws.send(sized(256 * 1024 + 1));
  expect((await socket.closed).code).toBe(1009);
  await expectAlive(other);
});

test('a frame nested as deep as allowed is read; one level more is not', async () => {
  const { port } = await startServer({ limits: { maxFrameDepth: 20 } });
  const socket = await openRaw({ port });
  // The frame itself is four levels: the request, params, input, and the value.
  socket.ws.send(query(7, 'threads.list', `{"x":${nested(16)}}`));
  expect((await socket.answer(7)).result?.type).toBe('data');
  socket.ws.send(query(8, 'threads.list', `{"x":${nested(17)}}`));
  expect((await socket.answer(null)).error?.json.data.reason).toBe('BAD_INPUT');
});

test('brackets in texts do not count as depth', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  socket.ws.send(query(7, 'threads.list', `{"search":${JSON.stringify('[{"\\'.repeat(40))}}`));
  expect((await socket.answer(7)).result?.type).toBe('data');
});

test('the limits above are those of the defaults', async () => {
  const { DEFAULT_LIMITS } = await import('../../src/protocol/limits.ts');
  expect(DEFAULT_LIMITS).toMatchObject({ maxFrameBytes: 256 * 1024, maxFrameDepth: 100, maxBatchCalls: 100 });
});

test.each<[name: string, frame: string | Buffer]>([
  ['malformed JSON', '{'],
  ['a list', '[]'],
  ['a token that is a number', '{"method":"connectionParams","data":{"token":5}}'],
  ['a binary frame', Buffer.from('{}')],
])('%s where the token was promised closes with 4400', async (_, frame) => {
  const { port } = await startServer();
  const socket = await openRaw({ port, path: '/trpc?connectionParams=1' });
  socket.ws.send(frame);
  expect(await socket.closed).toEqual({ code: 4400, reason: 'BAD_REQUEST' });
});

test('over HTTP a body or an input that is malformed, too deep or too large is a typed error', async () => {
  const { url } = await startServer();
  const post = (body: string, type = 'application/json') =>
    fetch(`${url}/trpc/threads.create`, { method: 'POST', headers: { 'content-type': type }, body });
  const get = (input: string) => fetch(`${url}/trpc/threads.list?input=${encodeURIComponent(input)}`);
  const cases: [Promise<Response>, number, string][] = [
    [post('{'), 400, 'BAD_INPUT'],
    [post(`{"json":${nested(10_000)}}`), 400, 'BAD_INPUT'],
    [post(`{"json":{"title":"${'x'.repeat(300 * 1024)}"}}`), 413, 'FRAME_TOO_BIG'],
    [post('a=b', 'application/x-www-form-urlencoded'), 400, 'BAD_INPUT'],
    [get('{'), 400, 'BAD_INPUT'],
    [get(`{"json":${nested(1_000)}}`), 400, 'BAD_INPUT'],
    [fetch(`${url}/trpc/threads.steal`), 404, 'NOT_FOUND'],
    [fetch(`${url}/elsewhere`), 404, 'NOT_FOUND'],
    [fetch(`${url}/trpc/threads.create?input={}`), 405, 'BAD_INPUT'],
    [fetch(`${url}/trpc/threads.watch?input=${encodeURIComponent('{')}`), 200, 'BAD_INPUT'],
    [fetch(`${url}/trpc/threads.watch?input=${encodeURIComponent(`{"json":${nested(1_000)}}`)}`), 200, 'BAD_INPUT'],
  ];
  for (const [asked, status, reason] of cases) {
    const response = await asked;
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.stringContaining(`"reason":"${reason}"`)]);
    expect(text).not.toMatch(/node_modules|stack|SyntaxError|RangeError/);
  }
  expect((await get('{"json":{}}')).status).toBe(200);
});

afterAll(() => {
  // Hostile input must not reach what all objects share.
  expect(Object.keys(Object.prototype)).toEqual([]);
});
