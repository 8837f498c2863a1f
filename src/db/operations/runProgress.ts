import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Queries } from '../queries.ts';
import type { RunProgress } from '../runStore.ts';
import { withAgents } from './settleCalls.ts';
import type { HeldRun } from './startRun.ts';
import { ownTranscript } from './transcript.ts';

export function runProgress(queries: Queries, run: HeldRun): RunProgress {
  const row = queries.runs.byKey(run.key);
  if (row === undefined) throw new VerbatimError('INTERRUPTED', `Run ${run.id} is gone.`);
  const calls = queries.toolCalls.ofRun(run.key);
  const own = ownTranscript(queries, row, { calls, seq: queries.events.head(run.thread) });
  const said = own.filter((message) => message.role === 'assistant' && message.status === 'complete');
  return {
    openCalls: withAgents(
      queries,
      calls.filter((call) => call.status === 'running'),
    ),
    lastMessage: said.at(-1),
    steps: said.length,
    calls: calls.length,
    own,
  };
}
