import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import type { MessageRow } from '../messages.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';
import { type Accepted, type AcceptInput, acceptMessage, askAgents, assertMaySend, newRun } from './acceptMessage.ts';
import { noSuch, openRun, threadOf } from './access.ts';
import { once } from './command.ts';
import { countMessage } from './messageRate.ts';
import { startRun } from './startRun.ts';

/**
 * Answers a message again, in the same thread: a new run for it, without what the run that had it said, which is withdrawn. Only for a root
 * run that has ended and is the last of its thread; what it did by its tools stays done. The message of a run that never started is sent
 * again, whatever came after.
 */
export function retryRun(tx: Tx, input: AcceptInput, runId: string): Accepted {
  return doOnce(tx, input, () => {
    const { run, thread } = openRun(tx, input.principal, runId, 'write');
    return retry(tx, input, { run, thread });
  });
}

/**
 * Answers a message of the user again, in its own thread. One that has a run is retried as that run. One without, which was copied by a fork or
 * imported, gets its first run here, when it is the last of the user in its thread.
 */
export function retryMessage(tx: Tx, input: AcceptInput, messageId: string): Accepted {
  return doOnce(tx, input, () => {
    const asked = tx.queries.messages.byId(messageId);
    const thread = threadOf(tx, input.principal, { key: asked?.thread, action: 'write', what: 'message' });
    if (asked === undefined) throw noSuch('message');
    const run = asked.run === null ? undefined : tx.queries.runs.byKey(asked.run);
    if (run !== undefined) return retry(tx, input, { run, thread });
    assertLastAsked(tx, asked);
    return answerAgain(tx, { ...input, fresh: true }, { asked, thread });
  });
}

function doOnce(tx: Tx, input: AcceptInput, accept: () => Accepted): Accepted {
  let effects: Omit<Accepted, 'receipt'> = {};
  const { answer } = once(tx, input.command, () => {
    const { receipt, ...rest } = accept();
    effects = rest;
    return receipt;
  });
  return { receipt: answer, ...effects };
}

function retry(tx: Tx, input: AcceptInput, { run, thread }: { readonly run: RunRow; readonly thread: ThreadRow }): Accepted {
  const again = { ...input, fresh: true };
  if (run.parent !== null) throw new VerbatimError('BAD_INPUT', 'Another run asked for this one. Retry the run that was sent.');
  if (isOpen(run.status)) throw stillOpen(run);
  const asked = tx.queries.messages.ofRun(run.key).find((message) => message.role === 'user');
  // A later run answers it by now, and is the one that can be retried.
  if (asked?.status !== 'dropped') assertLast(tx, run);
  if (asked === undefined) throw new VerbatimError('BAD_INPUT', 'The message of this run is gone. Send it again.');
  return asked.status === 'complete' ? answerAgain(tx, again, { asked, thread }) : sendAgain(tx, again, { asked, threadId: thread.id });
}

function stillOpen(run: RunRow): VerbatimError {
  return new VerbatimError('RUN_OPEN', 'This thread has an open run. Wait for it, or cancel it.', { details: { runId: run.id } });
}

/** What came after would answer to something that is no longer there. */
function assertLast({ queries }: Tx, run: RunRow): void {
  const open = queries.runs.openOfThread(run.thread)[0];
  if (open !== undefined) throw stillOpen(open);
  const last = queries.runs.lastOfThread(run.thread);
  if (last === undefined || last.key === run.key) return;
  const message = 'Only the last run of a thread can be retried. Edit its message instead, or fork the thread.';
  throw new VerbatimError('BAD_INPUT', message, { details: { lastRunId: last.id } });
}

function assertLastAsked({ queries }: Tx, { thread, seq }: MessageRow): void {
  const open = queries.runs.openOfThread(thread)[0];
  if (open !== undefined) throw stillOpen(open);
  if (queries.messages.lastAsked(thread) === seq) return;
  throw new VerbatimError(
    'BAD_INPUT',
    'Only the last message of a thread can be answered again. Edit this one instead, or fork the thread.',
  );
}

/** Its message was dropped, and is not part of the conversation: it is sent like any other. */
function sendAgain(tx: Tx, input: AcceptInput, { asked, threadId }: { readonly asked: MessageRow; readonly threadId: string }): Accepted {
  const { text } = asked;
  const metadata = asked.metadata ?? undefined;
  const attachments = asked.attachments?.map((file) => file.id);
  return acceptMessage(tx, { ...input, command: { ...input.command, key: undefined }, threadId, text, metadata, attachments });
}

function answerAgain(tx: Tx, input: AcceptInput, { asked, thread }: { readonly asked: MessageRow; readonly thread: ThreadRow }): Accepted {
  assertMaySend(tx, input);
  countMessage(tx, input.principal);
  const { queries } = tx;
  const seq = tx.headOf(thread.key);
  const again = newRun(tx, input, thread, seq, []);
  queries.threads.touch(thread.key, tx.now);
  // By this event readers know which message the run answers.
  const place = input.room === true ? 1 : input.room.waiting + 1;
  tx.append(thread.key, again.key, { type: 'run.queued', runId: again.id, agent: again.agent, place, messageId: asked.id });
  queries.messages.setRun(asked.key, again.key);
  for (const { key, id } of queries.messages.saidAfter(thread.key, asked.seq ?? 0)) {
    // Nothing may follow the end of a run: the new one withdraws what was said before.
    const discarded = tx.append(thread.key, again.key, { type: 'message.discarded', runId: again.id, messageId: id, reason: 'retried' });
    queries.messages.retract(key, discarded);
  }
  const children = askAgents(tx, input, again);
  const receipt = { threadId: thread.id, messageId: asked.id, runId: again.id, seq, ...(children !== undefined && { children }) };
  if (input.room !== true) return { receipt: { disposition: 'queued', ...receipt }, waiting: again };
  return { receipt: { disposition: 'started', ...receipt }, started: startRun(tx, again, input.lease) };
}
