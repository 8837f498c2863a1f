import { type Client, isTerminalEvent, type JsonApi, VerbatimError } from 'verbatim-agents/client';

/** The position of a run's last event: up to there a fork has its answer. Throws for a run whose events were folded away. */
export async function endOfRun(
  client: Client<JsonApi>,
  { threadId, runId }: { readonly threadId: string; readonly runId: string },
): Promise<number> {
  const { firstSeq } = await client.run(runId).info();
  for await (const event of client.thread(threadId).watch({ after: firstSeq - 1, mode: 'messages' })) {
    if (event.type === 'thread.snapshot') break;
    if (event.runId === runId && isTerminalEvent(event)) return event.seq;
  }
  throw new VerbatimError('NOT_FOUND', 'This part of the thread is too old to be forked from. Fork from its last answer.');
}
