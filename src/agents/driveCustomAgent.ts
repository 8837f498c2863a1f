import type { DeltaType } from '../db/encodedEvent.ts';
import { newId } from '../db/ids.ts';
import type { AskedCall } from '../db/operations/recordCall.ts';
import type { StartedMessage } from '../db/operations/startStep.ts';
import type { FinishReason } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { CustomAgent } from './agent.ts';
import { agentEventSchema, type UncheckedAgentEvent } from './agentEvent.ts';
import { compileTranscript } from './compileTranscript.ts';
import { type AnyTool, isToolFile } from './defineTool.ts';
import { keepResult } from './keepResult.ts';
import { loadAttachments } from './loadAttachments.ts';
import { textsIn } from './observedCall.ts';
import { OutsideFailure } from './outsideFailure.ts';
import { publicMessage } from './publicError.ts';
import type { Drive, Driven } from './runWorker.ts';
import { type Parsed, parseWith } from './schema.ts';
import { SpokenMessage } from './spokenMessage.ts';
import { withTimeout } from './withTimeout.ts';

interface CustomCall {
  readonly callId: string;
  readonly tool: AnyTool;
  ended: boolean;
}

/** Runs an application's own generator and writes what it yields. After a crash it starts anew, and sees what had finished in `messages`. */
export async function driveCustomAgent(agent: CustomAgent, drive: Drive): Promise<Driven> {
  const { store, held, run, limits, status, agentName } = drive;
  const inputs = await drive.contexts.of(agent);
  await store.takeSteers(held);
  const behind = await store.progress(held);
  const transcript = await store.transcript(held);
  // What it does with them is its own affair: it gets them all.
  const messages = await loadAttachments(drive, compileTranscript(transcript), ['*/*']);
  const asked = transcript.findLast((message) => message.role === 'user' && message.status === 'complete');
  const writer = new AgentEventWriter(agent, drive, behind.steps);
  const timeoutMs = agent.stepTimeoutMs ?? agent.runTimeoutMs ?? limits.runTimeoutMs;
  await withTimeout(drive, { timeoutMs, code: 'STEP_TIMEOUT', what: 'The agent' }, async (signal) => {
    const generator = agent.run({
      ...inputs,
      agent: agentName,
      text: asked?.text ?? '',
      messages,
      attempt: run.attempt,
      options: run.options,
      signal,
      status: (text) => {
        if (!signal.aborted) status.status(text);
      },
    });
    try {
      for (;;) {
        // An abort is the generator's to hear. One that is deaf to it is left behind when the worker's grace is over.
        const next = await generator.next().catch((cause: unknown) => {
          throw new OutsideFailure(cause, 'AGENT_FAILED', 'The agent failed.', () =>
            textsIn([asked?.text, transcript.map(({ text }) => text)]),
          );
        });
        signal.throwIfAborted();
        if (next.done === true) break;
        const written = writer.write(next.value);
        if (written !== undefined) await written;
        // Resumed with a signal that has aborted already, it would wait for an abort that never comes.
        signal.throwIfAborted();
      }
      await writer.completeMessage('stop');
    } finally {
      writer.close();
      // Lets its `finally` blocks run: a cancelled run is over when they are. One that hangs after a failure must not hold the run.
      const returned = generator.return(undefined).catch(() => {});
      if (signal.aborted) await returned;
    }
  });
  return { kind: 'end', end: { status: 'completed', outcome: 'complete' }, mayContinue: true };
}

/** Checks what an agent yields and turns it into the events of a run, in an order that every provider accepts. */
class AgentEventWriter {
  readonly #agent: CustomAgent;
  readonly #drive: Drive;
  /** The agent's call ids, and ours. */
  readonly #calls = new Map<string, CustomCall>();
  #steps: number;
  #open: SpokenMessage | undefined;
  #lastMessage: StartedMessage | undefined;

  constructor(agent: CustomAgent, drive: Drive, steps: number) {
    this.#agent = agent;
    this.#drive = drive;
    this.#steps = steps;
  }

  /** To be awaited when it returns a promise. Text comes a thousand times more often than anything else, and mostly needs no waiting. */
  write(yielded: unknown): Promise<void> | undefined {
    const parsed = parseWith(agentEventSchema, yielded);
    const event = checked(parsed, 'The agent yielded something that is not an event') as UncheckedAgentEvent;
    switch (event.type) {
      case 'text.delta':
        return this.#say('text', event.delta);
      case 'reasoning.delta':
        return this.#say('reasoning', event.delta);
      default:
        return this.#writeFact(event);
    }
  }

  async #writeFact(event: Exclude<UncheckedAgentEvent, { readonly type: DeltaType }>): Promise<void> {
    const { store, files, held, run, status, limits } = this.#drive;
    switch (event.type) {
      case 'message.completed':
        return this.completeMessage('stop');
      case 'run.status':
        return status.status(event.text);
      case 'usage':
        await store.reportUsage(held, event);
        return this.#drive.budgets.assertRoom(run);
      case 'data': {
        const data = checked(this.#agent.parseData(event.name, event.data), `The data part ${event.name} does not fit its schema`) as Json;
        assertSize(data, limits.maxToolOutputBytes, `The data part ${event.name}`);
        return store.append(held, { type: 'data', runId: run.id, name: event.name, data });
      }
      case 'tool.called':
        return this.#callTool(event);
      case 'tool.progress': {
        const { callId, tool } = this.#callOf(event.callId);
        const data = checked(tool.parseProgress(event.data), `The progress of tool ${tool.name} does not fit its schema`) as Json;
        return status.progress(callId, tool.name, data, limits.maxToolOutputBytes);
      }
      case 'tool.completed': {
        const call = this.#callOf(event.callId);
        const { callId, tool } = call;
        const result = isToolFile(event.output)
          ? event.output
          : {
              json: JSON.stringify(
                checked(tool.parseOutput(event.output), `The output of tool ${tool.name} does not fit its schema`) ?? null,
              ),
            };
        call.ended = true;
        status.flush(callId);
        const outcome = await keepResult(result, { files, thread: held.thread, limits });
        await store.finishToolCall(held, callId, outcome);
        return;
      }
      case 'tool.failed': {
        const call = this.#callOf(event.callId);
        const { callId } = call;
        call.ended = true;
        status.flush(callId);
        const message = publicMessage(event.error.message, 'The tool failed.');
        await store.finishToolCall(held, callId, { error: new VerbatimError('TOOL_FAILED', message).info });
      }
    }
  }

  async completeMessage(finish: FinishReason, calls: readonly AskedCall[] = []): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.assertStored();
    open.close();
    const { text, reasoning, message } = open;
    this.#lastMessage = message;
    await this.#drive.store.finishModelCall({ run: this.#drive.held, message, text, reasoning, finish, usage: undefined, calls });
  }

  close(): void {
    this.#open?.close();
  }

  #say(kind: 'text' | 'reasoning', delta: string): Promise<void> | undefined {
    if (delta === '') return undefined;
    if (this.#open !== undefined) return this.#open.say(kind, delta);
    return this.#openMessage().then((message) => message.say(kind, delta));
  }

  async #openMessage(): Promise<SpokenMessage> {
    if (this.#open !== undefined) return this.#open;
    const { store, held, agentName, limits } = this.#drive;
    const maxSteps = this.#agent.maxSteps ?? limits.maxSteps;
    if (this.#steps >= maxSteps) throw new VerbatimError('STEP_LIMIT', `The run wrote ${maxSteps} messages without coming to an end.`);
    const message = await store.startMessage(held, { agent: agentName, step: ++this.#steps });
    const { observer, clock, run } = this.#drive;
    if (this.#steps === 1) observer.firstToken(agentName, Math.max(0, clock.now() - run.createdAt));
    this.#open = new SpokenMessage(this.#drive, message, 'agent');
    return this.#open;
  }

  /** A call belongs to the message before it, which ends with it; calls right behind one another share that message. */
  async #callTool(event: Extract<UncheckedAgentEvent, { type: 'tool.called' }>): Promise<void> {
    const tool = this.#agent.tools.find((candidate) => candidate.name === event.tool);
    if (tool === undefined) throw badEvent(`The agent yielded a call of ${event.tool}, which is not one of its tools`);
    if (this.#calls.has(event.callId)) throw badEvent(`The agent used the call id ${event.callId} twice`);
    const input = checked(tool.parseInput(event.input), `The input of tool ${tool.name} does not fit its schema`) as Json;
    const callId = newId('call');
    this.#calls.set(event.callId, { callId, tool, ended: false });
    const call = { callId, tool: tool.name, input };
    if (this.#open === undefined && this.#lastMessage !== undefined) {
      await this.#drive.store.addToolCall(this.#drive.held, this.#lastMessage, call);
      return;
    }
    await this.#openMessage();
    await this.completeMessage('tool_calls', [call]);
  }

  #callOf(id: string): CustomCall {
    const call = this.#calls.get(id);
    if (call === undefined) throw badEvent(`The agent yielded something about the call ${id}, which it had not yielded`);
    if (call.ended) throw badEvent(`The agent yielded something about the call ${id} after its outcome`);
    return call;
  }
}

function checked(parsed: Parsed, what: string): unknown {
  if (!parsed.ok) throw badEvent(`${what}: ${parsed.issues}`);
  return parsed.value;
}

function assertSize(value: Json, maxBytes: number, what: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(value ?? null));
  if (bytes > maxBytes) throw new VerbatimError('OUTPUT_TOO_LARGE', `${what} has ${bytes} bytes; at most ${maxBytes} fit.`);
}

function badEvent(message: string): VerbatimError {
  return new VerbatimError('AGENT_BAD_EVENT', `${message}.`);
}
