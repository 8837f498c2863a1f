import type { WaitsFor } from '../../protocol/approval.ts';
import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { Json } from '../../protocol/json.ts';
import type { ApprovalRow, ApprovalRule } from '../approvals.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { actingPrincipal } from './actingPrincipal.ts';
import { mayDecide } from './decideApproval.ts';
import { disabledAmong } from './disableAgent.ts';
import { recordOutcome, rejection } from './finishToolCall.ts';
import { familyOf } from './lineage.ts';
import { type SpawnPlan, spawnChildren } from './spawnChildren.ts';
import type { StartedMessage } from './startStep.ts';

/** How a call is carried out. */
export type CallStart =
  /** By the worker of the run. */
  | { readonly kind: 'execute' }
  /** By whoever reads the run, until then. */
  | { readonly kind: 'client'; readonly expiresAt: number }
  | ({ readonly kind: 'agent' | 'agents' } & SpawnPlan)
  /** By another agent, which speaks from here on. */
  | { readonly kind: 'handoff'; readonly to: string; readonly reason?: string }
  /** Not at all. */
  | { readonly kind: 'refuse'; readonly error: ErrorInfo };

export interface AskedApproval {
  readonly role?: string;
  readonly question?: string;
  readonly expiresAt: number;
}

/** A tool call the model asked for: one that will be made, or one that cannot be. */
export type AskedCall =
  | {
      readonly callId: string;
      readonly tool: string;
      readonly input: Json;
      readonly idempotent?: boolean;
      readonly approval?: AskedApproval;
      readonly start?: CallStart;
    }
  | { readonly callId: string; readonly tool: string; readonly rejected: string; readonly error: ErrorInfo };

type MadeCall = Extract<AskedCall, { readonly input: Json }>;

/** Puts a call into the log and begins what it waits for. Returns the child runs that it made. */
export function recordCall(tx: Tx, run: RunRow, message: StartedMessage, call: AskedCall): readonly RunRow[] {
  if ('input' in call) return recordMade(tx, run, message, call);
  const { callId, tool, error } = call;
  const rejected = call.rejected.toWellFormed();
  const seq = tx.append(run.thread, run.key, {
    type: 'tool.failed',
    runId: run.id,
    callId,
    tool,
    error,
    rejected: { messageId: message.id, arguments: rejected },
  });
  const row = { id: callId, thread: run.thread, run: run.key, message: message.key, tool };
  tx.queries.toolCalls.insert({ ...row, rejected, error, status: 'failed', calledSeq: seq, endedSeq: seq });
  return [];
}

function recordMade(tx: Tx, run: RunRow, message: StartedMessage, call: MadeCall): readonly RunRow[] {
  const { callId, tool, input, idempotent = false, approval, start = { kind: 'execute' } } = call;
  const waitsFor = approval === undefined ? waitsForOf(start) : 'approval';
  const expiresAt = approval?.expiresAt ?? (start.kind === 'client' ? start.expiresAt : undefined);
  const calledSeq = tx.append(run.thread, run.key, {
    type: 'tool.called',
    runId: run.id,
    callId,
    tool,
    input,
    messageId: message.id,
    ...(waitsFor !== undefined && { waitsFor }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  tx.queries.toolCalls.insert({
    id: callId,
    thread: run.thread,
    run: run.key,
    message: message.key,
    tool,
    input,
    idempotent,
    status: waitsFor === undefined ? 'running' : 'waiting',
    waitsFor: waitsFor ?? null,
    expiresAt: expiresAt ?? null,
    calledSeq,
  });
  if (approval === undefined) return beginCall(tx, run, callId, start);
  return requestApproval(tx, run, { call, approval, start, agent: tx.queries.messages.agentOf(message.key) ?? run.agent });
}

/** Begins to carry out a call that is open. Returns the child runs that it made. */
export function beginCall(tx: Tx, run: RunRow, callId: string, start: CallStart): readonly RunRow[] {
  const call = tx.queries.toolCalls.byId(callId);
  if (call === undefined) return [];
  const refuse = (error: ErrorInfo): readonly RunRow[] => {
    recordOutcome(tx, run, call, { error });
    return [];
  };
  switch (start.kind) {
    case 'execute':
      tx.queries.toolCalls.set(call.key, { status: 'running' });
      return [];
    case 'client':
      tx.queries.toolCalls.set(call.key, { status: 'waiting', waitsFor: 'client', expiresAt: start.expiresAt });
      return [];
    case 'agent':
    case 'agents': {
      tx.queries.toolCalls.set(call.key, { status: 'waiting', waitsFor: start.kind, expiresAt: null });
      const spawned = spawnChildren(tx, run, { ...start, callId });
      return 'error' in spawned ? refuse(spawned.error) : spawned.children;
    }
    case 'handoff': {
      // Of several in one step the first counts: whoever came later knows of it.
      const { current, handoffs } = agentNow(tx, run);
      const { to, reason } = start;
      const disabled = disabledAmong(tx.queries, [to]);
      if (disabled !== undefined) return refuse(disabled);
      tx.append(run.thread, run.key, {
        type: 'agent.handoff',
        runId: run.id,
        from: current,
        to,
        ...(reason !== undefined && reason !== '' && { reason }),
      });
      tx.queries.runs.setAgent(run.key, { agent: to, handoffs: handoffs + 1 });
      recordOutcome(tx, run, call, { output: { handedOverTo: to } });
      return [];
    }
    case 'refuse':
      return refuse(start.error);
  }
}

function agentNow(tx: Tx, run: RunRow): { readonly current: string; readonly handoffs: number } {
  const now = tx.queries.runs.byKey(run.key) ?? run;
  return { current: now.currentAgent ?? now.agent, handoffs: now.handoffs };
}

function waitsForOf(start: CallStart): Exclude<WaitsFor, 'approval'> | undefined {
  return start.kind === 'client' || start.kind === 'agent' || start.kind === 'agents' ? start.kind : undefined;
}

interface Request {
  readonly call: MadeCall;
  readonly approval: AskedApproval;
  /** What happens to the call once it is let through. */
  readonly start: CallStart;
  /** Who asked for the call. */
  readonly agent: string;
}

/** Asks a person, unless an earlier decision was to be remembered. Returns the child runs that a call made which was let through by that. */
function requestApproval(tx: Tx, run: RunRow, { call, approval, start, agent }: Request): readonly RunRow[] {
  const { callId, tool, input } = call;
  const { role, question, expiresAt } = approval;
  const row = tx.queries.toolCalls.byId(callId);
  if (row === undefined) return [];
  const of = { runId: run.id, callId, tool };
  tx.append(run.thread, run.key, {
    type: 'approval.requested',
    ...of,
    input,
    expiresAt,
    ...(role !== undefined && { role }),
    ...(question !== undefined && { question }),
  });
  const { approvals } = tx.queries;
  approvals.insert({
    call: row.key,
    thread: run.thread,
    run: run.key,
    role: role ?? null,
    question: question ?? null,
    requestedAt: tx.now,
  });
  const asked = approvals.ofCall(row.key);
  const rule = approvals
    .rules(run.thread, { agent, tool, runs: familyOf(tx.queries, run) })
    .find((candidate) => asked !== undefined && isStillTheirs(tx, candidate, { approval: asked, call: row }));
  // A decision of somebody without the role must not stand in for one of somebody with it.
  if (rule === undefined || asked === undefined || (role ?? null) !== rule.role) return [];
  approvals.decide(asked.key, { status: rule.decision, decidedAt: tx.now, by: rule.by, reason: rule.reason, remember: null });
  const waitsFor = waitsForOf(start);
  tx.append(run.thread, run.key, {
    type: 'approval.resolved',
    ...of,
    decision: rule.decision,
    by: rule.by,
    ...(rule.reason !== null && { reason: rule.reason }),
    ...(rule.decision === 'approved' && waitsFor !== undefined && { waitsFor }),
    ...(rule.decision === 'approved' && start.kind === 'client' && { expiresAt: start.expiresAt }),
  });
  if (rule.decision === 'rejected') recordOutcome(tx, run, row, rejection(rule.reason));
  else if (start.kind !== 'execute') return beginCall(tx, run, callId, start);
  else tx.queries.toolCalls.set(row.key, { status: 'ready', expiresAt: null });
  return [];
}

/** Whether whoever decided then may decide this now: what one person let through is nothing when they are gone. */
function isStillTheirs(
  tx: Tx,
  { principal }: ApprovalRule,
  { approval, call }: { readonly approval: ApprovalRow; readonly call: ToolCallRow },
): boolean {
  const thread = tx.queries.threads.byKey(approval.thread);
  const decider = principal === null ? undefined : actingPrincipal(tx.queries, { principal });
  return thread !== undefined && decider !== undefined && mayDecide(tx, decider, { approval, call, thread });
}
