import type {
  AgentContract,
  ApprovalOptions,
  CallRef,
  ClientTool,
  Decision,
  EventOf,
  OutputOf,
  Receipt,
  ToolInput,
  ToolName,
  ToolOutput,
} from '../protocol/contract.ts';
import { type AnyEvent, isTerminalEvent, type OptInEvent } from '../protocol/event.ts';
import type { RunInfo, SubmittedCall } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { CallOptions, Calls } from './calls.ts';
import { EventReader, type ReaderContext, type ReaderSource } from './eventReader.ts';
import { type DeepPartial, partialOutput } from './partialOutput.ts';
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
  result(): Promise<RunResult<OutputOf<Agent>>>;
  /** Asks for the run's end, and resolves once that is durable; it may end a little later. Harmless for a run that has ended. */
  cancel(options?: CallOptions): Promise<RunInfo>;
  /** As `for await` over the run itself, with events that are off by default. `signal` ends the loop, without an error. */
  events(options?: {
    readonly include?: readonly OptInEvent[] | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<EventOf<Agent>>;
  /**
   * The answer of an agent with `output` while it is being written: each time more of it is there, at the end the checked whole. Ends without
   * that when the run has none.
   */
  partialOutput(): AsyncIterable<DeepPartial<OutputOf<Agent>>>;
  /** Lets a tool call through. Rejects with `ALREADY_DECIDED`, whose `details` say what was decided, when somebody was first. */
  approve<Name extends ToolName<Agent>>(
    call: CallRef<Name>,
    options?: ApprovalOptions<ToolInput<Agent, Name>> & CallOptions,
  ): Promise<Decision>;
  /** Does not let a tool call through; the model is told, with the reason. */
  reject(call: CallRef, options?: string | (Omit<ApprovalOptions, 'input'> & CallOptions)): Promise<Decision>;
  /** The result of a client-side tool call. The first one counts: rejects with `ALREADY_ANSWERED` after it. */
  submitToolResult<Name extends ClientTool<Agent>>(
    call: CallRef<Name>,
    output: ToolOutput<Agent, Name>,
    options?: CallOptions,
  ): Promise<SubmittedCall>;
  /** Says that a client-side tool call could not be carried out, and why: the model is told. */
  failToolCall(call: CallRef, error: string, options?: CallOptions): Promise<SubmittedCall>;
  /**
   * Answers the message again, in the same thread: a new run, before which what this one said is withdrawn. Rejects with `RUN_OPEN` while the
   * thread is at work, and with `BAD_INPUT` for a run that is not the last of its thread: edit its message, or fork.
   */
  retry(options?: CallOptions): Promise<SentRun<Agent>>;
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

  const command = (path: string, input: object, { signal, timeoutMs }: CallOptions = {}): Promise<never> =>
    context.calls.command(path, input, { signal, timeoutMs }) as Promise<never>;
  const events = (include?: readonly OptInEvent[], signal?: AbortSignal): AsyncIterator<EventOf<Agent>> => {
    const fold = new RunResultFold(id);
    const input = include === undefined ? source.input : { ...source.input, include };
    const reader = new EventReader({ ...source, input, signal }, context);
    return tap(reader, (event) => {
      const ended = fold.add(event);
      // Whoever has read the run to its end need not ask for the result.
      if (ended !== undefined) result = Promise.resolve(ended);
    }) as AsyncIterator<EventOf<Agent>>;
  };

  const run: Run<Agent> = {
    id,
    ...(receipt !== undefined && { threadId: receipt.threadId, messageId: receipt.messageId, receipt }),
    [Symbol.asyncIterator]: () => events(),
    events: ({ include, signal } = {}) => ({ [Symbol.asyncIterator]: () => events(include, signal) }),
    partialOutput: () => partialOutput(id, run as AsyncIterable<AnyEvent>) as AsyncIterable<DeepPartial<OutputOf<Agent>>>,
    approve: (call, { input, reason, remember, idempotencyKey, ...options } = {}) =>
      command('approvals.decide', { callId: callIdOf(call), decision: 'approve', input, reason, remember, idempotencyKey }, options),
    reject(call, given = {}) {
      const { reason, remember, idempotencyKey, ...options } = typeof given === 'string' ? { reason: given } : given;
      return command('approvals.decide', { callId: callIdOf(call), decision: 'reject', reason, remember, idempotencyKey }, options);
    },
    submitToolResult: (call, output, options) => command('toolCalls.submit', { callId: callIdOf(call), output }, options),
    failToolCall: (call, error, options) => command('toolCalls.submit', { callId: callIdOf(call), error }, options),
    result() {
      result ??= readResult().catch((error: unknown) => {
        // The next one may have more luck.
        result = undefined;
        throw error;
      });
      // The edge: the server has checked the output by the agent's schema.
      return result as Promise<RunResult<OutputOf<Agent>>>;
    },
    text: async () => (await run.result()).text,
    // The edge: what the procedure answers is typed by the contract.
    cancel: (options) => context.calls.command('runs.cancel', { runId: id }, options) as Promise<RunInfo>,
    async retry(options) {
      const again = (await context.calls.command('runs.retry', { runId: id }, options)) as Receipt;
      return createRun<Agent>(again.runId, context, again);
    },
    info: (options) => context.calls.query('runs.get', { runId: id }, options) as Promise<RunInfo>,
  };
  return run;
}

function callIdOf(call: CallRef): string {
  return typeof call === 'string' ? call : call.callId;
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
