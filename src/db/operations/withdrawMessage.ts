import type { Prices } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { discardMessage } from './finishModelCall.ts';
import { addVerdict, type NewVerdict } from './guardVerdict.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import type { StartedMessage } from './startStep.ts';

/** Makes a guard's word durable: as an event, and on the message, so that no restart asks again. What it withdraws goes with it. */
export function recordVerdict(
  tx: Tx,
  held: HeldRun,
  { verdict, withdrawn }: { readonly verdict: NewVerdict; readonly withdrawn: StartedMessage | undefined },
  prices?: Prices,
): void {
  const run = heldRun(tx, held);
  addVerdict(tx, run, verdict, prices);
  if (withdrawn !== undefined) withdraw(tx, run, withdrawn);
}

/** Takes back a message that streams, because of a guard whose word is in the log already. */
export function withdrawMessage(tx: Tx, held: HeldRun, message: StartedMessage): void {
  withdraw(tx, heldRun(tx, held), message);
}

/** Readers are told, and the text is removed from the log, whose positions stay. */
function withdraw(tx: Tx, run: RunRow, message: StartedMessage): void {
  const row = tx.queries.messages.byId(message.id);
  if (row?.status !== 'streaming') return;
  tx.eraseText(run.thread, { run: run.key, message: message.key, messageId: message.id, afterSeq: row.receivedSeq });
  discardMessage(tx, run, message, 'guardrail');
}
