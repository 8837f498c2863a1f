import type { Usage } from '../../protocol/event.ts';
import type { RunInfo, RunStatus } from '../../protocol/procedures.ts';
import { type Paint, paintFor } from '../paint.ts';
import { shortDuration } from '../textTable.ts';

/** A status in its colour: red needs somebody, yellow may. */
export function paintStatus(shown: string, status: string, paint: Paint = paintFor(process.stdout)): string {
  // What comes from elsewhere may be a status that is not known here.
  const style = STYLES[status as RunStatus] as keyof Paint | undefined;
  return style === undefined ? shown : paint[style](shown);
}

const STYLES: Readonly<Record<RunStatus, keyof Paint>> = {
  queued: 'dim',
  running: 'cyan',
  waiting: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

/** From its start to its end, or to now. */
export function tookOf({ startedAt, endedAt }: Pick<RunInfo, 'startedAt' | 'endedAt'>, now = Date.now()): string {
  return startedAt === undefined ? '-' : shortDuration((endedAt ?? now) - startedAt);
}

export function tokensOf({ inputTokens, outputTokens }: Usage): string {
  return (inputTokens + outputTokens).toLocaleString('en-US');
}

/** In whatever the prices are given in. */
export function costOf({ cost }: Usage): string {
  if (cost === undefined) return '-';
  return cost === 0 ? '0' : cost.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** 0 completed, 1 failed, 2 cancelled. */
export function exitCodeOf(status: RunStatus): number {
  return status === 'failed' ? 1 : status === 'cancelled' ? 2 : 0;
}
