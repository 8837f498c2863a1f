import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { ChildOutcome, EventDraft, FinishReason, Usage } from '../../protocol/event.ts';
import type { Json } from '../../protocol/json.ts';
import { shownUsage } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import type { MessageRow } from '../messages.ts';
import { isOpen } from '../runStatus.ts';
import { RANK, type RunRow } from '../runs.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { awaitAnswers } from './awaitAnswers.ts';
import { childEnded } from './childEnded.ts';
import { completeMessage, discardMessage } from './finishModelCall.ts';
import { OUTCOME_UNKNOWN, recordOutcome } from './finishToolCall.ts';
import { workUnder } from './lineage.ts';
import { type HeldRun, heldRun } from './startRun.ts';

export type RunEnd =
  | {
      readonly status: 'completed';
      readonly outcome: 'complete' | 'partial';
      readonly output?: Json;
      readonly children?: readonly ChildOutcome[];
    }
  | { readonly status: 'failed'; readonly error: ErrorInfo }
  | { readonly status: 'cancelled'; readonly by: string };

/** What follows from the end of a run. */
export interface RunEnded {
  /** The run of the thread that is next. */
  readonly next: RunRow | undefined;
  /** Runs under it that ended with it: who works on them must stop. */
  readonly children: readonly RunRow[];
  /** Its parent, when that has nothing left to wait for. */
  readonly wake: RunRow | undefined;
}

export type Finished =
  | ({ readonly ended: true } & RunEnded)
  /** Steered messages came in time, so the run goes on with another step. */
  | { readonly ended: false; readonly waits?: undefined }
  /** It was cancelled, and runs under it have their grace yet: it waits for them, and is given back. */
  | { readonly ended: false; readonly waits: true };

/**
 * Ends a run, unless it would complete and steered messages wait for it: both are looked at in one transaction, so none is lost. Returns the
 * run of the thread that is next.
 */
export function finishRun(tx: Tx, held: HeldRun, end: RunEnd, { mayContinue }: { readonly mayContinue: boolean }): Finished {
  const run = heldRun(tx, held);
  if (end.status === 'completed' && mayContinue && run.cancelBy === null && tx.queries.messages.waiting(run.key).length > 0)
    return { ended: false };
  if (end.status === 'cancelled' && run.cancelBy !== null && workUnder(tx.queries, run).length > 0) {
    awaitEndBelow(tx, run);
    return { ended: false, waits: true };
  }
  return { ended: true, ...endRun(tx, run, end) };
}

/** Its own work is over, the runs under it have their grace yet. Their end ends it. */
function awaitEndBelow(tx: Tx, run: RunRow): void {
  for (const call of tx.queries.toolCalls.running(run.key)) recordOutcome(tx, run, call, { error: OUTCOME_UNKNOWN });
  closeMessages(tx, run, { messages: tx.queries.messages.openOfRun(run.key), finish: 'cancelled' });
  const open = tx.queries.toolCalls.open(run.key);
  awaitAnswers(
    tx,
    run,
    open.map((call) => call.id),
  );
}

/**
 * The end of a run, whoever brings it about: runs under it end first, then open calls and text are closed; the terminal event is the run's
 * last. A parent that waited for it gets its outcome.
 */
export function endRun(tx: Tx, run: RunRow, end: RunEnd): RunEnded {
  const { queries } = tx;
  const children = endChildren(tx, run, end.status === 'cancelled' ? end.by : 'server');
  for (const call of queries.toolCalls.open(run.key)) closeCall(tx, run, call);
  const messages = queries.messages.openOfRun(run.key);
  closeMessages(tx, run, { messages, finish: end.status === 'cancelled' ? 'cancelled' : 'failed' });
  const waiting = messages.filter((message) => message.status === 'queued');
  const own = run.status === 'queued' ? waiting[0] : undefined;
  // Before the terminal event, which drops what still waits for the run.
  for (const [index, steer] of waiting.filter((message) => message !== own).entries()) queueSteer(tx, run, steer, index);
  const usage = queries.runs.byKey(run.key)?.usage ?? run.usage;
  const seq = tx.append(run.thread, run.key, draftOf(run.id, end, usage));
  if (own !== undefined) queries.messages.take(own.key, 'dropped', seq);
  queries.runs.move(run, end.status, {
    endedAt: tx.now,
    lastSeq: seq,
    ...(end.status === 'completed' && { outcome: end.outcome, output: end.output ?? null }),
    ...(end.status === 'failed' && { error: end.error }),
  });
  queries.approvals.forgetRun(run.key);
  queries.threads.touch(run.thread, tx.now);
  return { next: queries.runs.openOfThread(run.thread)[0], children, wake: run.parent === null ? undefined : childEnded(tx, run.key) };
}

/** The runs under a run that ends, the deepest first: none outlives its parent. */
function endChildren(tx: Tx, run: RunRow, by: string): readonly RunRow[] {
  return tx.queries.runs
    .children(run.key)
    .filter((child) => isOpen(child.status))
    .flatMap((child) => [...endRun(tx, child, { status: 'cancelled', by }).children, child]);
}

/** What is said of a call that is open when its run ends. */
function closeCall(tx: Tx, run: RunRow, { key }: ToolCallRow): void {
  // Its children may have ended just now, and it with them.
  const call = tx.queries.toolCalls.byKey(key);
  if (call === undefined || call.status === 'completed' || call.status === 'failed') return;
  // A client may be at work on its call: nobody here knows.
  const begun = call.status === 'running' || (call.status === 'waiting' && call.waitsFor === 'client');
  if (begun) return recordOutcome(tx, run, call, { error: OUTCOME_UNKNOWN });
  withdrawApproval(tx, run, call);
  recordOutcome(tx, run, call, { error: NOT_CARRIED_OUT });
}

const NOT_CARRIED_OUT: ErrorInfo = {
  code: 'CANCELLED',
  message: 'The run ended before this call began. It was not carried out.',
  retryable: false,
};

function withdrawApproval(tx: Tx, run: RunRow, call: ToolCallRow): void {
  const approval = tx.queries.approvals.ofCall(call.key);
  if (approval?.status !== 'pending') return;
  tx.queries.approvals.decide(approval.key, { status: 'withdrawn', decidedAt: tx.now, by: 'server', reason: null, remember: null });
  tx.append(run.thread, run.key, {
    type: 'approval.resolved',
    runId: run.id,
    callId: call.id,
    tool: call.tool,
    decision: 'withdrawn',
    by: 'server',
  });
}

function draftOf(runId: string, end: RunEnd, total: Usage): EventDraft {
  const usage = shownUsage(total);
  switch (end.status) {
    case 'completed':
      return {
        type: 'run.completed',
        runId,
        usage,
        outcome: end.outcome,
        ...(end.output !== undefined && { output: end.output }),
        ...(end.children !== undefined && { children: end.children }),
      };
    case 'failed':
      return { type: 'run.failed', runId, error: end.error, usage };
    case 'cancelled':
      return { type: 'run.cancelled', runId, by: end.by, usage };
  }
}

/** The terminal event of a run that has ended, from its row. */
export function terminalDraft(run: RunRow): EventDraft {
  if (run.status === 'cancelled') return draftOf(run.id, { status: 'cancelled', by: run.cancelBy ?? 'server' }, run.usage);
  if (run.status === 'failed' && run.error !== null) return draftOf(run.id, { status: 'failed', error: run.error }, run.usage);
  const output = run.output === null ? {} : { output: run.output };
  return draftOf(run.id, { status: 'completed', outcome: run.outcome ?? 'complete', ...output }, run.usage);
}

/** Closes messages that still stream: text that readers saw is kept, a message without any is withdrawn. */
function closeMessages(
  tx: Tx,
  run: RunRow,
  { messages, finish }: { readonly messages: readonly MessageRow[]; readonly finish: FinishReason },
): void {
  for (const row of messages) {
    if (row.status !== 'streaming') continue;
    const message = { key: row.key, id: row.id };
    const { text, reasoning } = streamedText(tx, row);
    if (text === '') discardMessage(tx, run, message, 'empty');
    else completeMessage(tx, run, { message, text, reasoning, finish, usage: undefined });
  }
}

/** The text of an unfinished message, from its deltas: what was committed is what readers saw, and is all there is. */
function streamedText(tx: Tx, row: MessageRow): { readonly text: string; readonly reasoning: string } {
  const found = { text: '', reasoning: '' };
  let after = row.receivedSeq;
  for (;;) {
    const page = tx.queries.events.page(row.thread, after, 1_000);
    for (const event of page) {
      after = event.seq;
      if (event.head?.messageId !== row.id) continue;
      found[event.head.type === 'text.delta' ? 'text' : 'reasoning'] += JSON.parse(event.stored);
    }
    if (page.length === 0) return found;
  }
}

/** A steered message whose run ended without it gets a run of its own: after a message that interrupts, before all others. */
function queueSteer(tx: Tx, ended: RunRow, steer: MessageRow, index: number): void {
  const { queries } = tx;
  const place = queries.runs.openOfThread(ended.thread).filter((run) => run.status === 'queued').length + 1;
  const key = queries.runs.insert({
    id: newId('run'),
    thread: ended.thread,
    agent: steer.agent ?? ended.agent,
    agents: ended.agents,
    principal: ended.principal,
    rank: RANK.steered + index,
    cancelOnDisconnect: ended.cancelOnDisconnect,
    options: ended.options,
    context: ended.context,
    firstSeq: tx.headOf(ended.thread) + 1,
    createdAt: tx.now,
  });
  const run = queries.runs.byKey(key);
  if (run === undefined) return;
  queries.messages.setRun(steer.key, key);
  tx.append(ended.thread, key, { type: 'run.queued', runId: run.id, agent: run.agent, place, messageId: steer.id });
}
