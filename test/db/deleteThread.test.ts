import { expect, test } from 'vitest';
import { allMessages, answer, command, finishedThread, OWNER, openStore, rowCounts, STEP, send, startThread } from './storeForTest.ts';

test('everything of a thread is gone from every table, and nothing of another', async () => {
  const on = openStore();
  const other = await finishedThread(on, 'other');
  await on.store.memories.set({ scope: 'thread', id: other.threadId }, { key: 'k', value: 1 }, { maxEntries: 10 });
  await on.store.memories.set({ scope: 'principal', id: OWNER }, { key: 'k', value: 1 }, { maxEntries: 10 });
  const rows = rowCounts(on.raw);
  const messages = await allMessages(on, other.threadId);
  const begun = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: begun.held, ...STEP, instructions: 'For Ann alone.' });
  const calls = [
    { callId: 'call_1', tool: 'look', input: { n: 1 } },
    { callId: 'call_2', tool: 'pay', input: {}, approval: { expiresAt: Number.MAX_SAFE_INTEGER } },
  ];
  await on.store.runs.finishModelCall({
    run: begun.held,
    message,
    text: 'x',
    reasoning: '',
    finish: 'tool_calls',
    usage: undefined,
    calls,
  });
  const rule = "insert into approval_rules (thread, agent, tool, decision, by, at) values (?, 'assistant', 'pay', 'approved', 'ann', 1)";
  on.raw.prepare(rule).run(begun.thread);
  const summary = { agent: 'assistant', text: 'Hello.', upTo: message.id, model: 'small', usage: undefined };
  await on.store.runs.addSummary(begun.held, summary);
  await on.store.memories.set({ scope: 'thread', id: begun.threadId }, { key: 'k', value: 1 }, { maxEntries: 10 });
  const share = "insert into shares (id, thread, access, owner, created_at, created_by) values ('share_1', ?, 'read', 'bob', 1, 'ann')";
  on.raw.prepare(share).run(begun.thread);
  await on.store.runs.accept(send('waits', { threadId: begun.threadId }));
  await answer(on, begun.held, ['more']);
  const deleted = await on.store.threads.delete(command('threads.delete'), begun.threadId);
  expect(deleted.open.map((run) => run.status)).toEqual(['running', 'queued']);
  // The audit log says that it was deleted, and by whom.
  expect(rowCounts(on.raw)).toEqual({ ...rows, audit_log: 1 });
  expect(await allMessages(on, other.threadId)).toEqual(messages);
  expect(on.raw.pragma('foreign_key_check')).toEqual([]);
});

test('what receipts still say of it is no content', async () => {
  const on = openStore();
  const input = { title: 'My illness', metadata: { of: 'Ann' }, messages: [{ role: 'user', text: 'I, Ann' }] } as const;
  const { id } = await on.store.threads.create({ ...input, command: command('threads.create', input, { key: 'k' }) });
  await on.store.threads.update(command('threads.update', {}, { key: 'u' }), id, { title: 'My other illness' });
  await on.store.threads.delete(command('threads.delete'), id);
  expect(JSON.stringify(on.raw.prepare('select answer from receipts').pluck().all())).not.toMatch(/illness|Ann/);
  // The key is still taken: a create that is asked again makes no second thread.
  expect(await on.store.threads.create({ ...input, command: command('threads.create', input, { key: 'k' }) })).toMatchObject({
    id,
    title: null,
  });
});

test('the same key deletes once and gets the same answer; without one, a second time is NOT_FOUND', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  const asked = command('threads.delete', { threadId }, { key: 'k' });
  expect(await on.store.threads.delete(asked, threadId)).toMatchObject({ threadId });
  expect(await on.store.threads.delete(asked, threadId)).toMatchObject({ threadId, open: [] });
  await expect(on.store.threads.delete(command('threads.delete'), threadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('its worker loses the run, and what it still says is dropped', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: held, ...STEP });
  const writer = on.store.runs.writeMessage(held, message);
  writer.text('before');
  const deleting = on.store.threads.delete(command('threads.delete'), threadId);
  writer.text('after');
  await deleting;
  writer.text('later');
  await writer.committed();
  writer.close();
  await expect(on.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'x' })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
  expect(rowCounts(on.raw).events).toBe(0);
  expect(on.store.heldLogs).toBe(0);
});

test('a writer that opens when the thread has just gone stores nothing', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on);
  const [{ message }] = await Promise.all([
    on.store.runs.startStep({ run: held, ...STEP }),
    on.store.threads.delete(command('threads.delete'), threadId),
  ]);
  const writer = on.store.runs.writeMessage(held, message);
  writer.text('orphan');
  await expect(writer.committed()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  writer.close();
  expect(rowCounts(on.raw).events).toBe(0);
});

test('its key is never given to another thread', async () => {
  const on = openStore();
  const { threadId, thread } = await startThread(on);
  await on.store.threads.delete(command('threads.delete'), threadId);
  expect((await startThread(on)).thread).toBeGreaterThan(thread);
});

test('another’s thread is not deleted', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  await expect(on.store.threads.delete(command('threads.delete', {}, { by: 'bob' }), threadId)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect((await on.store.threads.get({ id: OWNER }, threadId)).id).toBe(threadId);
});
