import type { Queries } from '../queries.ts';
import type { RunProgress } from '../runStore.ts';
import type { HeldRun } from './startRun.ts';
import { transcript } from './transcript.ts';

export function runProgress(queries: Queries, run: HeldRun): RunProgress {
  const messages = transcript(queries, run.thread, queries.events.head(run.thread));
  const own = messages.filter((message) => message.role === 'assistant' && message.runId === run.id && message.status === 'complete');
  return {
    openCalls: queries.toolCalls.running(run.key),
    lastMessage: own.at(-1),
    steps: own.length,
    transcript: messages,
  };
}
