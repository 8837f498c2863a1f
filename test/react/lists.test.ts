import './page.ts';
import { act, renderHook } from '@testing-library/react';
import { createElement, type ReactNode } from 'react';
import { expect, test } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { useApprovals, useNotices, useRun, useThreads, VerbatimProvider } from '../../src/react/index.ts';
import { deferred } from '../client/clientOf.ts';
import { type Api, eventually, showThread, startServer, textsOf } from './scene.ts';

function show<Result, Props>(client: Client<Api>, hook: (props: Props) => Result, initialProps?: Props) {
  const wrapper = ({ children }: { readonly children: ReactNode }): ReactNode => createElement(VerbatimProvider<Api>, { client }, children);
  return renderHook(hook, { wrapper, ...(initialProps !== undefined && { initialProps }) }).result;
}

test('threads: what this tab does shows at once, and what another does with the next reading', async () => {
  const server = await startServer([{ text: 'Hello' }]);
  const client = server.client<Api>();
  const list = show(client, () => useThreads({ refreshMs: 0 }));
  expect(list.current).toMatchObject({ isLoading: true, threads: [] });
  await eventually(() => expect(list.current).toMatchObject({ isLoading: false, threads: [] }));

  const scene = showThread(client);
  await act(() => scene.now.send('Hi'));
  await eventually(() => expect(list.current.threads).toHaveLength(1));
  await eventually(() => expect(scene.now.status).toBe('idle'));
  await eventually(() => expect(list.current.threads[0]?.activeRunId).toBeUndefined());
  const [{ id } = { id: '' }] = list.current.threads;

  let renamed: Promise<unknown> = Promise.resolve();
  act(() => {
    renamed = list.current.rename(id, 'Mine');
  });
  expect(list.current.threads[0]?.title).toBe('Mine');
  await act(() => renamed);
  await eventually(async () => expect((await client.threads.get({ threadId: id })).title).toBe('Mine'));
  expect(list.current.threads[0]?.title).toBe('Mine');

  // When it was changed is known by a reading that began after it.
  const { updatedAt } = await client.threads.get({ threadId: id });
  await eventually(async () => {
    await act(() => list.current.reload());
    expect(list.current.threads[0]?.updatedAt).toBe(updatedAt);
  });
  const other = server.client<Api>();
  await other.threads.create({ title: 'Theirs' });
  // A reading that was under way may have it already.
  const before = list.current.threads.find(({ title }) => title === 'Mine');
  await act(() => list.current.reload());
  await eventually(() => expect(list.current.threads.map(({ title }) => title)).toEqual(['Theirs', 'Mine']));
  // The row that did not change is the same object.
  expect(list.current.threads[1]).toBe(before);

  act(() => void list.current.remove(id));
  expect(list.current.threads.map(({ title }) => title)).toEqual(['Theirs']);
  // What is refused is there again.
  await eventually(async () => expect((await other.threads.list()).items).toHaveLength(1));
  const [theirs = { id: '' }] = list.current.threads;
  const refused = list.current.rename(theirs.id, 'x'.repeat(100_000));
  await act(() => expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' }));
  await eventually(() => expect(list.current.threads.map(({ title }) => title)).toEqual(['Theirs']));
});

test('threads: page by page, again when time has passed, and with an error that keeps what there was', async () => {
  const server = await startServer([]);
  const client = server.client<Api>();
  for (let i = 0; i < 5; i += 1) await client.threads.create({ title: `${i}` });
  const list = show(client, () => useThreads({ limit: 2, sort: 'created', order: 'asc', refreshMs: 50 }));
  await eventually(() => expect(list.current).toMatchObject({ threads: { length: 2 }, hasMore: true }));
  await act(() => list.current.loadMore());
  await act(() => list.current.loadMore());
  await eventually(() => expect(list.current.threads.map(({ title }) => title)).toEqual(['0', '1', '2', '3', '4']));
  expect(list.current).toMatchObject({ hasMore: false, isLoadingMore: false });
  const [first] = (await client.threads.list({ sort: 'created', order: 'asc' })).items;
  await server.client<Api>().threads.update({ threadId: first?.id ?? '', title: 'zero' });
  await eventually(() => expect(list.current.threads[0]?.title).toBe('zero'));
  await client.close();
  await eventually(() => expect(list.current).toMatchObject({ error: { code: 'CLIENT_CLOSED' }, threads: { length: 5 } }));
});

test('approvals: a question shows when a thread of this page asks it, and is gone once it is decided', async () => {
  const server = await startServer([{ toolCalls: [{ name: 'pay', input: { amount: 5 } }] }, { text: 'Done' }]);
  const client = server.client<Api>();
  const list = show(client, () => useApprovals<Api>({ refreshMs: 0 }));
  const scene = showThread(client);
  await act(() => scene.now.send('Pay'));
  await eventually(() => expect(list.current.approvals).toHaveLength(1));
  const [approval] = list.current.approvals;
  if (approval?.tool !== 'pay') throw new Error('it asks for another tool');
  act(() => void list.current.approve(approval, { input: { amount: approval.input.amount * 2 } }));
  expect(list.current.approvals).toEqual([]);
  await eventually(() => expect(textsOf(scene.now).at(-1)).toBe('assistant: Done'));
  expect(scene.now.messages[1]).toMatchObject({ toolCalls: [{ output: { paid: 10 } }] });
  await act(() => expect(list.current.reject(approval.callId)).rejects.toMatchObject({ code: 'ALREADY_DECIDED' }));
});

test('a run is shown from any moment on, to its end', async () => {
  const until = deferred();
  const server = await startServer([{ text: 'First' }, { text: 'Long', until: until.promise }]);
  const client = server.client<Api>();
  const first = await client.send({ agent: 'helper', text: 'One' });
  await first.result();
  const sent = await client.send({ agent: 'helper', threadId: first.threadId, text: 'Two' });
  const run = show(server.client<Api>(), ({ runId }: { readonly runId: string | undefined }) => useRun<Api>(runId), { runId: sent.id });
  expect(run.current.status).toBe('loading');
  await eventually(() => expect(run.current).toMatchObject({ status: 'running', messages: [{ text: 'Two' }, { text: 'Long' }] }));
  await act(() => run.current.cancel());
  await eventually(() =>
    expect(run.current).toMatchObject({ status: 'cancelled', run: { cancelledBy: 'local' }, info: { status: 'cancelled' } }),
  );
  expect(run.current.info?.endedAt).toBeDefined();

  const none = show(client, () => useRun<Api>('run_01h2xcejqtf2nbrexx3vqjhp41'));
  await eventually(() => expect(none.current.error?.code).toBe('NOT_FOUND'));
});

test('a run that is folded is shown from its messages', async () => {
  const server = await startServer([{ text: 'Hello' }]);
  const client = server.client<Api>();
  const sent = await client.send({ agent: 'helper', text: 'Hi' });
  await sent.result();
  await server.fold({ olderThanDays: 0 });
  const run = show(client, () => useRun<Api>(sent.id));
  await eventually(() => expect(run.current).toMatchObject({ status: 'completed', messages: [{ text: 'Hi' }, { text: 'Hello' }] }));
});

test('notices: newest first, no more than are kept, until they are dismissed', async () => {
  const server = await startServer([]);
  const told: string[] = [];
  const list = show(server.client<Api>(), () => useNotices({ limit: 2, onNotice: ({ kind }) => told.push(kind) }));
  await eventually(async () => expect(await server.broadcast({ kind: 'a' })).toBe(1));
  await server.broadcast({ kind: 'b' });
  await server.broadcast({ kind: 'c' });
  await eventually(() => expect(list.current.notices.map(({ kind }) => kind)).toEqual(['c', 'b']));
  expect(told).toEqual(['a', 'b', 'c']);
  act(() => list.current.dismiss(list.current.notices[0]?.id));
  expect(list.current.notices.map(({ kind }) => kind)).toEqual(['b']);
  act(() => list.current.dismiss());
  expect(list.current.notices).toEqual([]);
});
