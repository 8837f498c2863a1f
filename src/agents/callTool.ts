import type { ToolOutcome } from '../db/operations/finishToolCall.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type AnyTool, isToolFile, type ToolContext } from './defineTool.ts';
import { type KeepOptions, keepResult } from './keepResult.ts';
import { publicMessage } from './publicError.ts';

export interface CallToolOptions {
  readonly input: Json;
  /** Everything of the context but the signal, which is made here. */
  readonly context: Omit<ToolContext, 'signal'>;
  /** The run's: a call ends with it. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Where results go that are files, or too large for an event. */
  readonly keep: KeepOptions;
}

/**
 * Calls a tool and says what came of it. Never throws. Ends when its time is up even if the tool does not; when the run is aborted it waits
 * for the tool, and whoever aborted decides how long.
 */
export async function callTool(tool: AnyTool, options: CallToolOptions): Promise<ToolOutcome> {
  const { clock, timeoutMs, signal } = options;
  const controller = new AbortController();
  let stopTimer = (): void => {};
  const onAbort = (): void => {
    // From here on whoever aborted counts the time: a tool that is deaf must not leave a timer behind.
    stopTimer();
    controller.abort(signal.reason);
  };
  const timedOut = new Promise<ToolOutcome>((resolve) => {
    stopTimer = clock.after(timeoutMs, () => {
      const message = `The tool took longer than ${timeoutMs} ms and was stopped. It is not known whether it was carried out.`;
      const error = new VerbatimError('TOOL_TIMEOUT', message);
      controller.abort(error);
      resolve({ error: error.info });
    });
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    const attempted = attempt(tool, options, controller.signal);
    const outcome = await Promise.race([attempted, timedOut]);
    // A file that came too late is nobody's.
    void attempted.then((late) => late !== outcome && 'file' in late && options.keep.files.settle(late.file.id));
    return outcome;
  } finally {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
  }
}

async function attempt(tool: AnyTool, { input, context, keep }: CallToolOptions, signal: AbortSignal): Promise<ToolOutcome> {
  try {
    const result = await tool.execute(input, { ...context, signal });
    if (isToolFile(result)) return await keepResult(result, keep);
    const parsed = tool.parseOutput(result);
    if (!parsed.ok) return failure('TOOL_BAD_OUTPUT', `The tool returned what its output schema refuses: ${parsed.issues}.`);
    return await keepResult({ json: JSON.stringify(parsed.value ?? null) }, keep);
  } catch (cause) {
    if (cause instanceof VerbatimError) return { error: cause.info };
    if (signal.aborted) return failure('CANCELLED', 'The call was stopped before it finished. It is not known whether it was carried out.');
    return failure('TOOL_FAILED', publicMessage(cause, 'The tool failed.'));
  }
}

function failure(code: 'TOOL_BAD_OUTPUT' | 'CANCELLED' | 'TOOL_FAILED', message: string): ToolOutcome {
  return { error: new VerbatimError(code, message).info };
}
