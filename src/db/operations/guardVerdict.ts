import type { Usage } from '../../protocol/event.ts';
import { type Prices, pricedByModel } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import type { MessageRow } from '../messages.ts';
import type { RunRow } from '../runs.ts';
import type { StoredVerdict } from '../schema.ts';
import { textFor } from './asModelsSee.ts';
import { spendUsage } from './spendUsage.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import { takeSteers } from './startStep.ts';

/** A user's message that a run answers, as guards find it. */
export interface GuardedInput {
  readonly key: number;
  readonly id: string;
  /** As models are sent it now: what a guard made of it counts. */
  readonly text: string;
  readonly verdicts: readonly StoredVerdict[];
}

export interface GuardState {
  /** In the order in which they were taken. */
  readonly inputs: readonly GuardedInput[];
  /** A guard blocked a message of the run before: the run must end, whoever works on it. */
  readonly blocked: StoredVerdict | undefined;
}

export interface NewVerdict {
  readonly message: { readonly key: number; readonly id: string };
  readonly agent: string;
  readonly guard: string;
  readonly stage: 'input' | 'output';
  readonly verdict: 'pass' | 'rewrite' | 'block';
  readonly reason: string | undefined;
  /** What models are sent in the place of a user's message that was rewritten. */
  readonly text: string | undefined;
  /** Of the guard's own model calls. */
  readonly usage: Usage | undefined;
}

/** Takes the steers that wait, and says what guards have to look at and what they said already. */
export function guardState(tx: Tx, held: HeldRun): GuardState {
  const run = heldRun(tx, held);
  takeSteers(tx, held);
  const own = tx.queries.messages.ofRun(run.key);
  // An agent that is asked beside others answers their parent's message.
  const asked = run.parent !== null && run.task === null ? tx.queries.messages.ofRun(run.parent) : own;
  const saidOf = ({ verdicts }: MessageRow): StoredVerdict[] => (verdicts ?? []).filter((verdict) => verdict.run === run.key);
  return {
    inputs: asked
      .filter((row) => row.role === 'user' && row.status === 'complete')
      .map((row) => ({ key: row.key, id: row.id, text: textFor(row, tx.headOf(run.thread), run), verdicts: saidOf(row) })),
    blocked: [...asked, ...own].flatMap(saidOf).find(({ verdict }) => verdict === 'block'),
  };
}

export function addVerdict(tx: Tx, run: RunRow, said: NewVerdict, prices?: Prices): void {
  const { message, agent, guard, stage, verdict, reason, text, usage } = said;
  const { queries } = tx;
  const seq = tx.append(run.thread, run.key, {
    type: 'guard.verdict',
    runId: run.id,
    messageId: message.id,
    guard,
    stage,
    verdict,
    ...(reason !== undefined && { reason }),
  });
  if (usage !== undefined) spendUsage(tx, run, pricedByModel(usage, prices));
  const row = queries.messages.byId(message.id);
  // An answer that passed is never looked at again.
  if (row === undefined || (stage === 'output' && verdict !== 'block')) return;
  const parent = run.task === null ? run.parent : null;
  const word = { agent, guard, verdict, seq, ...(text !== undefined && { text }) };
  const added: StoredVerdict = { run: run.key, ...(parent !== null && { parent }), ...word };
  queries.messages.setVerdicts(row.key, [...(row.verdicts ?? []), added]);
}
