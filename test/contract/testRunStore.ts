import { describe, expect, test } from 'vitest';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import {
  answer,
  command,
  complete,
  counted,
  eventsOf,
  finishedThread,
  heldBy,
  OWNER,
  STEP,
  send,
  startThread,
  type TestStore,
  upTo,
} from '../db/storeForTest.ts';

const RESUME = { lease: 'boot_2', reason: 'crash', maxAttempts: 3 } as const;

/** What any store of runs must do. The races of `whenBusy` are tested where the scheduler is. */
export function testRunStore({ name, open }: { readonly name: string; readonly open: () => TestStore }): void {
  const typesOf = async (on: TestStore, thread: number) => (await eventsOf(on, thread)).map((event) => event.type);

  /** A step of a run that asked for one call of a tool, which has no outcome yet. */
  async function callTool(
    on: TestStore,
    begun: Awaited<ReturnType<typeof startThread>>,
    callId = 'call_1',
    idempotent = false,
  ): Promise<void> {
    const { message } = await on.store.runs.startStep({ run: begun.held, ...STEP });
    const calls = [{ callId, tool: 'look', input: { n: 1 }, idempotent }];
    await on.store.runs.finishModelCall({
      run: begun.held,
      message,
      text: '',
      reasoning: '',
      finish: 'tool_calls',
      usage: undefined,
      calls,
    });
  }

  describe(`runs: ${name}`, () => {
    test('a send is durable with its run: message, run and receipt in one commit', async () => {
      const on = open();
      const { receipt, started } = await on.store.runs.accept(send('hello'));
      expect(receipt).toMatchObject({ seq: 0, disposition: 'started' });
      expect(started).toMatchObject({ id: receipt.runId, status: 'running', attempt: 1, lease: 'boot_1' });
      expect(on.rings.length).toBe(1);
      expect(await typesOf(on, started?.thread ?? 0)).toEqual(['message.received', 'run.started']);
    });

    test('two equal keys in one commit make one message; other content is a conflict and leaves nothing', async () => {
      const on = open();
      const [a, b] = await Promise.all([on.store.runs.accept(send('hi', { key: 'k' })), on.store.runs.accept(send('hi', { key: 'k' }))]);
      expect(b.receipt).toEqual(a.receipt);
      expect([a.started === undefined, b.started === undefined]).toEqual([false, true]);
      await expect(on.store.runs.accept(send('other', { key: 'k' }))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      expect((await on.store.threads.list({ id: OWNER }, { limit: 10 })).items.length).toBe(1);
    });

    test('a refusal is not remembered: the same key may succeed later', async () => {
      const on = open();
      const { threadId, held } = await startThread(on);
      const busy = send('again', { threadId, whenBusy: 'reject', key: 'k' });
      await expect(on.store.runs.accept(busy)).rejects.toMatchObject({ code: 'THREAD_BUSY', details: { runId: held.id } });
      await complete(on, held);
      expect((await on.store.runs.accept(busy)).receipt.disposition).toBe('started');
    });

    test('a thread has one run at work; others are queued in order and start in order', async () => {
      const on = open();
      const { threadId, thread, held } = await startThread(on);
      const second = (await on.store.runs.accept(send('b', { threadId }))).receipt;
      const third = (await on.store.runs.accept(send('c', { threadId }))).receipt;
      const open_ = await on.store.runs.openOfThread(thread);
      expect(open_.map((run) => [run.id, run.status])).toEqual([
        [held.id, 'running'],
        [second.runId, 'queued'],
        [third.runId, 'queued'],
      ]);
      expect(await on.store.runs.start(open_[2]?.key ?? 0, 'boot_1')).toBeUndefined();
      expect(await on.store.runs.start(open_[1]?.key ?? 0, 'boot_1')).toBeUndefined();
      const finished = await complete(on, held);
      expect(finished).toMatchObject({ ended: true, next: { id: second.runId } });
      expect(await on.store.runs.start(open_[1]?.key ?? 0, 'boot_1')).toMatchObject({ id: second.runId, status: 'running' });
    });

    test('the database itself refuses a second run at work in a thread', async () => {
      const on = open();
      const { threadId, thread } = await startThread(on);
      await on.store.runs.accept(send('b', { threadId }));
      const update = on.raw.prepare("update runs set status = 'running' where thread = ?");
      expect(() => update.run(thread)).toThrow(/UNIQUE/);
    });

    test('who lost a run is refused with INTERRUPTED and writes nothing', async () => {
      const on = open();
      const begun = await startThread(on);
      const { held, thread } = begun;
      await on.store.runs.resume({ run: held.key, ...RESUME });
      const before = await eventsOf(on, thread);
      const refused = { code: 'INTERRUPTED' };
      await expect(on.store.runs.startStep({ run: held, ...STEP })).rejects.toMatchObject(refused);
      await expect(complete(on, held)).rejects.toMatchObject(refused);
      await expect(on.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'x' })).rejects.toMatchObject(refused);
      await expect(on.store.runs.finishToolCall(held, 'call_1', { output: 1 })).rejects.toMatchObject(refused);
      await expect(on.store.runs.leave(held)).rejects.toMatchObject(refused);
      expect(await eventsOf(on, thread)).toEqual(before);
    });

    test('a crash withdraws unfinished text and fails calls nobody knows of; what had finished stays', async () => {
      const on = open();
      const begun = await startThread(on);
      await callTool(on, begun);
      const { message } = await on.store.runs.startStep({ run: begun.held, ...STEP });
      const writer = on.store.runs.writeMessage(begun.held, message);
      writer.text('half');
      await writer.committed();
      const after = on.crash();
      expect(await after.store.runs.resume({ run: begun.held.key, ...RESUME })).toMatchObject({ resumed: { attempt: 2, lease: 'boot_2' } });
      expect((await eventsOf(after, begun.thread)).slice(-3)).toMatchObject([
        { type: 'message.discarded', messageId: message.id, reason: 'interrupted' },
        { type: 'tool.failed', callId: 'call_1', error: { code: 'OUTCOME_UNKNOWN' } },
        { type: 'run.resumed', attempt: 2, reason: 'crash' },
      ]);
      writer.close();
    });

    test('a call that may be repeated stays open over a crash', async () => {
      const on = open();
      const begun = await startThread(on);
      await callTool(on, begun, 'call_1', true);
      const resumed = await on.store.runs.resume({ run: begun.held.key, ...RESUME });
      if (resumed === undefined || !('resumed' in resumed)) throw new Error('not resumed');
      const { openCalls, steps } = await on.store.runs.progress(heldBy(resumed.resumed));
      expect([openCalls.map((call) => call.id), steps]).toEqual([['call_1'], 1]);
    });

    test('a run without an attempt left fails with INTERRUPTED and its thread goes on', async () => {
      const on = open();
      const { held, threadId, thread } = await startThread(on);
      const next = (await on.store.runs.accept(send('b', { threadId }))).receipt;
      expect(await on.store.runs.resume({ run: held.key, ...RESUME, maxAttempts: 1 })).toMatchObject({
        ended: true,
        next: { id: next.runId },
      });
      expect((await eventsOf(on, thread)).at(-1)).toMatchObject({ type: 'run.failed', error: { code: 'INTERRUPTED', retryable: true } });
    });

    test('the first outcome of a call counts', async () => {
      const on = open();
      const begun = await startThread(on);
      await callTool(on, begun);
      expect(await on.store.runs.finishToolCall(begun.held, 'call_1', { output: 1 })).toBe(true);
      expect(await on.store.runs.finishToolCall(begun.held, 'call_1', { error: new VerbatimError('TOOL_TIMEOUT', 'late').info })).toBe(
        false,
      );
      expect(await on.store.runs.finishToolCall(begun.held, 'call_2', { output: 1 })).toBe(false);
      expect((await typesOf(on, begun.thread)).filter((type) => type.startsWith('tool.'))).toEqual(['tool.called', 'tool.completed']);
    });

    test('a cancelled run keeps the text that was seen, and closes its calls', async () => {
      const on = open();
      const begun = await startThread(on);
      await callTool(on, begun);
      const { message } = await on.store.runs.startStep({ run: begun.held, ...STEP });
      const writer = on.store.runs.writeMessage(begun.held, message);
      writer.text('seen');
      writer.close();
      await on.store.runs.finish(begun.held, { status: 'cancelled', by: OWNER }, { mayContinue: false });
      expect((await eventsOf(on, begun.thread)).slice(-3)).toMatchObject([
        { type: 'tool.failed', error: { code: 'OUTCOME_UNKNOWN' } },
        { type: 'message.completed', text: 'seen', finish: 'cancelled' },
        { type: 'run.cancelled', by: OWNER },
      ]);
      expect(on.store.heldLogs).toBe(0);
    });

    test('a run at its end goes on for a message that was steered into it in time', async () => {
      const on = open();
      const { held, threadId, runId } = await startThread(on);
      const steered = (await on.store.runs.accept(send('also', { threadId, whenBusy: 'steer' }))).receipt;
      expect(steered).toMatchObject({ disposition: 'steered', runId });
      const end = { status: 'completed', outcome: 'complete' } as const;
      expect(await on.store.runs.finish(held, end, { mayContinue: true })).toEqual({ ended: false });
      expect(await on.store.runs.takeSteers(held)).toBe(1);
      expect(await on.store.runs.finish(held, end, { mayContinue: true })).toMatchObject({ ended: true });
    });

    test('what a run has said and was asked comes in the order in which it took it', async () => {
      const on = await open();
      const { threadId, held } = await startThread(on);
      await on.store.runs.accept(send('also', { threadId, whenBusy: 'steer' }));
      // The message is left where it waits while the next answer begins.
      const { message } = await on.store.runs.startStep({ run: held, ...STEP, leaveSteers: true });
      await on.store.runs.finishModelCall({ run: held, message, text: 'Hi', reasoning: '', finish: 'stop', usage: undefined, calls: [] });
      await on.store.runs.takeSteers(held);
      const { own, steps } = await on.store.runs.progress(held);
      expect(own.map(({ text }) => text)).toEqual(['hello', 'Hi', 'also']);
      expect(own).toEqual(await on.store.runs.transcript(held));
      expect(steps).toBe(1);
    });

    test('a message steered into a run that failed waits for a run of its own, and is not dropped', async () => {
      const on = open();
      const { held, threadId, thread } = await startThread(on);
      const { messageId } = (await on.store.runs.accept(send('also', { threadId, whenBusy: 'steer' }))).receipt;
      const error = new VerbatimError('MODEL_FAILED', 'no').info;
      const finished = await on.store.runs.finish(held, { status: 'failed', error }, { mayContinue: true });
      const next = finished.ended ? finished.next : undefined;
      // The queued run comes first: the terminal event drops what still waits for the run that ended.
      expect((await eventsOf(on, thread)).slice(-2)).toMatchObject([
        { type: 'run.queued', runId: next?.id, messageId, place: 1 },
        { type: 'run.failed', runId: held.id },
      ]);
      await on.store.runs.start(next?.key ?? 0, 'boot_1');
      expect((await on.store.log.snapshot(thread)).messages.at(-1)).toMatchObject({ id: messageId, status: 'complete' });
    });

    test('what was sent to the model at each step is compiled again from what is stored, also when it is folded', async () => {
      const on = open();
      const { held, runId } = await startThread(on, 'one');
      await answer(on, held, ['a']);
      await answer(on, held, ['b']);
      await complete(on, held);
      const sent = await on.store.runs.sentSteps(runId);
      expect(sent.map((step) => [step.number, step.instructions, step.tools, step.messages.map((message) => message.text)])).toEqual([
        [1, 'Help.', '[]', ['one']],
        [2, 'Help.', '[]', ['one', 'a']],
      ]);
      await on.store.upkeep.fold(on.clock.now());
      expect(await on.store.runs.sentSteps(runId)).toEqual(sent);
    });

    test('lists the caller’s runs, newest first, by thread and by status, in pages', async () => {
      const on = open();
      const a = await finishedThread(on);
      const b = await startThread(on);
      const c = (await on.store.runs.accept(send('later', { threadId: b.threadId }))).receipt;
      await startThread(on, 'his', { principal: { id: 'bob' } });
      const ids = async (filter: object) => (await on.store.runs.list({ id: OWNER }, { limit: 10, ...filter })).items.map((run) => run.id);
      expect(await ids({})).toEqual([c.runId, b.runId, a.runId]);
      expect(await ids({ threadId: b.threadId })).toEqual([c.runId, b.runId]);
      expect(await ids({ status: 'completed' })).toEqual([a.runId]);
      const first = await on.store.runs.list({ id: OWNER }, { limit: 2 });
      const second = await on.store.runs.list({ id: OWNER }, { limit: 2, pageToken: first.nextPageToken });
      expect([...first.items, ...second.items].map((run) => run.id)).toEqual([c.runId, b.runId, a.runId]);
      expect(second.nextPageToken).toBeUndefined();
    });

    test('receipts older than a time are forgotten', async () => {
      const on = open();
      await on.store.runs.accept(send('hi', { key: 'old' }));
      await on.clock.advance(10);
      await on.store.runs.accept(send('hi', { key: 'new' }));
      const sweep = () => on.store.upkeep.sweepSome({ receipts: on.clock.now(), now: 0, usageDay: 0 }, 10);
      expect([await sweep(), await sweep()]).toEqual([true, false]);
      expect(on.raw.prepare('select key from receipts').pluck().all()).toEqual(['new']);
    });

    test('a run that was given back has no lease, so that the next server knows it did not crash', async () => {
      const on = open();
      const { held } = await startThread(on);
      await on.store.runs.leave(held);
      expect((await on.store.runs.open()).map((run) => [run.id, run.status, run.lease])).toEqual([[held.id, 'running', null]]);
    });

    test('seqs go on without a gap over everything that is refused', async () => {
      const on = open();
      const { held, threadId, thread } = await startThread(on);
      await Promise.allSettled([
        on.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'a' }),
        on.store.runs.accept(send('no', { threadId, whenBusy: 'reject' })),
        on.store.runs.append({ ...held, attempt: 9 }, { type: 'run.status', runId: held.id, text: 'lost' }),
        on.store.runs.askCancel(command('runs.cancel'), 'run_none'),
        on.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'b' }),
      ]);
      expect(counted(await eventsOf(on, thread))).toEqual(upTo(4));
    });
  });
}
