import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Queries } from '../queries.ts';
import type { RunProgress } from '../runStore.ts';
import { withAgents } from './settleCalls.ts';
import type { HeldRun } from './startRun.ts';
import { transcript } from './transcript.ts';

export function runProgress(queries: Queries, run: HeldRun): RunProgress {
  const row = queries.runs.byKey(run.key);
  if (row === undefined) throw new VerbatimError('INTERRUPTED', `Run ${run.id} is gone.`);
  const messages = transcript(queries, row, queries.events.head(run.thread));
  const own = messages.filter((message) => message.role === 'assistant' && message.runId === run.id && message.status === 'complete');
  return {
    openCalls: withAgents(queries, queries.toolCalls.running(run.key)),
    lastMessage: own.at(-1),
    steps: own.length,
    calls: queries.toolCalls.count(run.key),
    transcript: messages,
  };
}
