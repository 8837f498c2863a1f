import type { Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen } from '../runStatus.ts';
import type { AgentCall } from '../runStore.ts';
import { type Authority, noSuch, threadOf } from './access.ts';
import { toWake } from './childEnded.ts';
import { type Command, once } from './command.ts';
import { type Answered, isExpired, notWaiting } from './decideApproval.ts';
import { recordOutcome, type ToolOutcome } from './finishToolCall.ts';

export interface SubmitInput {
  readonly command: Command;
  readonly callId: string;
  /** Checked by the tool's schema; undefined when the call did not wait for it then. */
  readonly outcome: ToolOutcome | undefined;
}

export interface Submitted {
  readonly callId: string;
  readonly runId: string;
  readonly status: 'completed' | 'failed';
}

/** A call of a thread in which the caller may write. */
export function ownCall(authority: Authority, principal: Principal, callId: string): AgentCall {
  const { queries } = authority;
  const call = queries.toolCalls.byId(callId);
  threadOf(authority, principal, { key: call?.thread, action: 'write', what: 'tool call' });
  const run = call?.run == null ? undefined : queries.runs.byKey(call.run);
  if (call === undefined || run === undefined) throw noSuch('tool call');
  return { call, run, agent: queries.messages.agentOf(call.message) ?? null };
}

/** The result of a call that the client carries out. The first one counts. */
export function submitResult(tx: Tx, { command, callId, outcome }: SubmitInput): { readonly answer: Submitted } & Answered {
  let answered: Answered = { wake: undefined, run: undefined };
  const { answer } = once(tx, command, (): Submitted => {
    const { call, run } = ownCall(tx, command.principal, callId);
    if (call.waitsFor === 'client' && (call.endedSeq !== null || isExpired(call, tx.now))) {
      throw new VerbatimError('ALREADY_ANSWERED', 'This call has its outcome already.', {
        details: { callId, status: call.endedSeq === null ? 'failed' : call.status },
      });
    }
    if (outcome === undefined || call.waitsFor !== 'client' || call.status !== 'waiting' || !isOpen(run.status)) throw notWaiting(call);
    recordOutcome(tx, run, call, outcome);
    answered = { wake: toWake(tx.queries, run.key), run };
    return { callId, runId: run.id, status: 'output' in outcome ? 'completed' : 'failed' };
  });
  return { answer, ...answered };
}
