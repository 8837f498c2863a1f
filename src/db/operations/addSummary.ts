import type { Usage } from '../../protocol/event.ts';
import { type Prices, priced, priceOf, usageOfModel } from '../../protocol/usage.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import { spendUsage } from './spendUsage.ts';
import { type HeldRun, heldRun } from './startRun.ts';

/** What stands for the beginning of a thread, for one of its agents. */
export interface Summary {
  readonly text: string;
  /** The last message that it stands for. */
  readonly upTo: string;
}

export interface NewSummary extends Summary {
  readonly agent: string;
  readonly model: string;
  readonly usage: Usage | undefined;
}

/** Keeps a summary for the runs to come. What it cost is the run's. */
export function addSummary(tx: Tx, held: HeldRun, { agent, text, upTo, model, usage }: NewSummary, prices?: Prices): void {
  const run = heldRun(tx, held);
  const seq = tx.queries.messages.byId(upTo)?.seq ?? undefined;
  if (seq === undefined) throw new VerbatimError('NOT_FOUND', 'The message that the summary stands for is gone.');
  tx.queries.summaries.insert({
    thread: run.thread,
    agent,
    seq,
    text: text.toWellFormed(),
    model,
    usage: usage ?? null,
    createdAt: tx.now,
  });
  if (usage === undefined) return;
  spendUsage(tx, run, usageOfModel(model, priced(usage, priceOf(prices, model))));
}

/** The newest summary for an agent, when the message that it stands for up to is still there. */
export function newestSummary(queries: Queries, thread: number, agent: string): Summary | undefined {
  const row = queries.summaries.newest(thread, agent);
  const upTo = row === undefined ? undefined : queries.messages.idAt(thread, row.seq);
  return row === undefined || upTo === undefined ? undefined : { text: row.text, upTo };
}
