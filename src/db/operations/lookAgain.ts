import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import { isOpen, type RunRow } from '../runs.ts';
import { actingPrincipal } from './actingPrincipal.ts';
import { disabledAmong } from './disableAgent.ts';
import { endRun, type RunEnded } from './finishRun.ts';

const NOT_ALLOWED: ErrorInfo = {
  code: 'NOT_ALLOWED',
  message: 'The user that this run acts for was disabled by an administrator.',
  retryable: false,
};

/** Whether there is anything to do about a run that is to begin or to go on. */
export function hasChanged(queries: Queries, run: RunRow): boolean {
  return refusalOf(queries, run) !== undefined || actingPrincipal(queries, run) !== run.principal;
}

/**
 * What has become of the authority that a run was sent by, looked at when it is to begin or to go on: it is ended when its user was disabled, or
 * its agent was switched off before it began; it has the roles that its user has by now. Undefined when it may go on.
 */
export function lookAgain(tx: Tx, key: number): RunEnded | undefined {
  const { queries } = tx;
  const run = queries.runs.byKey(key);
  if (run === undefined || !isOpen(run.status)) return undefined;
  const error = refusalOf(queries, run);
  if (error !== undefined) return endRun(tx, run, { status: 'failed', error });
  const principal = actingPrincipal(queries, run);
  if (principal !== undefined && principal !== run.principal) queries.runs.setPrincipal(key, principal);
  return undefined;
}

function refusalOf(queries: Queries, run: RunRow): ErrorInfo | undefined {
  if (actingPrincipal(queries, run) === undefined) return NOT_ALLOWED;
  return run.status === 'queued' ? disabledAmong(queries, [run.agent]) : undefined;
}
