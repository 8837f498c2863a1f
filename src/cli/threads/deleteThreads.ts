import { createInterface } from 'node:readline/promises';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { plainLine } from '../plainText.ts';
import { withProgress } from '../progress.ts';
import { type ServerFlags, withServer } from '../withServer.ts';
import { note, writeJson } from '../writeOut.ts';

export interface DeleteFlags extends ServerFlags {
  readonly yes?: boolean;
}

/** Deletes each, one after the other: when one is refused, those before it are gone, and it says so. */
export async function deleteThreads(ids: readonly string[], flags: DeleteFlags): Promise<void> {
  await withServer(flags, async (client) => {
    if (flags.yes !== true) {
      const threads = await Promise.all(ids.map((threadId) => client.threads.get({ threadId })));
      for (const { id, title, preview } of threads) note(`${id}  ${plainLine(title ?? preview ?? '')}`.trimEnd());
      if (!(await confirmed(ids.length))) return note('Nothing was deleted.');
    }
    const deleted: { readonly threadId: string }[] = [];
    await withProgress('Deleting', async (progress) => {
      for (const threadId of ids) {
        progress.text = `Deleting ${threadId}`;
        deleted.push(await client.threads.delete({ threadId }));
        if (flags.json) continue;
        progress.stop();
        note(`${threadId} is deleted.`);
      }
    });
    if (flags.json) await writeJson(deleted);
  });
}

async function confirmed(count: number): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new VerbatimError('BAD_INPUT', 'There is nobody to ask. To delete without a question: --yes');
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  reader.once('SIGINT', () => gone.abort()).once('close', () => gone.abort());
  try {
    const answer = await reader.question(`Delete ${count === 1 ? 'it' : `these ${count}`} for good? [y/N] `, { signal: gone.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C and Ctrl-D are no.
    note('');
    return false;
  } finally {
    reader.close();
  }
}
