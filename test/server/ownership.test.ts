import { expect, test, vi } from 'vitest';
import { appRouter } from '../../src/server/routers/router.ts';
import type { Services } from '../../src/server/services.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { upload } from '../support/rawUpload.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

interface Mine {
  readonly threadId: string;
  readonly runId: string;
  readonly fileId: string;
  readonly messageId: string;
  /** Of another thread: it has ended. */
  readonly endedRunId: string;
}
interface Row {
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** The input that names what is the owner's; absent for what names nothing and is not owned. */
  readonly input?: (mine: Mine) => object;
  /** What comes of it for somebody else, when it names nothing. */
  readonly empty?: unknown;
}

// Every procedure there is. One that is missing here fails the first test: say who may call it.
const ROWS: Readonly<Record<string, Row>> = {
  'agents.list': { kind: 'query' },
  'threads.create': { kind: 'mutation' },
  'threads.get': { kind: 'query', input: ({ threadId }) => ({ threadId }) },
  'threads.list': { kind: 'query', empty: { items: [] } },
  'threads.update': { kind: 'mutation', input: ({ threadId }) => ({ threadId, title: 'mine now' }) },
  'threads.delete': { kind: 'mutation', input: ({ threadId }) => ({ threadId }) },
  'threads.messages': { kind: 'query', input: ({ threadId }) => ({ threadId }) },
  'threads.fork': { kind: 'mutation', input: ({ threadId }) => ({ threadId }) },
  'threads.watch': { kind: 'subscription', input: ({ threadId }) => ({ threadId }) },
  'messages.send': { kind: 'mutation', input: ({ threadId }) => ({ threadId, agent: 'pour', text: '1 1' }) },
  'messages.edit': { kind: 'mutation', input: ({ messageId }) => ({ messageId, text: '1 1' }) },
  'memory.list': { kind: 'query', input: ({ threadId }) => ({ threadId }) },
  'memory.delete': { kind: 'mutation', input: ({ threadId }) => ({ threadId, key: 'k' }) },
  'memory.clear': { kind: 'mutation', input: ({ threadId }) => ({ threadId }) },
  'runs.retry': { kind: 'mutation', input: ({ endedRunId }) => ({ runId: endedRunId }) },
  'runs.get': { kind: 'query', input: ({ runId }) => ({ runId }) },
  'runs.list': { kind: 'query', input: ({ threadId }) => ({ threadId }), empty: { items: [] } },
  'runs.cancel': { kind: 'mutation', input: ({ runId }) => ({ runId }) },
  'runs.wait': { kind: 'query', input: ({ runId }) => ({ runId, timeoutMs: 0 }) },
  // A call of another's looks like none: test/runs/approvals and clientTools see to it.
  'approvals.list': { kind: 'query', empty: { items: [] } },
  'approvals.decide': { kind: 'mutation' },
  'toolCalls.submit': { kind: 'mutation' },
  'files.get': { kind: 'query', input: ({ fileId }) => ({ fileId }) },
  'files.list': { kind: 'query', empty: { items: [] } },
  'files.delete': { kind: 'mutation', input: ({ fileId }) => ({ fileId }) },
  // Of the caller itself.
  'auth.whoami': { kind: 'query' },
  'auth.ticket': { kind: 'mutation' },
  'auth.renew': { kind: 'mutation' },
  'runs.watch': { kind: 'subscription', input: ({ runId }) => ({ runId }) },
};

test('every procedure has a row that says who may call it', () => {
  const { procedures } = appRouter({
    agents: {},
    limits: {},
    inputs: new Proxy({}, { get: () => (value: unknown) => value }),
  } as unknown as Services)._def;
  expect(Object.keys(procedures).sort()).toEqual(Object.keys(ROWS).sort());
});

async function ownedThread(): Promise<{ owner: RawSocket; other: RawSocket; mine: Mine; url: string; watches(): number }> {
  const { port, url, server } = await startServer({ authenticate: byToken });
  const owner = await openRaw({ port, params: { token: 'ann' } });
  const other = await openRaw({ port, params: { token: 'bob' } });
  const { file } = await upload({ port, headers: { authorization: 'Bearer ann' } }, 'mine');
  const ended: { runId: string } = await owner.call('mutation', 'messages.send', { agent: 'pour', text: '1 1' });
  await owner.call('query', 'runs.wait', { runId: ended.runId });
  const sent: Omit<Mine, 'endedRunId' | 'fileId'> = await owner.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const mine: Mine = { ...sent, endedRunId: ended.runId, fileId: file.id };
  return { owner, other, mine, url, watches: () => server.stats.watches };
}

const NAMING = Object.entries(ROWS).flatMap(([path, { kind, input }]) => (input === undefined ? [] : [{ path, kind, input }]));

test.each(NAMING)(
  "$path of another's is refused in the words for what does not exist, and changes nothing",
  async ({ path, kind, input }) => {
    const { owner, other, mine, url, watches } = await ownedThread();
    // The head moves on its own: the owner's run is at work.
    const before: object = await owner.call('query', 'threads.get', { threadId: mine.threadId });
    const refused = await other.error(kind, path, input(mine));
    const unknown = await other.error(
      kind,
      path,
      input({ threadId: 'thread_nope', runId: 'run_nope', messageId: 'msg_nope', endedRunId: 'run_nope', fileId: 'file_nope' }),
    );
    expect(refused).toEqual(unknown);
    expect(refused.data).toMatchObject({ code: 'NOT_FOUND', reason: 'NOT_FOUND', httpStatus: 404 });
    // With a cursor, an idempotency key or a page token, it is the same.
    expect(await other.error(kind, path, { ...input(mine), idempotencyKey: 'k', lastEventId: '999999' })).toEqual(unknown);
    expect(watches()).toBe(0);
    expect(await owner.call('query', 'threads.get', { threadId: mine.threadId })).toEqual({ ...before, head: expect.any(Number) });

    const json = JSON.stringify({ json: input(mine) });
    const response = await fetch(`${url}/trpc/${path}${kind === 'mutation' ? '' : `?input=${encodeURIComponent(json)}`}`, {
      method: kind === 'mutation' ? 'POST' : 'GET',
      headers: { authorization: 'Bearer bob', 'content-type': 'application/json' },
      ...(kind === 'mutation' && { body: json }),
    });
    const text = await response.text();
    expect(text).toContain('"reason":"NOT_FOUND"');
    expect(text).not.toContain(mine.threadId);
  },
);

test.each(NAMING)('$path of its owner is answered', async ({ path, kind, input }) => {
  const { owner, mine } = await ownedThread();
  const id = owner.request(kind, path, input(mine));
  await vi.waitFor(() => expect(owner.frames.find((frame) => frame.id === id)).toMatchObject({ result: expect.anything() }), 5_000);
});

test.each(['threads.list', 'runs.list'])("%s holds nothing of another's", async (path) => {
  const { owner, other } = await ownedThread();
  expect(await other.call('query', path, {})).toEqual({ items: [] });
  expect(await owner.call('query', path, {})).toMatchObject({ items: [expect.anything(), expect.anything()] });
});

test("another's idempotency key is no key to what it made", async () => {
  const { owner, other } = await ownedThread();
  const first: { id: string } = await owner.call('mutation', 'threads.create', { title: 'a', idempotencyKey: 'same' });
  const second: { id: string } = await other.call('mutation', 'threads.create', { title: 'b', idempotencyKey: 'same' });
  expect(second.id).not.toBe(first.id);
});
