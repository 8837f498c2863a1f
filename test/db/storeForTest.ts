import { onTestFinished } from 'vitest';
import { decodeEvent, type EncodedEvent } from '../../src/db/encodedEvent.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import type { AcceptInput } from '../../src/db/operations/acceptMessage.ts';
import type { Command } from '../../src/db/operations/command.ts';
import type { HeldRun } from '../../src/db/operations/startRun.ts';
import type { RunRow } from '../../src/db/runs.ts';
import type { Sqlite } from '../../src/db/sqlite.ts';
import { type Store, sqliteStore } from '../../src/db/sqliteStore.ts';
import type { StoredEvent } from '../../src/protocol/event.ts';
import { createManualClock, type ManualClock } from '../../src/testing/index.ts';

export const OWNER = 'ann';
export const RECEIPT_TTL_MS = 60_000;

export interface TestStore {
  readonly store: Store;
  readonly raw: Sqlite;
  readonly clock: ManualClock;
  /** What the bell was rung for, a commit each. */
  readonly rings: (readonly number[])[];
  /** Called while the bell rings. */
  onRing: () => void;
  readonly highWater: number[];
  /** Another store on the same file, as a process has it that starts after a crash. What the first has not committed never is. */
  crash(): TestStore;
}

/** A store of its own that closes with the test. */
export function openStore(file = ':memory:'): TestStore {
  const clock = createManualClock();
  const database = openDatabase({ file, clock });
  onTestFinished(() => database.close());
  const over = (): TestStore => {
    const rings: (readonly number[])[] = [];
    const highWater: number[] = [];
    const store = sqliteStore({
      raw: database.raw,
      epoch: database.epoch,
      clock,
      onCommit: (threads) => {
        rings.push(threads);
        test.onRing();
      },
      recordHighWater: (id) => highWater.push(id),
    });
    const crash = (): TestStore => {
      store.abandon();
      return over();
    };
    const test: TestStore = { store, raw: database.raw, clock, rings, onRing: () => {}, highWater, crash };
    return test;
  };
  return over();
}

export function command(name: string, input: unknown = {}, opts: { readonly key?: string; readonly by?: string } = {}): Command {
  return { name, principal: { id: opts.by ?? OWNER }, key: opts.key, input, receiptTtlMs: RECEIPT_TTL_MS };
}

export function send(text: string, change: Partial<AcceptInput> & { readonly key?: string } = {}): AcceptInput {
  const { key, ...rest } = change;
  const principal = rest.principal ?? { id: OWNER };
  return {
    command: command('messages.send', { text, threadId: rest.threadId }, { by: principal.id, ...(key !== undefined && { key }) }),
    principal,
    threadId: undefined,
    agent: 'assistant',
    text,
    metadata: undefined,
    whenBusy: 'queue',
    onDisconnect: 'continue',
    options: {},
    context: null,
    maxQueued: 100,
    room: true,
    lease: 'boot_1',
    ...rest,
  };
}

export const heldBy = (run: RunRow): HeldRun => ({ key: run.key, id: run.id, thread: run.thread, attempt: run.attempt });

export const STEP = { agent: 'assistant', model: 'scripted', instructions: 'Help.', tools: '[]', options: {} } as const;

/** A thread with one run at work. */
export async function startThread({ store }: TestStore, text = 'hello', change: Partial<AcceptInput> = {}) {
  const { receipt, started } = await store.runs.accept(send(text, change));
  if (started === undefined) throw new Error('the run did not start');
  return { threadId: receipt.threadId, thread: started.thread, runId: receipt.runId, held: heldBy(started), run: started };
}

/** One whole model call, in the given pieces. */
export async function answer({ store }: TestStore, run: HeldRun, pieces: readonly string[], reasoning = ''): Promise<void> {
  const { message } = await store.runs.startStep({ run, ...STEP });
  const writer = store.runs.writeMessage(run, message);
  if (reasoning !== '') writer.reasoning(reasoning);
  for (const piece of pieces) {
    writer.text(piece);
    await writer.committed();
  }
  writer.close();
  await store.runs.finishModelCall({ run, message, text: pieces.join(''), reasoning, finish: 'stop', usage: undefined, calls: [] });
}

export const complete = ({ store }: TestStore, run: HeldRun) =>
  store.runs.finish(run, { status: 'completed', outcome: 'complete' }, { mayContinue: false });

/** A thread with a finished question and answer. */
export async function finishedThread(test: TestStore, text = 'hello', pieces: readonly string[] = ['Hi ', 'there']) {
  const begun = await startThread(test, text);
  await answer(test, begun.held, pieces);
  await complete(test, begun.held);
  return begun;
}

export async function encodedEvents({ store }: TestStore, thread: number, after = 0): Promise<EncodedEvent[]> {
  const all: EncodedEvent[] = [];
  for (let from = after; ; ) {
    const page = await store.log.page(thread, from, 100);
    all.push(...page);
    from = page.at(-1)?.seq ?? from;
    if (page.length === 0) return all;
  }
}

export async function eventsOf(test: TestStore, thread: number, after = 0): Promise<StoredEvent[]> {
  return (await encodedEvents(test, thread, after)).map((event) => decodeEvent(event.json));
}

export async function allMessages({ store }: TestStore, threadId: string) {
  return (await store.threads.messages({ id: OWNER }, threadId, { limit: 1_000, pageToken: undefined })).items;
}

export const counted = (events: readonly { readonly seq: number }[]): number[] => events.map((event) => event.seq);
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Rows of each table, without those that hold facts about the file. */
export function rowCounts(raw: Sqlite): Record<string, number> {
  const tables = raw
    .prepare<[], string>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not in ('migrations', 'meta')",
    )
    .pluck()
    .all();
  return Object.fromEntries(tables.map((table) => [table, Number(raw.prepare(`select count(*) from "${table}"`).pluck().get())]));
}

/** Lets the database grow by no more than so many pages: 0 is a full disk. Undefined takes the bound away. */
export function boundPages(raw: Sqlite, more: number | undefined): void {
  const pages = Number(raw.pragma('page_count', { simple: true }));
  raw.pragma(`max_page_count = ${more === undefined ? 1_073_741_823 : pages + more}`);
}
