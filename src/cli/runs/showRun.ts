import type { Client } from '../../client/client.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import type { AnyEvent } from '../../protocol/event.ts';
import type { RunInfo } from '../../protocol/procedures.ts';
import { paintFor } from '../paint.ts';
import { withProgress } from '../progress.ts';
import { readPages, type ServerFlags, withServer } from '../withServer.ts';
import { write, writeJson } from '../writeOut.ts';
import { type RunTree, runTree } from './runTree.ts';
import { headLines, treeLines } from './treeLines.ts';

/** Prints what the run did until now, whether it has ended or not. */
export async function showRun(id: string, flags: ServerFlags): Promise<void> {
  const tree = await withProgress(`Reading ${id}`, () => withServer(flags, (client) => readTree(client, id)));
  if (flags.json) return writeJson(tree);
  const options = { paint: paintFor(process.stdout), width: process.stdout.columns, now: Date.now() };
  const parts = treeLines(tree, options);
  const lines = [...headLines(tree, options), ...(parts.length === 0 ? [] : ['', ...parts])];
  await write(`${lines.join('\n')}\n`);
  if (tree.isFolded) await write(`\n${options.paint.dim('Its events are folded: only messages remain, without times.')}\n`);
}

async function readTree(client: Client<JsonApi>, id: string): Promise<RunTree> {
  const run = await client.run(id).info();
  const events = await readEvents(client, run);
  // After the events, so that no run that they tell of is missing.
  const { rows } = await readPages(Number.POSITIVE_INFINITY, (page) => client.trpc.runs.list.query({ ...page, threadId: run.threadId }));
  const runs = familyOf(rows, id);
  const steps = await Promise.all(
    runs.map((of) => readPages(Number.POSITIVE_INFINITY, (page) => client.trpc.runs.steps.query({ ...page, runId: of.id }))),
  );
  return runTree(id, { runs, events, steps: steps.flatMap((page) => page.rows) });
}

/** Of the run and those under it: to its end, or up to where the thread is now. */
async function readEvents(client: Client<JsonApi>, run: RunInfo): Promise<readonly AnyEvent[]> {
  const events: AnyEvent[] = [];
  const keep = (event: AnyEvent): void => {
    if (event.type !== 'text.delta' && event.type !== 'reasoning.delta' && event.type !== 'tool.input.delta') events.push(event);
  };
  if (run.endedAt !== undefined) {
    for await (const event of client.run(run.id)) keep(event);
    return events;
  }
  const { head } = await client.threads.get({ threadId: run.threadId });
  if (head < run.firstSeq) return events;
  // All that is opt-in too: what is left out at the head would be waited for.
  const watch = client.thread(run.threadId).watch({ after: run.firstSeq - 1, include: ['tool.input.delta'] });
  for await (const event of watch) {
    keep(event);
    if (event.seq >= head) break;
  }
  return events;
}

/** The run and all under it. */
function familyOf(runs: readonly RunInfo[], id: string): readonly RunInfo[] {
  const family = new Set([id]);
  for (const run of [...runs].sort((a, b) => a.firstSeq - b.firstSeq)) if (family.has(run.parentRunId ?? '')) family.add(run.id);
  return runs.filter((run) => family.has(run.id));
}
