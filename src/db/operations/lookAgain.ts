import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
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
  const now = standingOf(queries, run);
  return 'error' in now || now.principal !== run.principal;
}

/**
 * What has become of the authority that a run was sent by, looked at when it is to begin or to go on: it is ended when its user was disabled, or
 * its agent was switched off before it began; it has the roles that its user has by now. Undefined when it may go on.
 */
export function lookAgain(tx: Tx, key: number): RunEnded | undefined {
  const { queries } = tx;
  const run = queries.runs.byKey(key);
  if (run === undefined || !isOpen(run.status)) return undefined;
  const now = standingOf(queries, run);
  if ('error' in now) return endRun(tx, run, { status: 'failed', error: now.error });
  if (now.principal !== run.principal) queries.runs.setPrincipal(key, now.principal);
  return undefined;
}

/** Whom it acts for by now, or why it does not go on. */
function standingOf(queries: Queries, run: RunRow): { readonly principal: Principal } | { readonly error: ErrorInfo } {
  const principal = actingPrincipal(queries, run);
  if (principal === undefined) return { error: NOT_ALLOWED };
  const disabled = run.status === 'queued' ? disabledAmong(queries, [run.agent]) : undefined;
  return disabled === undefined ? { principal } : { error: disabled };
}
