import type { Budget, DayBudget } from '../../protocol/budget.ts';
import type { OnDisconnect, Receipt, SendOptions, WhenBusy } from '../../protocol/contract.ts';
import type { Json, JsonObject } from '../../protocol/json.ts';
import type { Principal } from '../../protocol/principal.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import { RANK, type RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';
import { assertMayCreate, openThread } from './access.ts';
import { assertQuota } from './assertQuota.ts';
import { attachedFiles } from './attachedFiles.ts';
import { markCancelled } from './cancelRun.ts';
import { type Command, once } from './command.ts';
import { assertEnabled } from './disableAgent.ts';
import { endRun } from './finishRun.ts';
import { assertMessageRate, countMessage } from './messageRate.ts';
import { limitOfChildren, type SpawnPlan, spawnChildren } from './spawnChildren.ts';
import { startRun } from './startRun.ts';

export interface AcceptInput {
  readonly command: Command;
  readonly principal: Principal;
  readonly threadId: string | undefined;
  readonly agent: string;
  /** Ask several at once: a child run for each. `agent` is then their names together. */
  readonly agents?: SpawnPlan | undefined;
  readonly text: string;
  readonly metadata: JsonObject | undefined;
  /** Ids of files that the caller may read. */
  readonly attachments?: readonly string[] | undefined;
  readonly whenBusy: WhenBusy;
  readonly onDisconnect: OnDisconnect;
  readonly options: SendOptions;
  readonly budget?: Budget | undefined;
  /** Nothing of the answer may come from a cache. */
  readonly fresh?: boolean | undefined;
  readonly dayBudget?: DayBudget | undefined;
  readonly context: Json;
  readonly maxQueued: number;
  /** W3C trace context of the send. */
  readonly traceparent?: string | undefined;
  /** There is room to start a run for this principal now. If not, how many wait before it. */
  readonly room: true | { readonly waiting: number };
  readonly lease: string;
}

export interface Accepted {
  readonly receipt: Receipt;
  /** The run that this very command made and started; it is the caller's to work on. */
  readonly started?: RunRow;
  /** The run that this very command made and that waits for room, not for its thread. */
  readonly waiting?: RunRow;
  /** A run that was asked to end. */
  readonly interrupted?: RunRow;
}

/** Makes a message and its run durable, and starts the run when its thread is free and there is room: one transaction, one receipt. */
export function acceptMessage(tx: Tx, input: AcceptInput): Accepted {
  const effects: { started?: RunRow; waiting?: RunRow; interrupted?: RunRow } = {};
  const { answer } = once(tx, input.command, () => accept(tx, input, effects));
  return { receipt: answer, ...effects };
}

function accept(tx: Tx, input: AcceptInput, effects: { started?: RunRow; waiting?: RunRow; interrupted?: RunRow }): Receipt {
  const { queries } = tx;
  const existing = input.threadId === undefined ? undefined : openThread(tx, input.principal, input.threadId, 'write');
  assertMaySend(tx, input);
  const open = existing === undefined ? [] : queries.runs.openOfThread(existing.key);
  const active = open[0];
  if (active !== undefined && input.whenBusy === 'reject') {
    throw new VerbatimError('THREAD_BUSY', 'This thread has a run at work. Wait for it, cancel it, or send with another whenBusy.', {
      details: { runId: active.id },
    });
  }
  if (existing !== undefined && active !== undefined && queries.messages.waitingInThread(existing.key) >= input.maxQueued) {
    throw new VerbatimError(
      'QUEUE_FULL',
      `This thread already has ${input.maxQueued} messages waiting. Send again when some are answered.`,
      {
        details: { limit: 'maxQueuedPerThread', max: input.maxQueued },
      },
    );
  }
  const thread = existing ?? newThread(tx, input.principal);
  countMessage(tx, input.principal);
  const seq = tx.headOf(thread.key);
  queries.threads.touch(thread.key, tx.now);
  if (active !== undefined && input.whenBusy === 'steer' && maySteer(active, input)) {
    const messageId = receive(tx, input, thread, active, true);
    return { threadId: thread.id, messageId, runId: active.id, seq, disposition: 'steered' };
  }
  const run = newRun(tx, input, thread, seq, open);
  const messageId = receive(tx, input, thread, run, false);
  const children = askAgents(tx, input, run);
  const receipt = { threadId: thread.id, messageId, runId: run.id, seq, ...(children !== undefined && { children }) };
  if (active === undefined && input.room === true) {
    effects.started = startRun(tx, run, input.lease);
    return { disposition: 'started', ...receipt };
  }
  if (active === undefined || input.whenBusy !== 'interrupt') {
    const place =
      active === undefined && input.room !== true ? input.room.waiting + 1 : open.filter((other) => other.status === 'queued').length + 1;
    tx.append(thread.key, run.key, { type: 'run.queued', runId: run.id, agent: run.agent, place, messageId });
    if (active === undefined) effects.waiting = run;
    return { disposition: 'queued', ...receipt };
  }
  // The interrupted run ends by its own worker; one that never started has none, and ends here.
  tx.append(thread.key, run.key, { type: 'run.queued', runId: run.id, agent: run.agent, place: 1, messageId });
  markCancelled(tx, active, input.principal.id);
  if (active.status === 'queued') {
    endRun(tx, active, { status: 'cancelled', by: input.principal.id });
    effects.waiting = run;
  }
  effects.interrupted = active;
  return { disposition: 'interrupted', interruptedRunId: active.id, ...receipt };
}

/** What a send is refused for, wherever it goes. To be called before anything is written. */
export function assertMaySend(tx: Tx, input: AcceptInput): void {
  assertQuota(tx, input.principal, input.dayBudget);
  assertEnabled(tx.queries, input);
  assertMessageRate(tx, input.principal);
  attachedFiles(tx, input);
  const { agents } = input;
  const limit = agents === undefined ? undefined : limitOfChildren(agents, { depth: 1, before: 0 });
  if (agents === undefined || limit === undefined) return;
  throw new VerbatimError(
    'BAD_INPUT',
    `One message may ask ${limit === 'maxDepth' ? 0 : agents.maxChildRuns} agents at once, and not ${agents.children.length}.`,
    {
      details: { limit: 'maxChildRuns', max: agents.maxChildRuns },
    },
  );
}

function newThread(tx: Tx, principal: Principal): ThreadRow {
  assertMayCreate(tx, principal);
  return tx.queries.threads.insert({
    id: newId('thread'),
    owner: ownerOf(principal),
    tenant: principal.tenant ?? null,
    title: null,
    metadata: null,
    now: tx.now,
    floor: 0,
  });
}

export function newRun(tx: Tx, input: AcceptInput, thread: ThreadRow, seq: number, open: readonly RunRow[]): RunRow {
  const { queries } = tx;
  // An interrupting message goes before those that already wait.
  const rank = input.whenBusy === 'interrupt' ? Math.min(0, ...open.map((run) => run.rank)) + RANK.interrupting : RANK.ordinary;
  const key = queries.runs.insert({
    id: newId('run'),
    thread: thread.key,
    agent: input.agent,
    principal: input.principal,
    rank,
    cancelOnDisconnect: input.onDisconnect === 'cancel',
    options: { ...input.options },
    budget: input.budget ?? null,
    fresh: input.fresh ?? false,
    context: input.context,
    traceparent: input.traceparent ?? null,
    agents: input.agents?.children.map((child) => child.agent) ?? null,
    firstSeq: seq + 1,
    createdAt: tx.now,
  });
  return getRun(tx, key);
}

/** A run is steered by whom it acts for, at the agent that it was sent to or the one that has taken over since. */
function maySteer({ agent, currentAgent, cancelBy, principal }: RunRow, input: AcceptInput): boolean {
  const speaks = agent === input.agent || currentAgent === input.agent;
  return speaks && cancelBy === null && ownerOf(principal) === ownerOf(input.principal);
}

/** The runs of agents that are asked at once. They are part of the receipt, and start when their root does. */
export function askAgents(tx: Tx, { agents }: AcceptInput, run: RunRow): Receipt['children'] {
  if (agents === undefined) return undefined;
  const spawned = spawnChildren(tx, run, { ...agents, callId: null });
  if ('error' in spawned) throw new VerbatimError('BAD_INPUT', spawned.error.message);
  return spawned.children.map((child) => ({ runId: child.id, agent: child.agent }));
}

/** The run as the transaction sees it now. */
export function getRun(tx: Tx, key: number): RunRow {
  const run = tx.queries.runs.byKey(key);
  if (run === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such run.');
  return run;
}

function receive(tx: Tx, input: AcceptInput, thread: ThreadRow, run: RunRow, steering: boolean): string {
  const messageId = newId('msg');
  const { agent, text, metadata, principal } = input;
  const attachments = attachedFiles(tx, input);
  const receivedSeq = tx.append(thread.key, run.key, {
    type: 'message.received',
    runId: run.id,
    messageId,
    agent,
    text,
    ...(metadata !== undefined && { metadata }),
    ...(attachments !== undefined && { attachments }),
    principalId: principal.id,
  });
  tx.queries.messages.insert({
    id: messageId,
    thread: thread.key,
    run: run.key,
    role: 'user',
    status: 'queued',
    receivedSeq,
    steering,
    agent,
    text,
    metadata: metadata ?? null,
    attachments: attachments ?? null,
    principalId: principal.id,
    at: tx.now,
  });
  return messageId;
}
