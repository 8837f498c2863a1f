import { ownerOf } from '../../protocol/principal.ts';
import type { RunInfo } from '../../protocol/procedures.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import { openRun } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { type Command, once } from './command.ts';
import { endRun, type RunEnded } from './finishRun.ts';
import { descendantsOf, workUnder } from './lineage.ts';
import { runInfo } from './views.ts';

export interface CancelAsked {
  readonly info: RunInfo;
  /** It is at work: its worker ends it. */
  readonly active?: RunRow;
  /** It was not at work, and has ended here. */
  readonly ended?: RunRow;
  readonly after?: RunEnded;
}

type Cancelling = Pick<{ -readonly [Key in keyof CancelAsked]: CancelAsked[Key] }, 'active' | 'ended' | 'after'>;

/** Records who wants a run to end. Asking again, or for a run that has ended, changes nothing and says how it stands. */
export function askCancel(tx: Tx, command: Command, runId: string): CancelAsked {
  const effects: Cancelling = {};
  const { answer } = once(tx, command, () => {
    const { run, thread } = openRun(tx, command.principal, runId, 'write');
    if (isOpen(run.status)) {
      Object.assign(effects, cancelOpen(tx, run, command.principal.id));
      const [actor, details] = [ownerOf(command.principal), { threadId: thread.id }];
      appendAudit(tx, { actor, action: 'runs.cancel', target: run.id, outcome: 'ok', origin: command.origin, details });
    }
    return runInfo(tx.queries, tx.queries.runs.byKey(run.key) ?? run, thread.id);
  });
  return { info: answer, ...effects };
}

/** As `askCancel`, for the server itself. */
export function cancelOpen(tx: Tx, run: RunRow, by: string): Cancelling {
  markCancelled(tx, run, by);
  // One that waits has no worker either, but there may be some at work under it: they have the grace of any other.
  if (run.status === 'running' || (run.status === 'waiting' && workUnder(tx.queries, run).length > 0)) return { active: run };
  return { ended: run, after: endRun(tx, run, { status: 'cancelled', by }) };
}

/** Records who wants a run to end, and those under it with it. */
export function markCancelled(tx: Tx, run: RunRow, by: string): void {
  for (const row of [run, ...descendantsOf(tx.queries, run)]) if (isOpen(row.status)) tx.queries.runs.setCancelBy(row.key, by);
}
