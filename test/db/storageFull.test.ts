import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  boundPages,
  counted,
  encodedEvents,
  eventsOf,
  openStore,
  rowCounts,
  STEP,
  send,
  startThread,
  type TestStore,
  upTo,
} from './storeForTest.ts';
import { tempFolder } from './tempFolder.ts';

const LONG = 'x'.repeat(9_000);

const openFile = (): TestStore => openStore(join(tempFolder(), 'verbatim.db'));

test('a full disk fails the whole batch with STORAGE_FULL, and nobody is told of any of it', async () => {
  const on = openFile();
  const [a, b] = [await startThread(on), await startThread(on)];
  const reader = on.store.log.follow(a.thread);
  const [rows, rings] = [rowCounts(on.raw), on.rings.length];
  boundPages(on.raw, 0);
  const small = on.store.runs.append(a.held, { type: 'run.status', runId: a.held.id, text: 'small' });
  const large = on.store.runs.append(b.held, { type: 'run.status', runId: b.held.id, text: LONG });
  const sent = on.store.runs.accept(send('hi'));
  const results = await Promise.allSettled([small, large, sent]);
  const refused = { status: 'rejected', reason: { code: 'STORAGE_FULL', retryable: true } };
  expect(results).toMatchObject([refused, refused, refused]);
  expect([reader.head, reader.freshAfter(2) ?? []]).toEqual([2, []]);
  expect(on.rings.length).toBe(rings);
  expect(rowCounts(on.raw)).toEqual(rows);
  reader.close();
  expect(on.store.heldLogs).toBe(0);
});

test('when there is room again, seqs go on where they were', async () => {
  const on = openFile();
  const { thread, held } = await startThread(on);
  const reader = on.store.log.follow(thread);
  boundPages(on.raw, 0);
  await expect(on.store.runs.append(held, { type: 'run.status', runId: held.id, text: LONG })).rejects.toMatchObject({
    code: 'STORAGE_FULL',
  });
  boundPages(on.raw, undefined);
  let fresh: unknown;
  on.onRing = () => {
    fresh = reader.freshAfter(2);
  };
  await on.store.runs.append(held, { type: 'run.status', runId: held.id, text: LONG });
  const events = await encodedEvents(on, thread);
  expect(counted(events)).toEqual(upTo(3));
  expect(fresh).toEqual(events.slice(2));
  reader.close();
});

test('a writer whose text could not be stored says so, and stores nothing after the gap', async () => {
  const on = openFile();
  const { thread, held } = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: held, ...STEP });
  const writer = on.store.runs.writeMessage(held, message);
  writer.text('kept ');
  await writer.committed();
  boundPages(on.raw, 0);
  writer.text(LONG);
  await expect(writer.committed()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  boundPages(on.raw, undefined);
  writer.text('after the gap');
  expect(() => writer.assertStored()).toThrow('The disk of the server is full.');
  await expect(writer.committed()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  writer.close();
  expect((await eventsOf(on, thread)).flatMap((event) => (event.type === 'text.delta' ? [event.delta] : []))).toEqual(['kept ']);
  expect(on.store.heldLogs).toBe(0);
});

test('a receipt that could not be stored is none: the same key sends later', async () => {
  const on = openFile();
  boundPages(on.raw, 0);
  const input = send(LONG, { key: 'k' });
  await expect(on.store.runs.accept(input)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  boundPages(on.raw, undefined);
  expect((await on.store.runs.accept(input)).started).toBeDefined();
});
