import type { RunInfo } from '../../protocol/procedures.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen, type RunRow } from '../runs.ts';
import { ownRun } from './access.ts';
import { type Command, once } from './command.ts';
import { endRun } from './finishRun.ts';
import { runInfo } from './views.ts';

export interface CancelAsked {
  readonly info: RunInfo;
  /** It is at work: its worker ends it. */
  readonly active?: RunRow;
  /** It had not started, and has ended here. */
  readonly ended?: RunRow;
  /** The run of the thread that is next, when this one ended here. */
  readonly next?: RunRow | undefined;
}

/** Records who wants a run to end. Asking again, or for a run that has ended, changes nothing and says how it stands. */
export function askCancel(tx: Tx, command: Command, runId: string): CancelAsked {
  const effects: { active?: RunRow; ended?: RunRow; next?: RunRow | undefined } = {};
  const { answer } = once(tx, command, () => {
    const { run, thread } = ownRun(tx.queries, command.principalId, runId);
    if (isOpen(run.status)) Object.assign(effects, cancelOpen(tx, run, command.principalId));
    return runInfo(tx.queries, tx.queries.runs.byKey(run.key) ?? run, thread.id);
  });
  return { info: answer, ...effects };
}

/** As `askCancel`, for the server itself. */
export function cancelOpen(tx: Tx, run: RunRow, by: string): { active?: RunRow; ended?: RunRow; next?: RunRow | undefined } {
  tx.queries.runs.setCancelBy(run.key, by);
  if (run.status !== 'queued') return { active: run };
  return { ended: run, next: endRun(tx, run, { status: 'cancelled', by }) };
}
