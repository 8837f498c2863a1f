import type { Message } from '../../protocol/message.ts';
import type { Queries } from '../queries.ts';
import { messagesOf } from './views.ts';

/**
 * The messages of a thread as they stood at `seq`: what came later is left out, and an outcome that came later is not there yet. Holds for
 * every seq at which no message was streaming, such as the start of a step, and also after the events below it were folded.
 */
export function transcript(queries: Queries, thread: number, seq: number): Message[] {
  const rows = queries.messages
    .taken(thread, seq)
    .filter((row) => row.status !== 'dropped' && (row.discardedSeq === null || row.discardedSeq > seq));
  const calls = queries.toolCalls
    .ofThread(thread)
    .filter((call) => call.calledSeq <= seq)
    .map((call) =>
      call.endedSeq !== null && call.endedSeq > seq ? { ...call, status: 'running' as const, output: null, error: null } : call,
    );
  return messagesOf(queries, rows, calls);
}
