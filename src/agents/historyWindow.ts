import type { TranscriptMessage } from '../db/operations/transcript.ts';
import { isSaid } from './compileTranscript.ts';

/** A transcript in two: what may be left out of a request, and what may not. */
export interface HistoryWindow {
  /** Before the message that is being answered. */
  readonly before: readonly TranscriptMessage[];
  /** That message, and what has come of it. */
  readonly current: readonly TranscriptMessage[];
}

/** What a model would see of the transcript, split at the beginning of a run. */
export function splitHistory(messages: readonly TranscriptMessage[], runId: string): HistoryWindow {
  const seen = messages.filter(isSaid);
  const own = seen.findIndex((message) => message.runId === runId);
  // The message that a run answers may be another's, such as that of the run that asked for it.
  const from = own === -1 ? seen.length : own + 1;
  const start = seen.slice(0, from).findLastIndex((message) => message.role === 'user');
  return start === -1 ? { before: [], current: seen } : { before: seen.slice(0, start), current: seen.slice(start) };
}

/**
 * The longest end of `before` that `fits` and begins with a message of the user: some providers refuse another beginning, and no answer comes
 * without its question, no tool's result without its call.
 */
export async function longestEnd(
  before: readonly TranscriptMessage[],
  fits: (message: TranscriptMessage) => boolean | Promise<boolean>,
): Promise<readonly TranscriptMessage[]> {
  let start = before.length;
  for (let index = before.length - 1; index >= 0; index--) {
    const message = before[index];
    if (message === undefined || !(await fits(message))) break;
    if (message.role === 'user') start = index;
  }
  return before.slice(start);
}

/** Asked for one message after the other, newest first: whether this one fits too. */
export function within(
  budget: number,
  costOf: (message: TranscriptMessage) => number | Promise<number>,
): (message: TranscriptMessage) => Promise<boolean> {
  let left = budget;
  return async (message) => {
    left -= await costOf(message);
    return left >= 0;
  };
}
