import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sqliteStore } from '../../src/db/sqliteStore.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { openForTest } from './openForTest.ts';
import { counted, encodedEvents, eventsOf, openStore, STEP, startThread, type TestStore, upTo } from './storeForTest.ts';
import { tempFolder } from './tempFolder.ts';

const OFFENDING = 'the-very-secret-text';

const bytesOf = (file: string): string =>
  [file, `${file}-wal`].map((path) => (existsSync(path) ? readFileSync(path).toString('latin1') : '')).join('');

/** A message that streams text and reasoning, a commit for each piece. */
async function stream(test: TestStore, { pieces, size = 1 }: { readonly pieces: number; readonly size?: number }) {
  const begun = await startThread(test);
  const { message } = await test.store.runs.startStep({ run: begun.held, ...STEP });
  const writer = test.store.runs.writeMessage(begun.held, message);
  for (let piece = 0; piece < pieces; piece++) {
    writer.reasoning(`${OFFENDING} ${piece} `.repeat(size));
    writer.text(`${OFFENDING} ${piece} `.repeat(size));
    await writer.committed();
  }
  writer.close();
  return { ...begun, message };
}

test('a withdrawn message keeps its positions and loses its text and its reasoning; others keep theirs', async () => {
  const test = openStore();
  const other = await stream(test, { pieces: 3 });
  const { thread, held, message } = await stream(test, { pieces: 300 });
  await test.store.runs.append(held, { type: 'tool.input.delta', runId: held.id, callId: 'c', tool: 't', delta: OFFENDING });
  await test.store.runs.append(held, {
    type: 'tool.hosted',
    runId: held.id,
    messageId: message.id,
    id: 'h',
    tool: 't',
    status: 'completed',
    data: { found: OFFENDING },
  });
  const before = await eventsOf(test, thread);
  await test.store.runs.withdrawMessage(held, message);
  const after = await eventsOf(test, thread);
  expect(counted(after)).toEqual(upTo(before.length + 1));
  expect(JSON.stringify(after)).not.toContain(OFFENDING);
  expect(after.map(({ type, at }) => [type, at]).slice(0, -1)).toEqual(before.map(({ type, at }) => [type, at]));
  expect(after.at(-1)).toMatchObject({ type: 'message.discarded', messageId: message.id, reason: 'guardrail' });
  expect(JSON.stringify(await eventsOf(test, other.thread))).toContain(OFFENDING);
  // What has ended is not withdrawn: asking again changes nothing.
  await test.store.runs.withdrawMessage(held, message);
  expect(await eventsOf(test, thread)).toHaveLength(after.length);
});

test('text of the commit that withdraws it is delivered to nobody', async () => {
  const test = openStore();
  const { thread, held, message } = await stream(test, { pieces: 1 });
  const follower = test.store.log.follow(thread);
  const fresh: string[] = [];
  test.onRing = () => fresh.push(...(follower.freshAfter(follower.head - 2) ?? []).map(({ json }) => json));
  const writer = test.store.runs.writeMessage(held, message);
  writer.text(OFFENDING);
  await test.store.runs.withdrawMessage(held, message);
  writer.close();
  follower.close();
  expect(fresh).toHaveLength(2);
  expect(fresh.join()).not.toContain(OFFENDING);
  expect((await encodedEvents(test, thread)).map(({ json }) => json).join()).not.toContain(OFFENDING);
});

test.each([
  ['a few short pieces', { pieces: 4 }],
  ['pages of them', { pieces: 400 }],
  ['pieces that overflow a page', { pieces: 5, size: 2_000 }],
])('no byte of the files has text that was withdrawn: %s', async (_, shape) => {
  const file = join(tempFolder(), 'v.db');
  const clock = createManualClock();
  // Nothing but the erasure itself empties the write-ahead log.
  const database = openForTest({ file, clock, checkpointIdleMs: 1e9, checkpointPages: 1e6 });
  const { raw, epoch, recordHighWater, onErased } = database;
  const store = sqliteStore({ raw, epoch, clock, recordHighWater, onErased, onCommit: () => {} });
  onTestFinished(() => store.close());
  const test: TestStore = { store, raw, clock, rings: [], onRing: () => {}, highWater: [], crash: () => test };
  const { held, message } = await stream(test, shape);
  expect(bytesOf(file)).toContain(OFFENDING);
  await store.runs.withdrawMessage(held, message);
  await vi.waitFor(() => expect(bytesOf(file)).not.toContain(OFFENDING), { timeout: 5_000 });
});
