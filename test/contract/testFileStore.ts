import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { NewFile } from '../../src/db/fileStore.ts';
import type { FileRef } from '../../src/protocol/file.ts';
import { answer, command, OWNER, rowCounts, STEP, send, startThread, type TestStore } from '../db/storeForTest.ts';
import { pngOf } from '../support/sampleFiles.ts';

const limits = { maxFileBytes: 2_000_000, maxFileBytesPerPrincipal: 3_000_000 };

/** What any store of files must do. */
export function testFileStore({ name, open }: { readonly name: string; readonly open: () => TestStore }): void {
  const begin = ({ store }: TestStore, file: Partial<NewFile> = {}) =>
    store.files.begin({ of: { principal: { id: OWNER } }, name: 'a.png', type: 'image/png', limits, ...file });

  async function keep(on: TestStore, bytes: Uint8Array, pieceBytes = 50_000): Promise<FileRef> {
    const writer = await begin(on);
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) await writer.write(bytes.subarray(at, at + pieceBytes));
    return writer.finish();
  }

  async function read({ store }: TestStore, fileId: string, range?: { from: number; to: number }): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of store.files.read(await store.files.get({ id: OWNER }, fileId), range)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Nothing of a file is left. */
  const expectNone = (on: TestStore) => vi.waitFor(() => expect(rowCounts(on.raw)).toMatchObject({ files: 0, file_chunks: 0 }));

  describe(`files: ${name}`, () => {
    test.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1_000_003])('%i bytes come back as they went', async (size) => {
      const on = open();
      const bytes = pngOf(size);
      const file = await keep(on, bytes, 70_001);
      expect(file).toEqual({ id: file.id, type: 'image/png', size: bytes.byteLength, name: 'a.png' });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(await on.store.files.get({ id: OWNER }, file.id)).toEqual({ ...file, createdAt: on.clock.now(), sha256 });
      expect((await read(on, file.id)).equals(bytes)).toBe(true);
    });

    test('any range of it, also over the borders of chunks', async () => {
      const on = open();
      const bytes = pngOf(600_000);
      const { id } = await keep(on, bytes);
      for (const [from, to] of [
        [0, 1],
        [262_143, 262_145],
        [262_144, 524_288],
        [599_999, 600_000],
        [5, 5],
      ] as const) {
        expect((await read(on, id, { from, to })).equals(bytes.subarray(from, to))).toBe(true);
      }
    });

    test('nobody sees it before its end', async () => {
      const on = open();
      const writer = await begin(on);
      await writer.write(pngOf(300_000));
      expect(await on.store.files.list({ id: OWNER }, { limit: 10, pageToken: undefined })).toEqual({ items: [] });
      const { id } = await writer.finish();
      expect((await on.store.files.list({ id: OWNER }, { limit: 10, pageToken: undefined })).items).toMatchObject([{ id }]);
    });

    test('one that is given up, or is too large, leaves nothing', async () => {
      const on = open();
      const given = await begin(on);
      await given.write(pngOf(600_000));
      given.discard();
      await expectNone(on);
      const large = await begin(on);
      await expect(large.write(pngOf(2_000_001))).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
      large.discard();
      await expectNone(on);
      await expect(begin(on, { size: 2_000_001 })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
      await expectNone(on);
    });

    test.each([9, 11])('one that was to have 10 bytes and has %i is refused', async (size) => {
      const on = open();
      const writer = await begin(on, { size: 10 });
      const writing = writer.write(Buffer.alloc(size)).then(() => writer.finish());
      await expect(writing).rejects.toMatchObject({ code: 'BAD_INPUT' });
      writer.discard();
      await expectNone(on);
    });

    test('what a principal has is counted, what is on its way is not, and what is deleted no more', async () => {
      const on = open();
      const first = await keep(on, pngOf(1_500_000));
      const [a, b] = [await begin(on, { size: 1_500_000 }), await begin(on, { size: 1_500_000 })];
      for (const writer of [a, b]) await writer.write(pngOf(1_500_000));
      await a.finish();
      await expect(b.finish()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { limit: 'maxFileBytesPerPrincipal' } });
      b.discard();
      await expect(begin(on, { size: 1 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      await begin(on, { size: 1, of: { principal: { id: 'bob' } } });
      await on.store.files.delete(command('files.delete'), first.id);
      await begin(on, { size: 1_500_000 });
    });

    test('a crash leaves what was finished; the rest is removed at the next start, and what is being written then is not', async () => {
      const on = open();
      const kept = await keep(on, pngOf(300_000));
      await (await begin(on)).write(pngOf(600_000));
      const { held } = await startThread(on);
      const sealed = await begin(on, { of: { thread: held.thread } });
      await sealed.write(pngOf(300_000));
      await sealed.seal();
      const after = on.crash();
      const writing = await begin(after);
      await writing.write(pngOf(600_000));
      await after.store.files.removeLeftovers();
      expect(rowCounts(after.raw)).toMatchObject({ files: 2, file_chunks: 4 });
      expect((await read(after, kept.id)).equals(pngOf(300_000))).toBe(true);
      const { id } = await writing.finish();
      expect((await read(after, id)).equals(pngOf(600_000))).toBe(true);
    });

    /** A run with one call that waits for its outcome. */
    async function calling(on: TestStore) {
      const begun = await startThread(on);
      const { message } = await on.store.runs.startStep({ run: begun.held, ...STEP });
      const calls = [{ callId: 'call_1', tool: 'draw', input: {} }];
      const said = { run: begun.held, message, text: '', reasoning: '', finish: 'tool_calls', usage: undefined, calls } as const;
      await on.store.runs.finishModelCall(said);
      const writer = await begin(on, { of: { thread: begun.thread } });
      await writer.write(pngOf(300_000));
      return { ...begun, file: await writer.seal() };
    }

    test('the output of a call is seen from its event on, and goes with its thread', async () => {
      const on = open();
      const { held, file, threadId } = await calling(on);
      await expect(on.store.files.get({ id: OWNER }, file.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await on.store.runs.finishToolCall(held, 'call_1', { file, preview: 'a picture' })).toBe(true);
      expect(await on.store.files.get({ id: OWNER }, file.id)).toMatchObject({ ...file, threadId });
      await answer(on, held, ['there']);
      await on.store.threads.delete(command('threads.delete'), threadId);
      await expect(on.store.files.get({ id: OWNER }, file.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expectNone(on);
    });

    test('of two outcomes the first counts, and the file of the second is gone', async () => {
      const on = open();
      const { held, file } = await calling(on);
      await on.store.runs.finishToolCall(held, 'call_1', { output: 'first' });
      expect(await on.store.runs.finishToolCall(held, 'call_1', { file, preview: 'a picture' })).toBe(false);
      await expectNone(on);
    });

    test('a thread that goes while a file of it is written takes the file along', async () => {
      const on = open();
      const { file, held, threadId } = await calling(on);
      await on.store.threads.delete(command('threads.delete'), threadId);
      await expect(on.store.runs.finishToolCall(held, 'call_1', { file, preview: 'x' })).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await expectNone(on);
    });

    test('while a large file is written and removed, other commits wait for a chunk at most', async () => {
      const on = open();
      const { threadId } = await startThread(on);
      const order: string[] = [];
      const writer = await begin(on);
      const writing = writer.write(pngOf(1_500_000)).then(() => order.push('file'));
      for (let n = 0; n < 3; n++) {
        await on.store.runs.accept(send(`${n}`, { threadId }));
        order.push('message');
      }
      await writing;
      expect(order).toEqual(['message', 'message', 'message', 'file']);
    });
  });
}
