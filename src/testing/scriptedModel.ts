import type { Model, ModelCallOptions, ModelChunk, ModelRequest } from '../agents/model.ts';
import { abortable, abortableDelay } from '../agents/models/abortable.ts';
import type { ErrorCode } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { argumentsOf, describeTurn, piecesOf, type ScriptedTurn, usageOf } from './script.ts';

/** A turn of a scripted model. With `error` it fails after its reasoning and text, as a provider does in mid-stream. */
export interface ScriptedModelTurn extends ScriptedTurn {
  /** A text alone is the message of a `MODEL_FAILED`. */
  readonly error?: string | { readonly code?: ErrorCode; readonly message?: string; readonly retryable?: boolean };
}

/** One model call: what it says, or a function of the request that says it. */
export type ScriptedStep =
  | ScriptedModelTurn
  | ((request: ModelRequest, options: ModelCallOptions) => ScriptedModelTurn | Promise<ScriptedModelTurn>);

export interface ScriptedModel extends Model {
  /** Every request so far, in the order of the calls. */
  readonly requests: readonly ModelRequest[];
  /** How many steps no call has taken yet. */
  readonly remaining: number;
  /** Throws when steps are left over, and names them. A test server calls it when it is disposed. */
  assertDone(): void;
}

/**
 * A model that says what a test tells it: each call takes the next step, whichever run makes it. A call that finds no step fails with
 * `MODEL_FAILED`. An abort ends any wait at once.
 */
export function scriptedModel(steps: readonly ScriptedStep[], options: { readonly name?: string } = {}): ScriptedModel {
  const name = options.name ?? 'scripted';
  const requests: ModelRequest[] = [];

  async function* stream(request: ModelRequest, options: ModelCallOptions): AsyncGenerator<ModelChunk> {
    const { signal } = options;
    signal.throwIfAborted();
    const step = steps[requests.length];
    requests.push(request);
    if (step === undefined) {
      const message = `Call ${requests.length} of the model "${name}" has no step: its script has ${steps.length}.`;
      throw new VerbatimError('MODEL_FAILED', message, { retryable: false });
    }
    const turn = typeof step === 'function' ? await abortable(Promise.resolve(step(request, options)), signal) : step;
    yield* play(turn, JSON.stringify(request.messages).length, signal);
  }

  return {
    name,
    requests,
    get remaining() {
      return Math.max(0, steps.length - requests.length);
    },
    stream,
    assertDone() {
      const left = steps.slice(requests.length);
      if (left.length === 0) return;
      const named = left.map((step, i) => `${requests.length + i + 1}: ${typeof step === 'function' ? 'a function' : describeTurn(step)}`);
      throw new Error(`The model "${name}" has ${left.length} of ${steps.length} steps left over:\n  ${named.join('\n  ')}`);
    },
  };
}

async function* play(turn: ScriptedModelTurn, inputLength: number, signal: AbortSignal): AsyncGenerator<ModelChunk> {
  const pause = async (): Promise<void> => {
    if (turn.delayMs !== undefined && turn.delayMs > 0) await abortableDelay(turn.delayMs, signal);
    signal.throwIfAborted();
  };
  if (turn.waitFor !== undefined) await abortable(turn.waitFor, signal);
  if (turn.reasoning !== undefined && turn.reasoning !== '') {
    await pause();
    yield { type: 'reasoning', delta: turn.reasoning };
  }
  for (const piece of piecesOf(turn)) {
    await pause();
    yield { type: 'text', delta: piece };
  }
  if (turn.until !== undefined) await abortable(turn.until, signal);
  await pause();
  if (turn.error !== undefined) throw scriptedError(turn.error);
  const toolCalls = (turn.toolCalls ?? []).map((call) => ({ tool: call.name, arguments: argumentsOf(call) }));
  const usage = usageOf(turn, inputLength);
  const finish = turn.finish ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop');
  yield { type: 'finish', finish, toolCalls, ...(usage === undefined ? {} : { usage }) };
}

function scriptedError(error: NonNullable<ScriptedModelTurn['error']>): VerbatimError {
  const {
    code = 'MODEL_FAILED',
    message = 'The model failed, as scripted.',
    retryable,
  } = typeof error === 'string' ? { message: error } : error;
  return new VerbatimError(code, message, { retryable });
}
