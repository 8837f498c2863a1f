import { expect, test } from 'vitest';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

const ASTRAL = '\u{1F600}';
const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
/** `{"a":"xxx"}` of so many bytes. */
const ofBytes = (bytes: number): object => ({ a: 'x'.repeat(bytes - 8) });

test.each<[name: string, text: unknown, words: RegExp]>([
  ['empty', '', /text: must not be empty/],
  ['of spaces', ' \n\t\u00a0\u3000', /text: must not be empty/],
  ['of 10,001 letters', 'x'.repeat(10_001), /text: must have at most 10000 characters/],
  ['of 10,001 characters beyond the first plane', ASTRAL.repeat(10_001), /text: must have at most 10000 characters/],
  ['with a first half of a pair', 'a\ud83d', /text: must be well-formed Unicode/],
  ['with a second half of a pair', '\ude00a', /text: must be well-formed Unicode/],
  ['that is a number', 5, /^text: /],
  ['that is not there', undefined, /^text: /],
])('a text %s is BAD_INPUT and named', async (_, text, words) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const refused = await socket.error('mutation', 'messages.send', { agent: 'pour', text });
  expect(refused.message).toMatch(words);
  expect(refused.data).toMatchObject({ reason: 'BAD_INPUT', details: { issues: [expect.objectContaining({ path: 'text' })] } });
  const imported = await socket.error('mutation', 'threads.create', { messages: [{ role: 'user', text }] });
  expect(imported.data).toMatchObject({ reason: 'BAD_INPUT', details: { issues: [expect.objectContaining({ path: 'messages.0.text' })] } });
});

test.each<[name: string, text: string]>([
  ['one character', 'x'],
  ['10,000 letters', 'x'.repeat(10_000)],
  ['10,000 characters beyond the first plane', ASTRAL.repeat(10_000)],
  ['NUL, line separators and controls', '1 1\u0000\u2028\u2029\u0007\u001b[31m\r\n"\\ '],
  ['a byte order mark and unassigned characters', '\ufeff1\uffff\u{10ffff}'],
  ['spaces around it', '  1 1  '],
])('a text of %s is stored and returned exactly', async (_, text) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { threadId, runId }: { threadId: string; runId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text });
  await socket.call('query', 'runs.wait', { runId });
  const page: { items: { text: string }[] } = await socket.call('query', 'threads.messages', { threadId });
  expect(page.items[0]?.text).toBe(text);
  const [received] = await socket.until(socket.watch('threads.watch', { threadId }), 'run.completed');
  expect(received?.text).toBe(text);
});

const METADATA: [name: string, metadata: unknown, words: RegExp | undefined][] = [
  ['of 16 KiB', ofBytes(16 * 1024), undefined],
  ['of a byte more', ofBytes(16 * 1024 + 1), /at most 16384 bytes/],
  ['of as many characters in more bytes', { a: 'é'.repeat(9_000) }, /at most 16384 bytes/],
  ['of 5 levels', nested(5), undefined],
  ['of 6 levels', nested(6), /nest at most 5 levels/],
  ['of a deep list', { a: [[[[[]]]]] }, /nest at most 5 levels/],
  ['that is a list', [], /must be a JSON object/],
  ['that is a text', 'x', /must be a JSON object/],
  ['of everything that JSON has', { text: 'é', number: -1.5e300, yes: true, nothing: null, list: [1, [2]], object: { '': {} } }, undefined],
];

test.each(METADATA)('metadata %s is kept as it is, or refused and named', async (_, metadata, words) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  if (words !== undefined) {
    for (const [path, input] of [
      ['threads.create', { metadata }],
      ['threads.update', { threadId: 'any', metadata }],
      ['messages.send', { agent: 'pour', text: '1 1', metadata }],
    ] as const) {
      const refused = await socket.error('mutation', path, input);
      expect(refused.message).toMatch(words);
      expect(refused.message).toMatch(/^metadata: /);
    }
    return;
  }
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', { metadata });
  expect(await socket.call('query', 'threads.get', { threadId })).toMatchObject({ metadata });
  await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1', metadata });
  const page: { items: { metadata: unknown }[] } = await socket.call('query', 'threads.messages', { threadId });
  expect(page.items[0]?.metadata).toEqual(metadata);
});

test.each<[name: string, json: unknown, kind: unknown]>([
  ['a Date', '2026-01-01T00:00:00.000Z', ['Date']],
  ['a Map', [['a', 1]], ['map']],
  ['a Set', [1], ['set']],
  ['a bigint', '5', ['bigint']],
  ['NaN', 'NaN', ['number']],
  ['a URL', 'http://a.example/', ['URL']],
  ['a RegExp', '/a/', ['regexp']],
  ['an Error', { name: 'Error', message: 'x' }, ['Error']],
])('%s, which superjson can carry, is refused in metadata and context: it would not survive being stored', async (_, json, kind) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  for (const [id, field] of [
    [1, 'metadata'],
    [2, 'context'],
  ] as const) {
    const input = { json: { agent: 'pour', text: '1 1', [field]: { at: json } }, meta: { values: { [`${field}.at`]: kind } } };
    socket.send({ id, method: 'mutation', params: { path: 'messages.send', input } });
    const { error } = await socket.answer(id);
    expect(error?.json.message).toBe(`${field}: must hold only strings, numbers, booleans, null, arrays and objects.`);
  }
});

test.each<[name: string, title: string, words: RegExp | undefined]>([
  ['of 200 characters beyond the first plane', ASTRAL.repeat(200), undefined],
  ['of 201 characters', 'x'.repeat(201), /title: must have at most 200 characters/],
  ['that is empty', '', undefined],
  ['with half a pair', 'a\ud83d', /title: must be well-formed/],
])('a title %s', async (_, title, words) => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const thread: { id: string; title: string } = await socket.call('mutation', 'threads.create', words === undefined ? { title } : {});
  if (words === undefined) expect(thread.title).toBe(title);
  else {
    for (const path of ['threads.create', 'threads.update', 'threads.fork']) {
      expect((await socket.error('mutation', path, { threadId: thread.id, title })).message).toMatch(words);
    }
  }
});

test('keys that nobody knows are ignored, at every place', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const sent = { agent: 'pour', text: '1 1', fromTheFuture: { a: [1] }, options: { alsoNew: 1 } };
  expect(await socket.call('mutation', 'messages.send', sent)).toMatchObject({ disposition: 'started' });
  expect(await socket.call('query', 'threads.list', { newFilter: true })).toMatchObject({ items: [expect.anything()] });
});

test('an agent that is not there, or is the name of what every object has, is NOT_FOUND', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  for (const agent of ['nope', 'constructor', '__proto__', 'toString', 'x'.repeat(150)]) {
    const refused = await socket.error('mutation', 'messages.send', { agent, text: 'hi' });
    expect(refused).toMatchObject({
      message: `There is no agent named "${[...agent].slice(0, 100).join('')}".`,
      data: { reason: 'NOT_FOUND' },
    });
  }
  expect(await socket.call('query', 'threads.list')).toEqual({ items: [] });
});
