import type { Store } from '../db/sqliteStore.ts';
import type { Principal } from '../protocol/principal.ts';

/** Rows of a part that are in memory at once. A message may have a mebibyte. */
const MESSAGES = 10;
const RUNS = 100;
const EVENTS = 500;
const EVENTS_LENGTH = 256 * 1024;

/**
 * A thread as one JSON document, in pieces: the thread, its runs, its messages, what is known of its files, and its events up to where it was
 * at the beginning. `principal` is asked for before each piece: it throws when the caller may no longer read. Holds one page in memory.
 */
export async function* exportThread(
  { threads, runs, log }: Pick<Store, 'threads' | 'runs' | 'log'>,
  { principal, threadId, at }: { readonly principal: () => Principal; readonly threadId: string; readonly at: number },
): AsyncGenerator<string> {
  const thread = await threads.get(principal(), threadId);
  const key = await threads.keyOf(principal(), threadId);
  yield `{"format":"verbatim.thread","version":1,"exportedAt":${at},"thread":${JSON.stringify(thread)}`;
  yield* list('files', async function* () {
    yield await threads.files(principal(), threadId);
  });
  yield* list('runs', async function* () {
    for (let pageToken: string | undefined; ; ) {
      const page = await runs.list(principal(), { threadId, status: undefined, limit: RUNS, pageToken });
      yield page.items;
      pageToken = page.nextPageToken;
      if (pageToken === undefined) return;
    }
  });
  yield* list('messages', async function* () {
    for (let after: number | undefined; ; ) {
      const page = await threads.oldest(principal(), threadId, { after, limit: MESSAGES });
      yield page.items;
      after = page.next;
      if (after === undefined) return;
    }
  });
  yield ',"events":[';
  let separator = '';
  for (let after = thread.floor; after < thread.head; ) {
    // What was deleted meanwhile is not there; what is no longer the caller's is not read.
    await threads.keyOf(principal(), threadId);
    const page = (await log.page(key, after, EVENTS, EVENTS_LENGTH)).filter(({ seq }) => seq <= thread.head);
    const last = page.at(-1);
    if (last === undefined) break;
    yield separator + page.map((event) => event.json).join(',\n');
    separator = ',\n';
    after = last.seq;
  }
  yield ']}\n';
}

async function* list(name: string, pages: () => AsyncGenerator<readonly unknown[]>): AsyncGenerator<string> {
  yield `,"${name}":[`;
  let separator = '';
  for await (const page of pages()) {
    if (page.length === 0) continue;
    yield separator + page.map((item) => JSON.stringify(item)).join(',\n');
    separator = ',\n';
  }
  yield ']';
}
