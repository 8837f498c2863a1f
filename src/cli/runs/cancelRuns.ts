import type { Client } from '../../client/client.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import type { RunInfo } from '../../protocol/procedures.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { type Progress, withProgress } from '../progress.ts';
import { type ServerFlags, withServer } from '../withServer.ts';
import { note, writeJson } from '../writeOut.ts';

/** A tool that ignores its signal is given up after the server's grace, whose default is seconds. */
const MAX_WAIT_MS = 60_000;
const WAIT_MS = 10_000;

/** Asks for the end of each, and waits until it is there. One that had ended already stays what it is. */
export async function cancelRuns(ids: readonly string[], flags: ServerFlags): Promise<void> {
  await withProgress('Asking the server', (progress) =>
    withServer(flags, async (client) => {
      const runs: RunInfo[] = [];
      for (const id of ids) {
        const { endedAt, status } = await client.run(id).info();
        const run = endedAt === undefined ? await cancelled(client, id, progress) : undefined;
        runs.push(run ?? (await client.run(id).info()));
        if (flags.json) continue;
        progress.stop();
        note(run === undefined ? `${id} had ${ENDED[status] ?? 'ended'} already.` : `${id} ${ENDED_NOW[run.status] ?? 'has ended'}.`);
      }
      if (flags.json) await writeJson(runs);
    }),
  );
}

const ENDED: Readonly<Record<string, string>> = { completed: 'completed', failed: 'failed', cancelled: 'been cancelled' };
/** It may have come to its own end while it was told. */
const ENDED_NOW: Readonly<Record<string, string>> = { completed: 'completed first', failed: 'failed', cancelled: 'is cancelled' };

async function cancelled(client: Client<JsonApi>, id: string, progress: Progress): Promise<RunInfo> {
  progress.text = `Cancelling ${id}`;
  let run = await client.run(id).cancel();
  for (const until = Date.now() + MAX_WAIT_MS; run.endedAt === undefined && Date.now() < until; ) {
    run = await client.trpc.runs.wait.query({ runId: id, timeoutMs: WAIT_MS });
  }
  if (run.endedAt !== undefined) return run;
  throw new VerbatimError('TIMEOUT', `${id} has been told to end, and has not yet. Look again: verbatim runs show ${id}`);
}
