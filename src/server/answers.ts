import type { ModelAgent } from '../agents/agent.ts';
import type { AgentRegistry } from '../agents/agentRegistry.ts';
import type { AnyTool } from '../agents/defineTool.ts';
import { openMemory } from '../agents/openMemory.ts';
import { publicMessage } from '../agents/publicError.ts';
import { toolsOf } from '../agents/runAgent.ts';
import { RunContexts } from '../agents/runContexts.ts';
import type { Command } from '../db/operations/command.ts';
import type { Answered, Decided, LaterWait } from '../db/operations/decideApproval.ts';
import type { Submitted } from '../db/operations/submitResult.ts';
import type { AgentCall } from '../db/runStore.ts';
import type { RunRow } from '../db/runs.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Scheduler } from './scheduler.ts';
import { STORAGE_RETRY_MS } from './workforce.ts';

/** The longest that a timer of JavaScript may wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface AnswersOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly registry: AgentRegistry;
  readonly scheduler: Scheduler;
  readonly logFailure: (failure: { readonly runId: string; readonly cause: unknown }) => void;
}

interface Decision {
  readonly callId: string;
  readonly decision: 'approve' | 'reject';
  readonly input?: Json | undefined;
  readonly reason?: string | undefined;
  readonly remember?: 'run' | 'thread' | undefined;
}

interface Result {
  readonly callId: string;
  readonly output?: Json | undefined;
  readonly error?: string | undefined;
}

/** What runs wait for: decisions of people, results of clients, and the end of patience. All of it is in the database; this only wakes. */
export class Answers {
  readonly #options: AnswersOptions;
  /** By call: when the last that was asked about it is over. */
  readonly #deciding = new Map<string, Promise<void>>();
  #stopTimer = (): void => {};
  #arming: Promise<void> | undefined;
  #closed = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /**
   * Decides about a call: who asked first is first, however long it takes to look at the tool. Throws `ALREADY_DECIDED`, `BAD_INPUT` for an edit that
   * the tool refuses, and `AGENT_CHANGED`.
   */
  decide(command: Command, principal: Principal, decision: Decision): Promise<Decided> {
    const { callId } = decision;
    const before = this.#deciding.get(callId);
    const decided =
      before === undefined ? this.#decide(command, principal, decision) : before.then(() => this.#decide(command, principal, decision));
    // Whoever comes next waits for it, and is not told how it ended.
    const over = decided.then(
      () => {},
      () => {},
    );
    this.#deciding.set(callId, over);
    return decided.finally(() => {
      if (this.#deciding.get(callId) === over) this.#deciding.delete(callId);
    });
  }

  async #decide(command: Command, principal: Principal, decision: Decision): Promise<Decided> {
    const { store } = this.#options;
    const asked = await store.runs.approvalCall(principal, decision.callId);
    const tool = decision.decision === 'approve' && asked.call.status === 'waiting' ? await this.#toolOf(asked) : undefined;
    const input = tool === undefined ? undefined : editedInput(tool, asked, decision.input);
    const { answer, ...answered } = await store.runs.decide({
      command,
      principal,
      callId: decision.callId,
      decision: decision.decision,
      input,
      reason: decision.reason,
      remember: decision.remember,
      later: tool === undefined ? undefined : laterWait(tool, this.#options),
    });
    this.#tell(answered);
    return answer;
  }

  /** The result of a client-side call. Throws `ALREADY_ANSWERED`, `NOT_WAITING`, and `BAD_INPUT` for one that the tool refuses. */
  async submit(command: Command, { callId, output, error }: Result): Promise<Submitted> {
    const { store } = this.#options;
    const asked = await store.runs.ownCall(command.principal, callId);
    const waits = asked.call.status === 'waiting' && asked.call.waitsFor === 'client';
    const outcome = !waits
      ? undefined
      : error === undefined
        ? { output: checkedOutput(await this.#toolOf(asked), output, this.#options.limits) }
        : { error: new VerbatimError('TOOL_FAILED', publicMessage(error, 'The client could not do it.')).info };
    const { answer, ...answered } = await store.runs.submit({ command, callId, outcome });
    this.#tell(answered);
    return answer;
  }

  /** Looks when the first call that waits is to be given up. */
  arm(): void {
    if (this.#closed || this.#arming !== undefined) return;
    this.#arming = this.#rearm()
      .catch((cause) => this.#options.logFailure({ runId: '', cause }))
      .finally(() => {
        this.#arming = undefined;
      });
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
  }

  async #rearm(): Promise<void> {
    const { store, clock } = this.#options;
    this.#stopTimer();
    const at = await store.runs.nextExpiry();
    if (at === undefined || this.#closed) return;
    this.#stopTimer = clock.after(Math.min(MAX_TIMER_MS, Math.max(0, at - clock.now())), () => void this.#expire());
  }

  async #expire(): Promise<void> {
    const { store, scheduler, clock, logFailure } = this.#options;
    try {
      for (const run of await store.runs.expire()) scheduler.wake(run);
    } catch (cause) {
      if (this.#closed) return;
      logFailure({ runId: '', cause });
      this.#stopTimer = clock.after(STORAGE_RETRY_MS, () => void this.#expire());
      return;
    }
    this.arm();
  }

  #tell({ wake, run }: Answered): void {
    const { scheduler } = this.#options;
    if (wake !== undefined) scheduler.wake(wake);
    else if (run !== undefined) scheduler.nudge(run);
    this.arm();
  }

  /** The tool of a call as it is now, of the agent that asked for it. Throws `AGENT_CHANGED`. */
  async #toolOf({ call, run, agent: asking }: AgentCall): Promise<AnyTool> {
    const { registry, store } = this.#options;
    const name = asking ?? run.agent;
    const agent = registry.get(name);
    if (agent?.kind !== 'model')
      throw new VerbatimError('AGENT_CHANGED', `The agent ${name}, which asked for this call, is no longer there.`);
    const threadId = await store.threads.idOf(call.thread);
    const found = agent.tools.find((tool) => tool.name === call.tool);
    const tool = found ?? (await this.#chosenTools(agent, run, threadId)).find((candidate) => candidate.name === call.tool);
    if (tool === undefined)
      throw new VerbatimError('AGENT_CHANGED', `The tool ${call.tool} is no longer there. Reject the call, or cancel the run.`);
    return tool;
  }

  /** The tools of an agent that chooses them by the run. */
  async #chosenTools(agent: ModelAgent, run: RunRow, threadId: string): Promise<readonly AnyTool[]> {
    const { registry, store, limits, clock, logFailure } = this.#options;
    const memory = openMemory({ memories: store.memories, limits, holder: ownerOf(run.principal), threadId });
    const contexts = new RunContexts({ run, threadId, memory, registry, clock, disposeTimeoutMs: limits.cancelGraceMs, logFailure });
    try {
      return await toolsOf(agent, await contexts.of(agent));
    } finally {
      await contexts.dispose();
    }
  }
}

/** What the call is to be made with instead, if that is anything else. An open approval is checked by the tool as it is now. */
function editedInput(tool: AnyTool, { call }: AgentCall, edited: Json | undefined): Json | undefined {
  const parsed = tool.parseInput(edited ?? call.input);
  // The tool's schema holds only what JSON can.
  if (parsed.ok) return edited === undefined ? undefined : (parsed.value as Json);
  if (edited === undefined) {
    throw new VerbatimError(
      'AGENT_CHANGED',
      `The tool ${tool.name} does not take this input any more: ${parsed.issues}. Approve with another input, or reject.`,
    );
  }
  throw new VerbatimError('BAD_INPUT', `input: ${parsed.issues}.`, { details: { issues: [{ path: 'input', message: parsed.issues }] } });
}

function checkedOutput(tool: AnyTool, output: Json | undefined, { maxToolOutputBytes }: Limits): Json {
  const parsed = tool.parseOutput(output ?? null);
  if (!parsed.ok) {
    throw new VerbatimError('BAD_INPUT', `output: ${parsed.issues}.`, {
      details: { issues: [{ path: 'output', message: parsed.issues }] },
    });
  }
  const json = JSON.stringify(parsed.value ?? null);
  if (Buffer.byteLength(json) > maxToolOutputBytes) {
    throw new VerbatimError('BAD_INPUT', `output: must have at most ${maxToolOutputBytes} bytes as JSON.`, {
      details: { limit: 'maxToolOutputBytes', max: maxToolOutputBytes },
    });
  }
  return JSON.parse(json) as Json;
}

/** What a call of this tool waits for once a person has let it through. */
function laterWait({ kind, children, expiresInMs }: AnyTool, { clock, limits }: AnswersOptions): LaterWait | undefined {
  if (kind === 'client') return { waitsFor: 'client', expiresAt: clock.now() + (expiresInMs ?? limits.clientToolTimeoutMs) };
  if (children === undefined) return undefined;
  return { waitsFor: children.many ? 'agents' : 'agent' };
}
