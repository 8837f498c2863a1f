import type { ApprovalStatus, WaitsFor } from '../../protocol/approval.ts';
import type { Json } from '../../protocol/json.ts';
import type { Principal } from '../../protocol/principal.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ApprovalRow } from '../approvals.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen } from '../runStatus.ts';
import type { AgentCall } from '../runStore.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { type Authority, mayWith, resourceOf } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { toWake } from './childEnded.ts';
import { type Command, once } from './command.ts';
import { recordOutcome, rejection } from './finishToolCall.ts';
import { rootOf } from './lineage.ts';

export interface DecideInput {
  readonly command: Command;
  readonly principal: Principal;
  readonly callId: string;
  readonly decision: 'approve' | 'reject';
  /** Checked by the tool's schema. */
  readonly input: Json | undefined;
  readonly reason: string | undefined;
  readonly remember: 'run' | 'thread' | undefined;
  /** What the call waits for once it is let through. */
  readonly later: LaterWait | undefined;
}

export interface LaterWait {
  readonly waitsFor: Exclude<WaitsFor, 'approval'>;
  /** Of a client-side call: when it is given up. */
  readonly expiresAt?: number;
}

export interface Decided {
  readonly callId: string;
  readonly status: Exclude<ApprovalStatus, 'pending'>;
  readonly by: string;
  readonly at: number;
  readonly reason?: string;
}

/** Whoever is to hear of an answer: the run, when it waited and has something to do now; or its worker. */
export interface Answered {
  readonly wake: RunRow | undefined;
  readonly run: RunRow | undefined;
}

/** The approval of a call, when the principal may see it. Another's does not exist. */
export function visibleApproval(
  authority: Authority,
  principal: Principal,
  callId: string,
): AgentCall & { readonly approval: ApprovalRow; readonly thread: ThreadRow } {
  const { queries } = authority;
  const call = queries.toolCalls.byId(callId);
  const approval = call === undefined ? undefined : queries.approvals.ofCall(call.key);
  const run = approval === undefined ? undefined : queries.runs.byKey(approval.run);
  const thread = approval === undefined ? undefined : queries.threads.byKey(approval.thread);
  if (
    call === undefined ||
    approval === undefined ||
    run === undefined ||
    thread === undefined ||
    !(mayWith(authority, principal, thread, 'read') || mayDecide(authority, principal, { approval, call, thread }))
  )
    throw new VerbatimError('NOT_FOUND', 'There is no such approval.');
  return { approval, call, run, thread, agent: queries.messages.agentOf(call.message) ?? null };
}

/** Decides once: whoever comes second learns what was decided. */
export function decideApproval(tx: Tx, input: DecideInput): { readonly answer: Decided } & Answered {
  let answered: Answered = { wake: undefined, run: undefined };
  const { answer } = once(tx, input.command, () => {
    const { approval, call, run, thread } = visibleApproval(tx, input.principal, input.callId);
    if (!mayDecide(tx, input.principal, { approval, call, thread }))
      throw new VerbatimError(
        'NOT_ALLOWED',
        approval.role === null
          ? 'You may read this thread, but not decide in it.'
          : `Only principals with the role ${approval.role} may decide this.`,
      );
    if (approval.status !== 'pending') throw alreadyDecided(approval, input.callId);
    if (isExpired(call, tx.now)) throw expired(call);
    if (!isOpen(run.status) || call.status !== 'waiting') throw notWaiting(call);
    const decided = decide(tx, { approval, call, run }, input);
    appendAudit(tx, {
      actor: ownerOf(input.principal),
      action: 'approvals.decide',
      target: call.id,
      outcome: 'ok',
      origin: input.command.origin,
      details: {
        decision: decided.status,
        tool: call.tool,
        runId: run.id,
        threadId: thread.id,
        ...(input.input !== undefined && { edited: true }),
        ...(input.remember !== undefined && { remember: input.remember }),
      },
    });
    answered = { wake: toWake(tx.queries, run.key), run };
    return decided;
  });
  return { answer, ...answered };
}

interface Asked {
  readonly approval: ApprovalRow;
  readonly call: ToolCallRow;
  readonly run: RunRow;
}

function decide(tx: Tx, { approval, call, run }: Asked, input: DecideInput): Decided {
  const { queries } = tx;
  const { reason, remember, principal, later } = input;
  const status = input.decision === 'approve' ? 'approved' : 'rejected';
  const edited = status === 'approved' ? input.input : undefined;
  const change = { status, decidedAt: tx.now, by: principal.id, reason: reason ?? null, remember: remember ?? null } as const;
  if (!queries.approvals.decide(approval.key, change)) throw alreadyDecided(approval, call.id);
  tx.append(run.thread, run.key, {
    type: 'approval.resolved',
    runId: run.id,
    callId: call.id,
    tool: call.tool,
    decision: status,
    by: principal.id,
    ...(reason !== undefined && { reason }),
    ...(edited !== undefined && { input: edited }),
    ...(remember !== undefined && { remember }),
    ...(status === 'approved' && later),
  });
  if (remember !== undefined) {
    queries.approvals.addRule({
      thread: run.thread,
      run: remember === 'run' ? rootOf(queries, run).key : null,
      agent: queries.messages.agentOf(call.message) ?? run.agent,
      tool: call.tool,
      role: approval.role,
      decision: status,
      by: principal.id,
      principal,
      reason: reason ?? null,
      at: tx.now,
    });
  }
  if (status === 'rejected') recordOutcome(tx, run, call, rejection(reason));
  else letThrough(tx, call, { later, edited });
  return { callId: call.id, status, by: principal.id, at: tx.now, ...(reason !== undefined && { reason }) };
}

interface LetThrough {
  readonly later: LaterWait | undefined;
  readonly edited?: Json | undefined;
}

/** A call that a person let through. One for the client waits for that from now on: it knows of it, and may answer at once. */
function letThrough({ queries }: Tx, call: ToolCallRow, { later, edited }: LetThrough): void {
  queries.toolCalls.set(call.key, {
    status: later?.waitsFor === 'client' ? 'waiting' : 'ready',
    expiresAt: later?.expiresAt ?? null,
    ...(later !== undefined && { waitsFor: later.waitsFor }),
    ...(edited !== undefined && { editedInput: edited }),
  });
}

export function mayDecide(
  authority: Authority,
  principal: Principal,
  { approval, call, thread }: { readonly approval: ApprovalRow; readonly call: ToolCallRow; readonly thread: ThreadRow },
): boolean {
  const role = approval.role ?? undefined;
  const resource = { kind: 'approval', tool: call.tool, role, thread: resourceOf(authority, principal, thread) } as const;
  return authority.may({ principal, action: 'decide', resource });
}

function alreadyDecided({ status, by, decidedAt, reason }: ApprovalRow, callId: string): VerbatimError {
  const details = { callId, status, by, at: decidedAt, ...(reason !== null && { reason }) };
  return new VerbatimError('ALREADY_DECIDED', `This call was ${status} already.`, { details });
}

/** Its time is over, though nobody has given it up yet: an answer is too late from that moment on. */
export function isExpired({ status, expiresAt }: ToolCallRow, now: number): boolean {
  return status === 'waiting' && expiresAt !== null && expiresAt <= now;
}

function expired({ id: callId, expiresAt: at }: ToolCallRow): VerbatimError {
  const details = { callId, status: 'expired', by: 'server', at, reason: 'expired' };
  return new VerbatimError('ALREADY_DECIDED', 'This call was expired already.', { details });
}

export function notWaiting(call: ToolCallRow): VerbatimError {
  const status = call.status === 'ready' ? 'running' : call.status;
  return new VerbatimError('NOT_WAITING', `This call does not wait for that: it is ${status}.`, { details: { callId: call.id, status } });
}
