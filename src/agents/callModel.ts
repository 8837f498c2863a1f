import type { AskedCall } from '../db/operations/recordCall.ts';
import type { StartedMessage, StartedStep } from '../db/operations/startStep.ts';
import type { SendOptions } from '../protocol/contract.ts';
import type { FinishReason } from '../protocol/event.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { InstructionsContext, ModelAgent } from './agent.ts';
import type { BudgetedCall } from './budgets.ts';
import { planCalls } from './callPlan.ts';
import { compileTranscript } from './compileTranscript.ts';
import { estimateInput, estimateUsage } from './estimateUsage.ts';
import { hasGuards } from './guard.ts';
import { type CallGuards, callWithGuards } from './guardedCall.ts';
import type { Speech } from './guardedSpeech.ts';
import { InputDeltas } from './inputDeltas.ts';
import { loadAttachments } from './loadAttachments.ts';
import type { Model, ModelChunk, ModelRequest } from './model.ts';
import { contentOf, type ObservedCall, observeCall } from './observedCall.ts';
import { withOutputInstructions } from './outputInstructions.ts';
import { OutsideFailure } from './outsideFailure.ts';
import { checkCalls } from './requestedCalls.ts';
import type { RunAgent } from './runAgent.ts';
import type { Drive } from './runWorker.ts';
import { selectHistory } from './selectHistory.ts';
import { SpokenMessage } from './spokenMessage.ts';

export interface CallModelOptions {
  /** What the model is told after the transcript. */
  readonly note: string | undefined;
  /** Tool calls that the run may still make. */
  readonly callsLeft: number;
  /** Nothing has been said in this run yet. */
  readonly isFirst: boolean;
}

export interface Said {
  readonly text: string;
  readonly finish: FinishReason;
  readonly calls: readonly AskedCall[];
}

/** One model call: begins its message, streams it into the log, and makes the whole of it a fact. */
export function callModel(by: RunAgent, drive: Drive, options: CallModelOptions): Promise<Said> {
  const { agent, name, inputs } = by;
  if (!hasGuards(agent.guards)) return makeCall(by, drive, options);
  return callWithGuards(agent.guards, { agent: name, inputs, ...drive }, (guards) =>
    makeCall(by, { ...drive, signal: guards.signal }, { guards, ...options }),
  );
}

async function makeCall(by: RunAgent, drive: Drive, options: CallModelOptions & { readonly guards?: CallGuards }): Promise<Said> {
  const { agent, inputs } = by;
  const { guards } = options;
  const { signal } = drive;
  const model = await modelOf(agent, inputs);
  const instructions = await instructionsOf(agent, model, inputs);
  for (;;) {
    signal.throwIfAborted();
    const { request, message } = await begin({ by, drive, model, instructions, note: options.note, leaveSteers: guards !== undefined });
    const spoken = guards?.speak(message) ?? new SpokenMessage(drive, message, 'model');
    let budgeted: BudgetedCall | undefined;
    try {
      budgeted = await drive.budgets.begin(drive.run, { model: model.name, inputTokens: estimateInput(request) });
      return await speak({ by, drive, model, request, spoken, budgeted, guards, ...options });
    } catch (cause) {
      const again = agent.onStreamCut === 'regenerate' && isCut(cause, spoken) && drive.held.attempt < drive.limits.maxAttempts;
      if (!again || signal.aborted) throw cause;
      spoken.close();
      await guards?.lookAgain();
      drive.logFailure({ runId: drive.run.id, cause });
      await drive.cut(message);
    } finally {
      spoken.close();
      budgeted?.end();
    }
  }
}

/** Begins a step: what the model is to be sent, and the message that its answer goes into. */
async function begin(call: {
  readonly by: RunAgent;
  readonly drive: Drive;
  readonly model: Model;
  readonly instructions: string;
  readonly note: string | undefined;
  readonly leaveSteers: boolean;
}): Promise<{ readonly request: ModelRequest; readonly message: StartedMessage }> {
  const { by, drive, model, instructions, note, leaveSteers } = call;
  const { agent } = by;
  const tools = by.tools.map(({ name, description, inputSchema, strict }) => ({
    name,
    description,
    inputSchema,
    ...(strict && { strict }),
  }));
  const options = optionsOf(agent, drive.run.options);
  const step: StartedStep = await drive.store.startStep({
    run: drive.held,
    agent: by.name,
    model: model.name,
    instructions,
    tools: JSON.stringify(tools),
    options,
    note,
    leaveSteers,
  });
  const chosen = compileTranscript(await selectHistory(agent.history, drive, step.messages));
  const messages = await loadAttachments(drive, chosen, model.attachments);
  const request: ModelRequest = {
    instructions,
    messages: note === undefined ? messages : [...messages, { role: 'user', text: note }],
    tools,
    options,
    ...(agent.outputSchema !== undefined && { output: { name: 'answer', schema: agent.outputSchema } }),
  };
  return { request, message: step.message };
}

interface Speaking {
  readonly by: RunAgent;
  readonly drive: Drive;
  readonly model: Model;
  readonly request: ModelRequest;
  readonly spoken: Speech;
  readonly guards: CallGuards | undefined;
  readonly callsLeft: number;
  readonly budgeted: BudgetedCall | undefined;
  readonly isFirst: boolean;
}

type Finish = Extract<ModelChunk, { readonly type: 'finish' }>;

/** Streams what the model says into its message. Returns its last chunk; undefined when it broke off without one. */
async function listen(call: Speaking, inputs: InputDeltas, observed: ObservedCall): Promise<Finish | undefined> {
  const { by, drive, model, request, spoken, guards, budgeted } = call;
  const { run, signal, threadId, observer } = drive;
  const caller = { principalId: ownerOf(run.principal), threadId, runId: run.id, ...(run.fresh && { fresh: true }) };
  let exceeded: VerbatimError | undefined;
  let last: Finish | undefined;
  // Asking the signal for each token costs more than listening to it.
  let aborted = signal.aborted;
  const onAbort = (): void => {
    aborted = true;
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of model.stream(request, { signal, caller, observer })) {
      if (aborted) signal.throwIfAborted();
      if (chunk.type === 'text' || chunk.type === 'reasoning') {
        if (chunk.delta === '') continue;
        if (!observed.hasSpoken) observed.speaks(drive, by.name, call.isFirst);
        const behind = spoken.say(chunk.type, chunk.delta);
        if (behind !== undefined) await behind;
        exceeded = budgeted?.spend(chunk.delta.length);
        if (exceeded !== undefined) break;
      } else if (chunk.type === 'finish') {
        last = chunk;
        break;
      } else {
        if (chunk.type === 'switched') observed.model = chunk.to;
        await tell(chunk, drive, spoken, inputs);
      }
    }
    await guards?.settle();
    spoken.assertStored();
    await inputs.committed();
    observed.finish = last?.finish ?? 'incomplete';
    observed.usage = last?.usage ?? estimateUsage(request, spoken);
  } catch (cause) {
    // What could not be stored is ours; all else is the model's.
    spoken.assertStored();
    await countUnfinished(drive, { model: observed.model, request, spoken });
    throw new OutsideFailure(cause, 'MODEL_FAILED', 'The model call failed.', () => contentOf(request, spoken));
  } finally {
    signal.removeEventListener('abort', onAbort);
    spoken.close();
  }
  signal.throwIfAborted();
  if (exceeded !== undefined) {
    await countUnfinished(drive, { model: observed.model, request, spoken });
    throw exceeded;
  }
  return last;
}

/** A model's answer, from its first chunk to the fact that it becomes. */
async function speak(call: Speaking): Promise<Said> {
  const { by, drive, model, request, spoken, callsLeft, budgeted } = call;
  const { store, held, limits } = drive;
  const inputs = new InputDeltas(store, held);
  const seen = { agent: by.name, model: model.name, request };
  const { last, observed } = await observeCall(drive, seen, async (watched) => ({
    last: await listen(call, inputs, watched),
    observed: watched,
  }));
  const requested = last?.toolCalls ?? [];
  if (requested.length > limits.maxToolCallsPerStep) {
    throw new VerbatimError(
      'MODEL_BAD_RESPONSE',
      `The model asked for ${requested.length} tool calls at once; at most ${limits.maxToolCallsPerStep} are made.`,
    );
  }
  if (requested.length > callsLeft) {
    throw new VerbatimError('CALL_LIMIT', `The run asked for more than ${limits.maxToolCalls} tool calls without coming to an end.`, {
      details: { limit: 'maxToolCalls', max: limits.maxToolCalls },
    });
  }
  const calls = await planCalls(
    drive,
    by,
    checkCalls(requested, by.tools, (index) => inputs.idAt(index)),
  );
  const finish = calls.length > 0 ? 'tool_calls' : (last?.finish ?? 'incomplete');
  const { usage } = observed;
  const { text, reasoning, message } = spoken;
  const providerState = last?.providerState;
  const result = { run: held, message, text, reasoning, finish, usage, model: observed.model, calls, providerState };
  const children = await store.finishModelCall(result);
  budgeted?.report(usage ?? estimateUsage(request, spoken));
  if (calls.length > 0) drive.spawned(children);
  return { text, finish, calls };
}

/** A call that was stopped or broke off is paid for too, as far as it came; nobody says how much it was. */
async function countUnfinished(
  { store, held }: Drive,
  { model, request, spoken }: { readonly model: string; readonly request: ModelRequest; readonly spoken: Speech },
): Promise<void> {
  if (spoken.text === '' && spoken.reasoning === '') return;
  // The run may have been taken from us meanwhile: then there is nothing to count it for.
  await store.reportUsage(held, { model, usage: estimateUsage(request, spoken) }).catch(() => {});
}

/** What a model tells besides its answer. */
async function tell(
  chunk: Extract<ModelChunk, { readonly type: 'tool_input' | 'hosted_tool' | 'switched' }>,
  { store, held, run }: Drive,
  { message }: Speech,
  inputs: InputDeltas,
): Promise<void> {
  switch (chunk.type) {
    case 'tool_input':
      return inputs.add(chunk.index, chunk.tool, chunk.delta);
    case 'hosted_tool': {
      const { id, tool, status, data } = chunk;
      return store.append(held, { type: 'tool.hosted', runId: run.id, messageId: message.id, id, tool, status, data });
    }
    case 'switched': {
      const { from, to, reason } = chunk;
      return store.append(held, { type: 'model.switched', runId: run.id, from, to, reason });
    }
  }
}

/** A stream that broke off after it had said something, and may hold when it is asked for again. Before that the model tries again by itself. */
function isCut(cause: unknown, { hasBegun }: Speech): boolean {
  return hasBegun && cause instanceof OutsideFailure && cause.info.retryable && cause.info.code.startsWith('MODEL_');
}

async function modelOf(agent: ModelAgent, inputs: InstructionsContext): Promise<Model> {
  try {
    return await agent.modelOf(inputs);
  } catch (cause) {
    throw new OutsideFailure(cause, 'AGENT_FAILED', 'The model of the agent could not be chosen.');
  }
}

async function instructionsOf(agent: ModelAgent, model: Model, inputs: InstructionsContext): Promise<string> {
  try {
    const instructions: unknown = await agent.instructions(inputs);
    if (typeof instructions !== 'string') throw new TypeError(`instructions are text, not ${typeof instructions}`);
    if (agent.outputSchema === undefined || model.structuredOutput === true) return instructions;
    return withOutputInstructions(instructions, agent.outputSchema);
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
