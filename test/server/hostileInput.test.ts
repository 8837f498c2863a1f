import { afterAll, describe, expect, test } from 'vitest';
import { mcpServer } from '../../src/mcp/index.ts';
import { readInput } from '../../src/server/readInput.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { upload } from '../support/rawUpload.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

afterAll(() => {
  // Hostile input must not reach what all objects share.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

interface Payload {
  readonly json: unknown;
  readonly meta?: unknown;
}

/** What `superjson` itself does with these takes seconds, gigabytes or the process; each is answered, and quickly. */
const HOSTILE: [name: string, path: string, payload: Payload][] = [
  [
    'a typed array of a billion',
    'threads.create',
    { json: { title: 1_000_000_000 }, meta: { values: { title: [['typed-array', 'Float64Array']] } } },
  ],
  [
    'a place four billion entries past the end of a list',
    'threads.create',
    { json: { messages: [] }, meta: { values: { 'messages.4294967294': ['undefined'] } } },
  ],
  [
    'a step through a set for every path',
    'threads.create',
    {
      json: { title: Array.from({ length: 9_000 }, (_, at) => at) },
      meta: { values: { title: ['set', Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [8_999 - at, ['undefined']]))] } },
    },
  ],
  [
    'a value in ten billion places',
    'threads.create',
    {
      json: { metadata: Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((key) => [key, Array.from({ length: 100 }, () => null)])) },
      meta: {
        referentialEqualities: Object.fromEntries(
          ['a', 'b', 'c', 'd'].map((key, at) => [
            `metadata.${key}`,
            Array.from({ length: 100 }, (_, index) => `metadata.${'bcde'[at]}.${index}`),
          ]),
        ),
      },
    },
  ],
  [
    'a value inside itself',
    'threads.create',
    { json: { metadata: { self: null } }, meta: { referentialEqualities: { metadata: ['metadata.self'] } } },
  ],
  ['the prototype in a path', 'threads.create', { json: {}, meta: { values: { '__proto__.polluted': ['undefined'] } } }],
  ['the constructor in a path', 'threads.create', { json: {}, meta: { values: { 'constructor.prototype.polluted': ['undefined'] } } }],
  [
    'a prototype that is handed on',
    'threads.create',
    { json: { title: null }, meta: { referentialEqualities: { 'title.toString': ['title'] } } },
  ],
  ['an annotation that every object has', 'threads.create', { json: { title: 'x' }, meta: { values: { title: ['constructor'] } } }],
  ['an error with a stack of its own', 'threads.create', { json: { title: { stack: 'at evil' } }, meta: { values: { title: ['Error'] } } }],
  ['a pattern', 'threads.create', { json: { title: `/${'(a+)+'.repeat(10_000)}$/` }, meta: { values: { title: ['regexp'] } } }],
  ['a number of 200,000 digits', 'threads.create', { json: { title: '9'.repeat(200_000) }, meta: { values: { title: ['bigint'] } } }],
  ['meta that is a list', 'threads.create', { json: { title: 1 }, meta: [] }],
  ['values that are a text', 'threads.create', { json: { title: 1 }, meta: { values: 'title' } }],
  ['a place within a text', 'threads.create', { json: { title: 'x' }, meta: { values: { 'title.length': ['undefined'] } } }],
];

test.each(HOSTILE)('%s is answered at once over every transport, and changes nothing', async (_, path, payload) => {
  const { port, url } = await startServer();
  const input = JSON.stringify(payload);
  const socket = await openRaw({ port });
  const began = performance.now();
  socket.ws.send(`{"id":7,"method":"mutation","params":{"path":"${path}","input":${input}}}`);
  const headers = { 'content-type': 'application/json' };
  const posted = await fetch(`${url}/trpc/${path}`, { method: 'POST', headers, body: input });
  expect(posted.status).toBe(400);
  expect(await posted.text()).toContain('"reason":"BAD_INPUT"');
  if (input.length < 4_000) {
    const watched = await fetch(`${url}/trpc/threads.watch?input=${encodeURIComponent(input)}`);
    expect(await watched.text()).toContain('"reason":"BAD_INPUT"');
  }
  expect(await socket.call('query', 'threads.list', {})).toMatchObject({ items: [] });
  expect(socket.texts[0]).toContain('"reason":"BAD_INPUT"');
  expect(performance.now() - began).toBeLessThan(3_000);
});

test.each(HOSTILE)('%s is read as what its JSON holds, and nothing is made of it', (_, __, payload) => {
  const read = ((): unknown => {
    try {
      return readInput(structuredClone(payload));
    } catch (cause) {
      expect(cause).toMatchObject({ code: 'BAD_INPUT' });
      return null;
    }
  })();
  const seen = new Set<object>();
  const open = [read];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) {
      expect(['string', 'number', 'boolean', 'symbol', 'object']).toContain(typeof value);
      continue;
    }
    expect(seen.has(value)).toBe(false);
    seen.add(value);
    expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(value));
    if (Array.isArray(value)) expect(value.length).toBeLessThan(10_000);
    open.push(...Object.values(value));
  }
});

test.each([
  [
    'metadata',
    '{"id":7,"method":"mutation","params":{"path":"threads.create","input":{"json":{"metadata":{"__proto__":{"polluted":1}}}}}}',
  ],
  [
    'metadata, deeper',
    '{"id":7,"method":"mutation","params":{"path":"threads.create","input":{"json":{"metadata":{"a":[{"__proto__":1}]}}}}}',
  ],
  [
    'context',
    '{"id":7,"method":"mutation","params":{"path":"messages.send","input":{"json":{"agent":"pour","text":"1","context":{"__proto__":{}}}}}}',
  ],
])('the key `__proto__` is not kept in %s: whoever copies it would give the copy another prototype', async (_, frame) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  socket.ws.send(frame);
  expect((await socket.answer(7)).error?.json).toMatchObject({
    message: expect.stringContaining('__proto__'),
    data: { reason: 'BAD_INPUT' },
  });
});

test.each<[name: string, frame: string]>([
  ['the input', '{"id":7,"method":"mutation","params":{"path":"threads.create","input":{"json":{"__proto__":{"title":"evil"}}}}}'],
  ['the frame', '{"__proto__":{"polluted":1},"id":7,"method":"mutation","params":{"path":"threads.create","input":{"json":{}}}}'],
  ['its params', '{"id":7,"method":"mutation","params":{"__proto__":{"lastEventId":1},"path":"threads.create","input":{"json":{}}}}'],
])('the key `__proto__` in %s is one that nobody knows', async (_, frame) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  socket.ws.send(frame);
  expect((await socket.answer(7)).error).toBeUndefined();
  const { items }: { items: object[] } = await socket.call('query', 'threads.list', {});
  expect(items).toEqual([expect.not.objectContaining({ title: 'evil' })]);
});

test('over HTTP, MCP and files the same keys reach nothing', async () => {
  const { url, port } = await startServer({ mcp: mcpServer() });
  const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  const batch = await fetch(`${url}/trpc/threads.create,threads.list?batch=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"__proto__":{"json":{"title":"x"}},"0":{"json":${evil}}}`,
  });
  expect(batch.status).toBeLessThan(500);
  const mcp = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${evil}}`,
  });
  expect(mcp.status).toBe(400);
  const { status, file } = await upload(
    { port, query: '?name=__proto__&__proto__[polluted]=1', headers: { 'content-type': 'text/plain' } },
    'hello',
  );
  expect([status, file.name]).toEqual([201, '__proto__']);
});

describe('as many keys, or values, as a frame of the largest size holds', () => {
  const room = 256 * 1024 - 200;
  const filled = (one: (index: number) => string): string => {
    let text = one(0);
    for (let index = 1; text.length < room - 20; index++) text += `,${one(index)}`;
    return text;
  };
  test.each([
    ['keys that nobody knows', `{${filled((index) => `"${index.toString(36)}":1`)}}`],
    ['keys that look like places of a list', `{${filled((index) => `"${index * 7_919}":1`)}}`],
    ['keys of metadata', `{"metadata":{${filled((index) => `"${index.toString(36)}":1`)}}}`],
    ['messages that are none', `{"messages":[${filled(() => '1')}]}`],
    ['messages that are empty', `{"messages":[${filled(() => '{}')}]}`],
  ])('%s cost less than a second, and others are served', async (_, input) => {
    const { port, url } = await startServer();
    const socket = await openRaw({ port });
    const other = await openRaw({ port });
    const began = performance.now();
    socket.ws.send(`{"id":7,"method":"mutation","params":{"path":"threads.create","input":{"json":${input}}}}`);
    await socket.answer(7);
    await other.call('query', 'agents.list');
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(`${url}/trpc/threads.create`, { method: 'POST', headers, body: `{"json":${input}}` });
    expect([200, 400]).toContain(posted.status);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('a million of them are not read', async () => {
    const { port, url } = await startServer({ mcp: mcpServer() });
    const million = `{"json":{${Array.from({ length: 1_000_000 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}}`;
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    for (const path of ['/trpc/threads.create', '/mcp']) {
      const posted = await fetch(url + path, { method: 'POST', headers, body: million }).catch(() => undefined);
      // A client may still be sending when the answer is there.
      expect(posted?.status ?? 413).toBe(413);
    }
    const socket = await openRaw({ port });
    socket.ws.send(million);
    expect((await socket.closed).code).toBe(1009);
  });
});

describe('what plain clients with superjson send is read', () => {
  test('values that JSON leaves out', () => {
    const json = { a: null, list: [1, null], 'with.dot': { 'and\\slash': null }, zero: '-0', nan: 'NaN' };
    const values = {
      a: ['undefined'],
      'list.1': ['undefined'],
      'with\\.dot.and\\\\slash': ['undefined'],
      zero: ['number'],
      nan: ['number'],
    };
    const read = readInput({ json, meta: { values, v: 1 } });
    expect(read).toEqual({ a: undefined, list: [1, undefined], 'with.dot': { 'and\\slash': undefined }, zero: -0, nan: Number.NaN });
  });

  test('an input that is undefined as a whole, and none at all', () => {
    expect(readInput({ json: null, meta: { values: ['undefined'] } })).toBeUndefined();
    expect(readInput(undefined)).toBeUndefined();
    expect(readInput({ json: { a: 1 } })).toEqual({ a: 1 });
  });

  test('the same object twice, written out', () => {
    const json = { metadata: { a: { b: 1 }, c: { b: 1 } } };
    expect(readInput({ json: structuredClone(json), meta: { referentialEqualities: { 'metadata.a': ['metadata.c'] }, v: 1 } })).toEqual(
      json,
    );
  });

  test('a Date is refused by the name of its field', async () => {
    const { port } = await startServer();
    const socket = await openRaw({ port });
    socket.send({
      id: 7,
      method: 'query',
      params: {
        path: 'threads.list',
        input: { json: { createdAfter: '2026-01-01T00:00:00.000Z' }, meta: { values: { createdAfter: ['Date'] } } },
      },
    });
    expect((await socket.answer(7)).error?.json.message).toMatch(/^createdAfter: /);
  });
});
