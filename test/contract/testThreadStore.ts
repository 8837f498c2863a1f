import { describe, expect, test } from 'vitest';
import type { ThreadListInput } from '../../src/protocol/procedures.ts';
import {
  allMessages,
  command,
  finishedThread,
  OWNER,
  RECEIPT_TTL_MS,
  send,
  startThread,
  type TestStore,
  upTo,
} from '../db/storeForTest.ts';

const NOTHING = { title: null, metadata: null, messages: [] } as const;

/** What any store of threads must do. Folding, forks and deletion have suites of their own in `test/db`. */
export function testThreadStore({ name, open }: { readonly name: string; readonly open: () => TestStore }): void {
  const create = (on: TestStore, title: string | null = null, key?: string) =>
    on.store.threads.create({ ...NOTHING, title, command: command('threads.create', { title }, key === undefined ? {} : { key }) });
  const list = (on: TestStore, filter: ThreadListInput = {}, by = OWNER) =>
    on.store.threads.list({ id: by }, { ...filter, limit: filter.limit ?? 100 });
  const titles = async (on: TestStore, filter: ThreadListInput = {}) => (await list(on, filter)).items.map((thread) => thread.title);

  /** Every row of a list, page by page. */
  async function pages(on: TestStore, filter: ThreadListInput & { readonly limit: number }): Promise<(string | null)[]> {
    const found: (string | null)[] = [];
    for (let pageToken: string | undefined, turn = 0; turn < 100; turn++) {
      const page = await on.store.threads.list({ id: OWNER }, { ...filter, pageToken });
      expect(page.items.length).toBeLessThanOrEqual(filter.limit);
      found.push(...page.items.map((thread) => thread.title));
      pageToken = page.nextPageToken;
      if (pageToken === undefined) break;
    }
    return found;
  }

  describe(`threads: ${name}`, () => {
    test('a new thread is empty and is the caller’s', async () => {
      const on = open();
      const info = await create(on, 'Tea');
      expect(info).toEqual({
        id: info.id,
        title: 'Tea',
        preview: null,
        metadata: null,
        createdAt: on.clock.now(),
        updatedAt: on.clock.now(),
        head: 0,
        floor: 0,
        epoch: on.store.log.epoch,
      });
      expect(await on.store.threads.get({ id: OWNER }, info.id)).toEqual(info);
    });

    test('another’s thread is NOT_FOUND to every call, as one that does not exist', async () => {
      const on = open();
      const { id } = await create(on);
      for (const threadId of [id, 'thread_none']) {
        const by = command('x', {}, { by: 'bob' });
        const calls = await Promise.allSettled([
          on.store.threads.get({ id: 'bob' }, threadId),
          on.store.threads.keyOf({ id: 'bob' }, threadId),
          on.store.threads.update(by, threadId, { title: 'mine' }),
          on.store.threads.delete(by, threadId),
          on.store.threads.fork({ command: by, threadId, atSeq: undefined, title: undefined }),
          on.store.threads.messages({ id: 'bob' }, threadId, { limit: 1, pageToken: undefined }),
        ]);
        const refused = { status: 'rejected', reason: { code: 'NOT_FOUND', message: 'There is no such thread.' } };
        expect(calls).toMatchObject(calls.map(() => refused));
      }
      expect((await list(on, {}, 'bob')).items).toEqual([]);
      expect((await on.store.threads.get({ id: OWNER }, id)).title).toBeNull();
    });

    test('the same key makes one thread, also within one commit; other content is a conflict', async () => {
      const on = open();
      const [a, b] = await Promise.all([create(on, 'Tea', 'k'), create(on, 'Tea', 'k')]);
      expect(b).toEqual(a);
      expect((await list(on)).items.length).toBe(1);
      await expect(create(on, 'Coffee', 'k')).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    });

    test('a key is one caller’s own, and is forgotten after its time', async () => {
      const on = open();
      const a = await create(on, 'Tea', 'k');
      const bob = await on.store.threads.create({ ...NOTHING, command: command('threads.create', {}, { key: 'k', by: 'bob' }) });
      expect(bob.id).not.toBe(a.id);
      on.clock.set(on.clock.now() + RECEIPT_TTL_MS);
      expect((await create(on, 'Coffee', 'k')).title).toBe('Coffee');
    });

    test('imported messages are the thread’s first positions, folded', async () => {
      const on = open();
      const messages = [
        { role: 'user' as const, text: 'Hi' },
        { role: 'assistant' as const, text: 'Hello' },
      ];
      const info = await on.store.threads.create({ ...NOTHING, messages, command: command('threads.create') });
      expect(info).toMatchObject({ head: 2, floor: 2 });
      expect(await allMessages(on, info.id)).toMatchObject([
        { role: 'user', text: 'Hi', status: 'complete', principalId: OWNER },
        { role: 'assistant', text: 'Hello', status: 'complete', finish: 'stop', toolCalls: [] },
      ]);
      const { receipt } = await on.store.runs.accept(send('more', { threadId: info.id }));
      expect(receipt.seq).toBe(2);
    });

    test('lists by activity or by age, newest first or oldest first', async () => {
      const on = open();
      const ids: string[] = [];
      for (const title of ['a', 'b', 'c']) {
        ids.push((await create(on, title)).id);
        await on.clock.advance(10);
      }
      await on.store.threads.update(command('threads.update'), ids[0] ?? '', { metadata: { starred: true } });
      expect(await titles(on)).toEqual(['a', 'c', 'b']);
      expect(await titles(on, { order: 'asc' })).toEqual(['b', 'c', 'a']);
      expect(await titles(on, { sort: 'created' })).toEqual(['c', 'b', 'a']);
      expect(await titles(on, { sort: 'created', order: 'asc' })).toEqual(['a', 'b', 'c']);
    });

    test('a message and the end of a run are activity', async () => {
      const on = open();
      const { threadId } = await finishedThread(on);
      await on.clock.advance(10);
      await create(on, 'newer');
      await on.clock.advance(10);
      await on.store.runs.accept(send('more', { threadId }));
      expect((await list(on)).items[0]?.id).toBe(threadId);
    });

    test('lists threads with or without an open run', async () => {
      const on = open();
      const { threadId } = await startThread(on);
      const { threadId: ended } = await finishedThread(on);
      expect((await list(on, { active: true })).items).toMatchObject([{ id: threadId, activeRunId: expect.any(String) }]);
      expect((await list(on, { active: false })).items.map((thread) => thread.id)).toEqual([ended]);
    });

    test('lists threads made between two times, both included', async () => {
      const on = open();
      const start = on.clock.now();
      for (const title of ['a', 'b', 'c']) {
        await create(on, title);
        await on.clock.advance(10);
      }
      expect(await titles(on, { createdAfter: start + 10 })).toEqual(['c', 'b']);
      expect(await titles(on, { createdBefore: start + 10 })).toEqual(['b', 'a']);
      expect(await titles(on, { createdAfter: start + 10, createdBefore: start + 10 })).toEqual(['b']);
    });

    test('a thread says how its first message begins: on one line, cut at the end of a character, without what screens obey', async () => {
      const on = open();
      const previewOf = async (text: string): Promise<string | null> => {
        const messages = [{ role: 'user', text }] as const;
        const { id, preview } = await on.store.threads.create({ ...NOTHING, messages, command: command('threads.create', { text }) });
        expect((await on.store.threads.get({ id: OWNER }, id)).preview).toBe(preview);
        expect((await list(on)).items.find((thread) => thread.id === id)?.preview).toBe(preview);
        return preview;
      };
      expect(await previewOf('  Where is\n\nmy \u001b[31morder\u202e?\t')).toBe('Where is my [31morder?');
      expect(await previewOf('a'.repeat(120))).toBe('a'.repeat(120));
      expect(await previewOf('a'.repeat(121))).toBe(`${'a'.repeat(119)}…`);
      expect(await previewOf(`${'a'.repeat(115)}👩‍👩‍👧‍👦 and more`)).toBe(`${'a'.repeat(115)}…`);
      expect(await previewOf(`e${'\u0301'.repeat(1_000)}`)).toHaveLength(120);
      expect(await previewOf('\u200b\n\u0000')).toBeNull();
    });

    test('of a thread’s messages the first that was taken or waits is the one it tells of', async () => {
      const on = open();
      const { threadId } = (await on.store.runs.accept(send('first'))).receipt;
      const previews = async () => (await list(on)).items.map(({ preview }) => preview);
      expect(await previews()).toEqual(['first']);
      await on.store.runs.accept(send('second', { threadId }));
      expect(await previews()).toEqual(['first']);
    });

    test('search finds any part of a title, whatever its case, and takes no character for a wildcard', async () => {
      const on = open();
      for (const title of ['50% off', '50x off', 'snake_case', 'snakeXcase', 'Äpfel', 'back\\slash', null]) await create(on, title);
      expect(await titles(on, { search: '0%' })).toEqual(['50% off']);
      expect(await titles(on, { search: 'e_c' })).toEqual(['snake_case']);
      expect(await titles(on, { search: 'äPFEL' })).toEqual(['Äpfel']);
      expect(await titles(on, { search: '\\' })).toEqual(['back\\slash']);
      expect(await titles(on, { search: 'OFF' })).toEqual(['50x off', '50% off']);
      expect((await titles(on, { search: '' })).length).toBe(7);
      expect(await titles(on, { search: 'nothing' })).toEqual([]);
    });

    test('pages have no gap and no double, also among threads of one moment', async () => {
      const on = open();
      for (const n of upTo(23)) {
        await create(on, String(n));
        if (n % 7 === 0) await on.clock.advance(5);
      }
      const newest = upTo(23).map(String).reverse();
      for (const sort of ['activity', 'created'] as const) {
        expect(await pages(on, { sort, limit: 4 })).toEqual(newest);
        expect(await pages(on, { sort, order: 'asc', limit: 4 })).toEqual(newest.toReversed());
      }
      expect(await pages(on, { limit: 23 })).toEqual(newest);
      expect(await pages(on, { limit: 4, search: '1' })).toEqual(newest.filter((title) => title.includes('1')));
    });

    test('a page token that no page gave out is BAD_INPUT', async () => {
      const on = open();
      const { id } = await create(on);
      for (const pageToken of [
        'x',
        '!!!',
        'MSwy!',
        Buffer.from('1,2,3').toString('base64url'),
        Buffer.from('0x1,2').toString('base64url'),
      ]) {
        await expect(list(on, { pageToken })).rejects.toMatchObject({ code: 'BAD_INPUT' });
        await expect(on.store.threads.messages({ id: OWNER }, id, { limit: 1, pageToken })).rejects.toMatchObject({ code: 'BAD_INPUT' });
      }
    });

    test('an update changes what it names and nothing else; null takes away', async () => {
      const on = open();
      const { id } = await on.store.threads.create({ ...NOTHING, title: 'Tea', metadata: { a: 1 }, command: command('threads.create') });
      await on.clock.advance(5);
      const update = (change: { title?: string | null; metadata?: null }) => on.store.threads.update(command('threads.update'), id, change);
      expect(await update({ title: 'Coffee' })).toMatchObject({ title: 'Coffee', metadata: { a: 1 }, updatedAt: on.clock.now() });
      expect(await update({ metadata: null })).toMatchObject({ title: 'Coffee', metadata: null });
      expect(await update({ title: null })).toMatchObject({ title: null, createdAt: on.clock.now() - 5 });
    });

    test('messages come oldest first, the newest page first, without gap or double', async () => {
      const on = open();
      const messages = upTo(7).map((n) => ({ role: 'user' as const, text: `m${n}` }));
      const { id } = await on.store.threads.create({ ...NOTHING, messages, command: command('threads.create') });
      await on.store.runs.accept(send('m8', { threadId: id }));
      await on.store.runs.accept(send('m9', { threadId: id }));
      await on.store.runs.accept(send('m10', { threadId: id }));
      const read: string[][] = [];
      for (let pageToken: string | undefined, turn = 0; turn < 10; turn++) {
        const page = await on.store.threads.messages({ id: OWNER }, id, { limit: 3, pageToken });
        read.push(page.items.map((message) => message.text));
        pageToken = page.nextPageToken;
        if (pageToken === undefined) break;
      }
      expect(read).toEqual([['m8', 'm9', 'm10'], ['m5', 'm6', 'm7'], ['m2', 'm3', 'm4'], ['m1']]);
    });
  });
}
