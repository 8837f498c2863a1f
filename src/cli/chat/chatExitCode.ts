import type { RunResult } from '../../client/runResult.ts';

/** As `--help` says. */
export const CHAT_EXIT_CODES = { completed: 0, failed: 1, cancelled: 130 } as const;

/** The worst of what became of its runs: one that failed, before one that was stopped, before those that were completed. */
export function chatExitCode(outcomes: readonly RunResult['status'][]): number {
  const worst = outcomes.includes('failed') ? 'failed' : outcomes.includes('cancelled') ? 'cancelled' : 'completed';
  return CHAT_EXIT_CODES[worst];
}
