import fc from 'fast-check';
import type { HeldRun } from '../../src/db/operations/startRun.ts';
import type { StartedMessage } from '../../src/db/operations/startStep.ts';
import type { MessageWriter } from '../../src/db/runStore.ts';
import type { RunRow } from '../../src/db/runs.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { command, heldBy, OWNER, STEP, send, startThread, type TestStore } from './storeForTest.ts';

/** What may happen to a thread, in any order; what makes no sense at the moment is refused or left out. */
export type Operation =
  | { readonly do: 'send'; readonly whenBusy: 'queue' | 'interrupt' | 'steer' | 'reject'; readonly room: boolean }
  | { readonly do: 'begin' }
  | { readonly do: 'say'; readonly kind: 'text' | 'reasoning'; readonly text: string }
  | { readonly do: 'finishCall'; readonly calls: readonly ('good' | 'bad')[] }
  | { readonly do: 'outcome'; readonly ok: boolean }
  | { readonly do: 'progress' }
  | { readonly do: 'end'; readonly how: 'completed' | 'failed' | 'cancelled' }
  | { readonly do: 'cancel' }
  | { readonly do: 'crash' }
  | { readonly do: 'retry'; readonly room: boolean }
  | { readonly do: 'refused' };

const text = fc.oneof(fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }), fc.constantFrom('"', '\\', '\u0000', '\u2028', '😀'));

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      whenBusy: fc.constantFrom('queue', 'interrupt', 'steer', 'reject'),
      room: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('begin' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('say' as const), kind: fc.constantFrom('text', 'text', 'reasoning'), text }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('finishCall' as const), calls: fc.array(fc.constantFrom('good', 'bad'), { maxLength: 2 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('outcome' as const), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('progress' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('completed', 'completed', 'failed', 'cancelled') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), room: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refused' as const) }) },
);

const ANSWER: readonly Operation[] = [
  { do: 'begin' },
  { do: 'say', kind: 'text', text: 'to be withdrawn' },
  { do: 'finishCall', calls: [] },
  { do: 'end', how: 'completed' },
];

/** Plays operations on one thread the way a scheduler and its worker would, without either. */
export class ThreadPlayer {
  test: TestStore;
  threadId = '';
  thread = 0;
  #active: HeldRun | undefined;
  #message: { readonly started: StartedMessage; readonly writer: MessageWriter; text: string; reasoning: string } | undefined;
  #calls: string[] = [];
  #made = 0;

  constructor(test: TestStore) {
    this.test = test;
  }

  async open(): Promise<void> {
    const begun = await startThread(this.test, 'first');
    this.threadId = begun.threadId;
    this.thread = begun.thread;
    this.#active = begun.held;
  }

  async play(operations: readonly Operation[]): Promise<void> {
    for (const next of operations) {
      try {
        await this.#perform(next);
      } catch (error) {
        if (!(error instanceof VerbatimError)) throw error;
      }
    }
    await this.#message?.writer.committed();
  }

  /** Closes what it holds in memory. */
  close(): void {
    this.#message?.writer.close();
    this.#message = undefined;
  }

  async #perform(next: Operation): Promise<void> {
    const { runs } = this.test.store;
    const active = this.#active;
    const message = this.#message;
    switch (next.do) {
      case 'send': {
        const room = next.room || { waiting: 0 };
        const input = send(`message ${this.#made++}`, { threadId: this.threadId, whenBusy: next.whenBusy, room, maxQueued: 5 });
        const { started, interrupted } = await runs.accept(input);
        if (interrupted !== undefined && interrupted.key === active?.key) await this.#end({ status: 'cancelled', by: OWNER });
        if (started !== undefined) this.#active = heldBy(started);
        return;
      }
      case 'begin': {
        if (active === undefined) return this.#startNext((await runs.openOfThread(this.thread))[0]);
        if (message !== undefined) return;
        const step = await runs.startStep({ run: active, ...STEP });
        this.#message = { started: step.message, writer: runs.writeMessage(active, step.message), text: '', reasoning: '' };
        return;
      }
      case 'say':
        message?.writer[next.kind](next.text);
        if (message !== undefined) message[next.kind] += next.text;
        return;
      case 'finishCall': {
        if (active === undefined || message === undefined) return;
        const calls = next.calls.map((kind) => {
          const base = { callId: `call_${this.thread}_${this.#made++}`, tool: 'look', idempotent: this.#made % 2 === 0 };
          if (kind === 'good') return { ...base, input: { n: this.#made } };
          return { ...base, rejected: '{"n":', error: new VerbatimError('TOOL_BAD_INPUT', 'No.').info };
        });
        this.#calls.push(...calls.flatMap((call) => ('input' in call ? [call.callId] : [])));
        const finish = calls.length > 0 ? 'tool_calls' : 'stop';
        const { text, reasoning, started } = message;
        this.close();
        await runs.finishModelCall({
          run: active,
          message: started,
          text,
          reasoning,
          finish,
          usage: { inputTokens: 1, outputTokens: 2 },
          calls,
        });
        return;
      }
      case 'outcome': {
        const callId = this.#calls.shift();
        if (active === undefined || callId === undefined) return;
        const outcome = next.ok ? { output: { ok: [1, null] } } : { error: new VerbatimError('TOOL_FAILED', 'It "failed".').info };
        await runs.finishToolCall(active, callId, outcome);
        return;
      }
      case 'progress': {
        const [callId] = this.#calls;
        if (active === undefined || callId === undefined) return;
        return runs.append(active, { type: 'tool.progress', runId: active.id, callId, tool: 'look', data: 0.5 });
      }
      case 'end':
        if (active === undefined) return;
        if (next.how === 'completed') return message === undefined ? this.#end({ status: 'completed', outcome: 'complete' }) : undefined;
        if (next.how === 'failed') return this.#end({ status: 'failed', error: new VerbatimError('MODEL_FAILED', 'It failed.').info });
        return this.#end({ status: 'cancelled', by: OWNER });
      case 'cancel': {
        // The last one, so that runs that wait are cancelled too.
        const last = (await runs.openOfThread(this.thread)).at(-1);
        if (last === undefined) return;
        const asked = await runs.askCancel(command('runs.cancel'), last.id);
        if (asked.active !== undefined && asked.active.key === active?.key) await this.#end({ status: 'cancelled', by: OWNER });
        return;
      }
      case 'crash':
        return this.#crash();
      case 'retry': {
        // Scripts are short: one that says something, ends, and is then retried would hardly come about.
        for (const before of ANSWER) await this.#perform(before);
        const [last] = (await runs.list({ id: OWNER }, { threadId: this.threadId, limit: 1 })).items;
        if (last === undefined) return;
        const input = send('', { threadId: this.threadId, room: next.room || { waiting: 0 } });
        const { started } = await runs.retry({ ...input, command: command('runs.retry') }, last.id);
        if (started !== undefined) this.#active = heldBy(started);
        return;
      }
      case 'refused':
        await runs.finishToolCall({ key: 999, id: 'run_gone', thread: this.thread, attempt: 1 }, 'call_gone', { output: null });
    }
  }

  async #end(end: Parameters<TestStore['store']['runs']['finish']>[1]): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.close();
    const finished = await this.test.store.runs.finish(active, end, { mayContinue: true });
    if (!finished.ended) return;
    this.#calls = [];
    this.#active = undefined;
  }

  async #startNext(next: RunRow | undefined): Promise<void> {
    if (next === undefined) return;
    const started = await this.test.store.runs.start(next.key, 'boot_1');
    if (started !== undefined) this.#active = heldBy(started);
  }

  /** The process is gone: what was not committed is too, and another takes up what it left. */
  async #crash(): Promise<void> {
    this.#message = undefined;
    this.#active = undefined;
    this.#calls = [];
    this.test = this.test.crash();
    const { runs } = this.test.store;
    const [first] = await runs.openOfThread(this.thread);
    if (first === undefined || first.status === 'queued') return;
    const resumed = await runs.resume({ run: first.key, lease: 'boot_2', reason: 'crash', maxAttempts: 3 });
    if (resumed === undefined || 'ended' in resumed) return;
    this.#active = heldBy(resumed.resumed);
    this.#calls = (await runs.progress(this.#active)).openCalls.map((call) => call.id);
  }
}
