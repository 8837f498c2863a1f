import type { RunStatus } from '../protocol/procedures.ts';

/**
 * The states of a run and where each may go:
 *
 *     queued -> running <-> waiting -> (completed | failed | cancelled)
 *     queued -> failed | cancelled        without ever having started
 *     running -> running                  resumed: the next attempt
 */
export const RUN_TRANSITIONS: { readonly [From in RunStatus]: readonly RunStatus[] } = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['running', 'waiting', 'completed', 'failed', 'cancelled'],
  waiting: ['running', 'waiting', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export const isOpen = (status: RunStatus): boolean => RUN_TRANSITIONS[status].length > 0;
