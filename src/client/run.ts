import type { AgentContract, EventOf, Receipt } from '../protocol/contract.ts';
import { type AnyEvent, isTerminalEvent } from '../protocol/event.ts';
import type { RunInfo } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { CallOptions, Calls } from './calls.ts';
import { EventReader, type ReaderContext, type ReaderSource } from './eventReader.ts';
import { type RunResult, RunResultFold } from './runResult.ts';

/**
 * A run, wherever it is. Each `for await` is a reader of its own, from the run's beginning to its terminal event: every event once, in
 * order, across lost connections. Leaving the loop unsubscribes and cancels nothing.
 */
export interface Run<Agent extends AgentContract> extends AsyncIterable<EventOf<Agent>> {
  readonly id: string;
  /** Present on a run that this client sent. */
  readonly receipt?: Receipt;
  /** The answer's text once the run has ended, as in `result()`; discarded text is not part of it. For a failed run, what there was. */
  text(): Promise<string>;
  /** Resolves when the run has ended: completed, failed and cancelled alike. Rejects only when that cannot be known. */
  result(): Promise<RunResult>;
  /** Asks for the run's end, and resolves once that is durable; it may end a little later. Harmless for a run that has ended. */
  cancel(options?: CallOptions): Promise<RunInfo>;
  /** How the run stands. */
  info(options?: CallOptions): Promise<RunInfo>;
}

/** A run that this client sent: it is durable. */
export interface SentRun<Agent extends AgentContract> extends Run<Agent> {
  readonly threadId: string;
  readonly messageId: string;
  readonly receipt: Receipt;
}

export interface RunContext extends ReaderContext {
  readonly calls: Calls;
}

export function createRun<Agent extends AgentContract>(id: string, context: RunContext, receipt?: undefined): Run<Agent>;
export function createRun<Agent extends AgentContract>(id: string, context: RunContext, receipt: Receipt): SentRun<Agent>;
export function createRun<Agent extends AgentContract>(id: string, context: RunContext, receipt?: Receipt): Run<Agent> {
  let result: Promise<RunResult> | undefined;
  const source: ReaderSource = {
    path: 'runs.watch',
    input: { runId: id },
    after: receipt?.seq,
    isLast: (event) => isTerminalEvent(event) && event.runId === id,
  };

  async function readResult(): Promise<RunResult> {
    const fold = new RunResultFold(id);
    // Without deltas: a completed message has its whole text.
    const reader = new EventReader({ ...source, input: { ...source.input, mode: 'messages' } }, context);
    for await (const event of reader) {
      const ended = fold.add(event);
      if (ended !== undefined) return ended;
    }
    throw new VerbatimError('WATCH_ENDED', 'The events of the run ended before the run');
  }

  const run: Run<Agent> = {
    id,
    ...(receipt !== undefined && { threadId: receipt.threadId, messageId: receipt.messageId, receipt }),
    [Symbol.asyncIterator]() {
      const fold = new RunResultFold(id);
      const reader = new EventReader(source, context);
      return tap(reader, (event) => {
        const ended = fold.add(event);
        // Whoever has read the run to its end need not ask for the result.
        if (ended !== undefined) result = Promise.resolve(ended);
      }) as AsyncIterator<EventOf<Agent>>;
    },
    result() {
      result ??= readResult().catch((error: unknown) => {
        // The next one may have more luck.
        result = undefined;
        throw error;
      });
      return result;
    },
    text: async () => (await run.result()).text,
    // The edge: what the procedure answers is typed by the contract.
    cancel: (options) => context.calls.command('runs.cancel', { runId: id }, options) as Promise<RunInfo>,
    info: (options) => context.calls.query('runs.get', { runId: id }, options) as Promise<RunInfo>,
  };
  return run;
}

function tap(reader: EventReader, look: (event: AnyEvent) => void): AsyncIterator<AnyEvent, undefined> {
  return {
    async next() {
      const step = await reader.next();
      if (!step.done) look(step.value);
      return step;
    },
    return: () => reader.return(),
  };
}
