import type { ToolOutcome } from '../db/operations/finishToolCall.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type AnyTool, isToolFile, type ToolContext } from './defineTool.ts';
import { type KeepOptions, keepResult } from './keepResult.ts';
import { publicMessage } from './publicError.ts';
import type { ToolHost } from './toolHost.ts';
import type { Place } from './toolPlaces.ts';
import { type AttemptFailure, toolRetryDelay } from './toolPolicy.ts';

export interface CallToolOptions {
  readonly input: Json;
  /** Everything of the context but the signal, which is made here. */
  readonly context: Omit<ToolContext, 'signal'>;
  /** The `context` of the send, of which a cached result may be a function. */
  readonly sent: Json | undefined;
  readonly host: ToolHost;
  /** The run's: a call ends with it. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Of each attempt, waiting for a place not counted. */
  readonly timeoutMs: number;
  /** How long a tool that does not stop when it is told to keeps others of its `maxConcurrent` out. */
  readonly graceMs: number;
  /** Where results go that are files, or too large for an event. */
  readonly keep: KeepOptions;
  /** Told, for the operator alone, of each attempt that the tool failed by a throw or by what it returned. */
  readonly onFault: (cause: unknown) => void;
  /** 0 to 1: for the delays between attempts. */
  readonly random?: () => number;
}

/** What an attempt came to, and how it failed if another one may be made. */
interface Attempted {
  readonly outcome: ToolOutcome;
  readonly failure?: AttemptFailure;
}

/**
 * Calls a tool by its policies and says what came of it: an earlier result, or that of its last attempt. Never throws. An attempt ends when
 * its time is up even if the tool does not; when the run is aborted it waits for the tool, and whoever aborted decides how long. Waiting for
 * a place, for a thread or for another attempt ends at once with the run.
 */
export function callTool(tool: AnyTool, options: CallToolOptions): Promise<ToolOutcome> {
  if (tool.cache === undefined) return makeAttempts(tool, options);
  return options.host.results.of(tool, tool.cache, options, () => makeAttempts(tool, options));
}

async function makeAttempts(tool: AnyTool, options: CallToolOptions): Promise<ToolOutcome> {
  const { signal, random = Math.random } = options;
  for (let attempt = 1; ; attempt++) {
    const { outcome, failure } = await makeAttempt(tool, options);
    const delayMs = failure === undefined ? undefined : toolRetryDelay(tool, failure, { attempt, random });
    // Whoever aborted is told of the attempt that there was.
    if (delayMs === undefined || signal.aborted || !(await pause(options, delayMs))) return outcome;
  }
}

async function makeAttempt(tool: AnyTool, options: CallToolOptions): Promise<Attempted> {
  const { host, signal } = options;
  const place = tool.maxConcurrent === undefined ? undefined : await host.places.take(tool.name, tool.maxConcurrent, signal);
  const thread = tool.worker === undefined || signal.aborted ? undefined : await host.threads.take(signal);
  if (signal.aborted) {
    place?.giveBack();
    thread?.giveBack();
    return { outcome: failure('CANCELLED', 'The run was stopped before this call began. It was not carried out.') };
  }
  return timed(tool, options, { place, thread });
}

/** One attempt, within its time. It gives the places back. */
async function timed(
  tool: AnyTool,
  options: CallToolOptions,
  { place, thread }: { readonly place: Place | undefined; readonly thread: Place | undefined },
): Promise<Attempted> {
  const { clock, timeoutMs, graceMs, signal, host } = options;
  const controller = new AbortController();
  let stopTimer = (): void => {};
  const stop = (reason: unknown): void => {
    // From here on whoever aborted counts the time: a tool that is deaf must not leave a timer behind.
    stopTimer();
    controller.abort(reason);
    place?.giveBackWithin(graceMs);
  };
  const onAbort = (): void => stop(signal.reason);
  const timedOut = new Promise<Attempted>((resolve) => {
    stopTimer = clock.after(timeoutMs, () => {
      const message = `The tool took longer than ${timeoutMs} ms and was stopped. It is not known whether it was carried out.`;
      const error = new VerbatimError('TOOL_TIMEOUT', message);
      resolve({ outcome: { error: error.info }, failure: { cause: error, unknown: true } });
      stop(error);
    });
  });
  signal.addEventListener('abort', onAbort, { once: true });
  let thrown: AttemptFailure | undefined;
  const execute: AnyTool['execute'] = async (input, context) => {
    try {
      if (tool.worker === undefined || thread === undefined) return await tool.execute(input, context);
      return await host.threads.run(tool, tool.worker, { input: options.input, context }, thread);
    } catch (cause) {
      thrown = { cause, unknown: cause instanceof VerbatimError && cause.code === 'OUTCOME_UNKNOWN' };
      throw cause;
    }
  };
  const attempted = attempt({ ...tool, execute }, options, controller.signal).then((outcome): Attempted => {
    place?.giveBack();
    return thrown === undefined ? { outcome } : { outcome, failure: thrown };
  });
  try {
    const first = await Promise.race([attempted, timedOut]);
    // A file that came too late is nobody's.
    void attempted.then((late) => late !== first && 'file' in late.outcome && options.keep.files.settle(late.outcome.file.id));
    return first;
  } finally {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
  }
}

/** False when the run was aborted meanwhile. */
function pause({ clock, signal }: CallToolOptions, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      stopTimer();
      resolve(false);
    };
    const stopTimer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function attempt(tool: AnyTool, { input, context, keep, onFault }: CallToolOptions, signal: AbortSignal): Promise<ToolOutcome> {
  try {
    const result = await tool.execute(input, { ...context, signal });
    if (isToolFile(result)) return await keepResult(result, keep);
    const parsed = tool.parseOutput(result);
    if (!parsed.ok) {
      const error = new VerbatimError('TOOL_BAD_OUTPUT', `The tool returned what its output schema refuses: ${parsed.issues}.`);
      onFault(error);
      return { error: error.info };
    }
    return await keepResult({ json: JSON.stringify(parsed.value ?? null) }, keep);
  } catch (cause) {
    if (cause instanceof VerbatimError) {
      if (!signal.aborted && (cause.code === 'TOOL_FAILED' || cause.code === 'TOOL_BAD_OUTPUT')) onFault(cause);
      return { error: cause.info };
    }
    if (signal.aborted) return failure('CANCELLED', 'The call was stopped before it finished. It is not known whether it was carried out.');
    onFault(cause);
    return failure('TOOL_FAILED', publicMessage(cause, 'The tool failed.'));
  }
}

function failure(code: 'CANCELLED' | 'TOOL_FAILED', message: string): ToolOutcome {
  return { error: new VerbatimError(code, message).info };
}
