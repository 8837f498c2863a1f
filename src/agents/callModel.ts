import { newId } from '../db/ids.ts';
import type { AskedCall } from '../db/operations/finishModelCall.ts';
import type { SendOptions } from '../protocol/contract.ts';
import type { FinishReason } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { InstructionsContext, ModelAgent } from './agent.ts';
import { compileTranscript } from './compileTranscript.ts';
import { estimateUsage } from './estimateUsage.ts';
import type { ModelChunk, ModelRequest } from './model.ts';
import { OutsideFailure } from './outsideFailure.ts';
import { checkCalls } from './requestedCalls.ts';
import type { Drive } from './runWorker.ts';
import { SpokenMessage } from './spokenMessage.ts';

/** One model call: begins its message, streams it into the log, and makes the whole of it a fact. */
export async function callModel(
  agent: ModelAgent,
  drive: Drive,
): Promise<{ readonly finish: FinishReason; readonly calls: readonly AskedCall[] }> {
  const { store, held, run, threadId, limits, signal } = drive;
  const { context, principal } = run;
  const inputs = { context: context ?? undefined, principal, threadId, runId: run.id };
  const instructions = await instructionsOf(agent, inputs);
  const model = await agent.modelOf(inputs);
  const tools = agent.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const options = optionsOf(agent, run.options);
  signal.throwIfAborted();
  const step = await store.startStep({
    run: held,
    agent: run.agent,
    model: model.name,
    instructions,
    tools: JSON.stringify(tools),
    options,
  });
  const request: ModelRequest = { instructions, messages: compileTranscript(step.messages), tools, options };
  const spoken = new SpokenMessage(drive, step.message, 'model');
  let last: Extract<ModelChunk, { type: 'finish' }> | undefined;
  // Asking the signal for each token costs more than listening to it.
  let aborted = signal.aborted;
  const onAbort = (): void => {
    aborted = true;
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of model.stream(request, { signal })) {
      if (aborted) signal.throwIfAborted();
      if (chunk.type === 'finish') {
        last = chunk;
        break;
      }
      if (chunk.type !== 'text' && chunk.type !== 'reasoning') continue;
      if (chunk.delta === '') continue;
      const behind = spoken.say(chunk.type, chunk.delta);
      if (behind !== undefined) await behind;
    }
    spoken.assertStored();
  } catch (cause) {
    // What could not be stored is ours; all else is the model's.
    spoken.assertStored();
    throw new OutsideFailure(cause, 'MODEL_FAILED', 'The model call failed.');
  } finally {
    signal.removeEventListener('abort', onAbort);
    spoken.close();
  }
  signal.throwIfAborted();
  const requested = last?.toolCalls ?? [];
  if (requested.length > limits.maxToolCallsPerStep) {
    throw new VerbatimError(
      'MODEL_BAD_RESPONSE',
      `The model asked for ${requested.length} tool calls at once; at most ${limits.maxToolCallsPerStep} are made.`,
    );
  }
  const calls = checkCalls(requested, agent.tools, () => newId('call'));
  const finish = calls.length > 0 ? 'tool_calls' : (last?.finish ?? 'incomplete');
  const usage = last?.usage ?? estimateUsage(request, spoken);
  const { text, reasoning } = spoken;
  await store.finishModelCall({ run: held, message: step.message, text, reasoning, finish, usage, calls });
  return { finish, calls };
}

async function instructionsOf(agent: ModelAgent, context: InstructionsContext): Promise<string> {
  try {
    const instructions: unknown = await agent.instructions(context);
    if (typeof instructions !== 'string') throw new TypeError(`instructions are text, not ${typeof instructions}`);
    return instructions;
  } catch (cause) {
    throw new OutsideFailure(cause, 'AGENT_FAILED', 'The instructions of the agent could not be made.');
  }
}

function optionsOf(agent: ModelAgent, asked: SendOptions): SendOptions {
  const temperature = atMost(asked.temperature ?? agent.temperature, agent.maxTemperature);
  const maxOutputTokens = atMost(asked.maxOutputTokens ?? agent.maxOutputTokens, agent.maxOutputTokens);
  return { ...(temperature !== undefined && { temperature }), ...(maxOutputTokens !== undefined && { maxOutputTokens }) };
}

function atMost(value: number | undefined, ceiling: number | undefined): number | undefined {
  return value === undefined || ceiling === undefined ? value : Math.min(value, ceiling);
}
