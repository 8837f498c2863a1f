import { describe, expect, test } from 'vitest';
import type { MemoryHolder } from '../../src/db/memories.ts';
import type { Json } from '../../src/protocol/json.ts';
import { command, finishedThread, OWNER, type TestStore } from '../db/storeForTest.ts';

const ANN: MemoryHolder = { scope: 'principal', id: OWNER };
const PAGE = { prefix: '', limit: 100, maxBytes: Number.POSITIVE_INFINITY };
const MANY = { maxEntries: 100 };

/** What any store of memories must do. */
export function testMemoryStore({ name, open }: { readonly name: string; readonly open: () => TestStore }): void {
  const keysOf = async (on: TestStore, holder: MemoryHolder, page: Partial<typeof PAGE> = {}) =>
    (await on.store.memories.list(holder, { ...PAGE, ...page })).items.map(({ key }) => key);

  describe(`memories: ${name}`, () => {
    test.each<[string, Json]>([
      ['null', null],
      ['false', false],
      ['0', 0],
      ['an empty text', ''],
      ['quotes and more', '"\\\u0000\u2028😀'],
      ['nested values', { a: [1, { b: null }], constructor: 'x', __proto: 1 }],
    ])('%s comes back as it was', async (_name, value) => {
      const { store } = open();
      await store.memories.set(ANN, { key: 'k', value }, MANY);
      expect(await store.memories.get(ANN, 'k')).toEqual(value);
      expect((await store.memories.list(ANN, PAGE)).items).toEqual([{ key: 'k', value, updatedAt: expect.any(Number) }]);
    });

    test('a key that is not there is undefined, and deleting it changes nothing', async () => {
      const { store } = open();
      expect(await store.memories.get(ANN, 'k')).toBeUndefined();
      await store.memories.delete(ANN, 'k');
      expect((await store.memories.list(ANN, PAGE)).items).toEqual([]);
    });

    test('a value that is set again is replaced, and says when', async () => {
      const on = open();
      await on.store.memories.set(ANN, { key: 'k', value: 1 }, MANY);
      on.clock.set(on.clock.now() + 5);
      await on.store.memories.set(ANN, { key: 'k', value: 2 }, MANY);
      expect((await on.store.memories.list(ANN, PAGE)).items).toEqual([{ key: 'k', value: 2, updatedAt: on.clock.now() }]);
    });

    test('a principal, another, and a thread of the same name have each their own', async () => {
      const on = open();
      const { threadId } = await finishedThread(on);
      const holders: MemoryHolder[] = [ANN, { scope: 'principal', id: threadId }, { scope: 'thread', id: threadId }];
      for (const [index, holder] of holders.entries()) await on.store.memories.set(holder, { key: 'k', value: index }, MANY);
      for (const [index, holder] of holders.entries()) expect(await on.store.memories.get(holder, 'k')).toBe(index);
    });

    test('a prefix is text, whatever is in it', async () => {
      const on = open();
      for (const key of ['a%b', 'a_b', 'aXb', 'A', '😀1', '😀2']) await on.store.memories.set(ANN, { key, value: 1 }, MANY);
      expect(await keysOf(on, ANN, { prefix: 'a%' })).toEqual(['a%b']);
      expect(await keysOf(on, ANN, { prefix: 'a_' })).toEqual(['a_b']);
      expect(await keysOf(on, ANN, { prefix: '😀' })).toEqual(['😀1', '😀2']);
      expect(await keysOf(on, ANN, { prefix: 'a' })).toEqual(['a%b', 'aXb', 'a_b']);
    });

    test('pages are as long as rows and bytes allow, and together have everything once', async () => {
      const on = open();
      const keys = Array.from({ length: 12 }, (_, index) => `key ${String(index).padStart(2, '0')} ä"'`);
      for (const key of keys) await on.store.memories.set(ANN, { key, value: 'x'.repeat(100) }, MANY);
      for (const limits of [{ limit: 5 }, { maxBytes: 250 }, { maxBytes: 1 }]) {
        const found: string[] = [];
        let pageToken: string | undefined;
        do {
          const page = await on.store.memories.list(ANN, { ...PAGE, ...limits, pageToken });
          expect(page.items.length).toBeLessThanOrEqual(limits.limit ?? (limits.maxBytes === 1 ? 1 : 2));
          found.push(...page.items.map(({ key }) => key));
          pageToken = page.nextPageToken;
        } while (pageToken !== undefined);
        expect(found).toEqual(keys);
      }
    });

    test('two that are set at once where one has room: one is refused', async () => {
      const on = open();
      const both = await Promise.allSettled(['a', 'b'].map((key) => on.store.memories.set(ANN, { key, value: 1 }, { maxEntries: 1 })));
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await keysOf(on, ANN)).toEqual(['a']);
    });

    test('what was set survives a crash right after', async () => {
      const on = open();
      await on.store.memories.set(ANN, { key: 'k', value: 1 }, MANY);
      const lost = on.store.memories.set(ANN, { key: 'late', value: 1 }, MANY);
      const after = on.crash();
      await expect(lost).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      expect(await keysOf(after, ANN)).toEqual(['k']);
    });

    test('nothing is kept for a thread that is gone', async () => {
      const on = open();
      const { threadId } = await finishedThread(on);
      await on.store.threads.delete(command('threads.delete'), threadId);
      const holder: MemoryHolder = { scope: 'thread', id: threadId };
      await expect(on.store.memories.set(holder, { key: 'k', value: 1 }, MANY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('its owner has it removed once by a key; another may not even see it', async () => {
      const on = open();
      const { threadId } = await finishedThread(on);
      await on.store.memories.set({ scope: 'thread', id: threadId }, { key: 'k', value: 1 }, MANY);
      const bob = command('memory.delete', {}, { by: 'bob' });
      await expect(on.store.memories.forget(bob, { threadId, key: 'k' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(on.store.memories.listOwn({ id: 'bob' }, threadId, PAGE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const asked = command('memory.delete', {}, { key: 'once' });
      expect(await on.store.memories.forget(asked, { threadId, key: 'k' })).toEqual({ deleted: 1 });
      expect(await on.store.memories.forget(asked, { threadId, key: 'k' })).toEqual({ deleted: 1 });
      expect((await on.store.memories.listOwn({ id: OWNER }, threadId, PAGE)).items).toEqual([]);
    });
  });
}
