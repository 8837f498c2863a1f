import type { SnapshotRun, ThreadSnapshot } from '../../protocol/event.ts';
import { foldEvents } from '../../protocol/foldEvent.ts';
import type { AssistantMessage, Message } from '../../protocol/message.ts';
import { decodeEvent } from '../encodedEvent.ts';
import type { MessageRow } from '../messages.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import { descendantsOf } from './lineage.ts';
import { messagesOf } from './views.ts';

/** How many messages a snapshot holds; older ones are paged by `threads.messages`. */
export const SNAPSHOT_MESSAGES = 200;

/** The thread as it stands at its head, text that streams included. Its readers go on after `seq`. */
export function snapshotThread(queries: Queries, thread: number, now: number, maxBytes?: number): ThreadSnapshot {
  const seq = queries.events.head(thread);
  const newest = queries.messages.newest(thread, { limit: SNAPSHOT_MESSAGES, maxBytes });
  const rows = newest.rows.toReversed();
  const messages = messagesOf(queries, rows, queries.toolCalls.ofMessages(rows.map((row) => row.key)));
  const active = queries.runs.openOfThread(thread).find((run) => run.status !== 'queued');
  const streaming = rows.find((row) => row.status === 'streaming');
  return {
    type: 'thread.snapshot',
    seq,
    at: now,
    messages: streaming === undefined ? messages : withStreamedText(queries, thread, messages, streaming.receivedSeq),
    ...(active !== undefined ? { activeRunId: active.id, runs: runsOf(queries, active) } : ended(queries, rows)),
    earlier: newest.more,
  };
}

/** How the last answer ended: that it failed, and why, is in no message. */
function ended(queries: Queries, rows: readonly MessageRow[]): Pick<ThreadSnapshot, 'runs'> {
  let run = queries.runs.byKey(rows.at(-1)?.run ?? 0);
  while (run !== undefined && run.parent !== null) run = queries.runs.byKey(run.parent);
  if (run === undefined || run.endedAt === null || run.thread !== rows.at(-1)?.thread) return {};
  const { id, agent, status, attempt, error } = run;
  return { runs: [{ id, agent, status, attempt, ...(error !== null && { error }) }] };
}

function runsOf(queries: Queries, root: RunRow): readonly SnapshotRun[] {
  const family = [root, ...descendantsOf(queries, root)];
  const idOf = new Map(family.map(({ key, id }) => [key, id]));
  return family.map(({ id, agent, status, attempt, parent, parentCallId, currentAgent }) => {
    const parentRunId = parent === null ? undefined : idOf.get(parent);
    return {
      id,
      agent,
      status,
      attempt,
      ...(parentRunId !== undefined && { parentRunId }),
      ...(parentCallId !== null && { parentCallId }),
      ...(currentAgent !== null && { currentAgent }),
    };
  });
}

/** What is left to a watcher of one run whose events are folded: its messages and those of the runs under it, just before its terminal event. */
export function snapshotRun(queries: Queries, run: RunRow, now: number): ThreadSnapshot {
  const family = [run, ...descendantsOf(queries, run)];
  const rows = family
    .flatMap(({ key }) => queries.messages.ofRun(key))
    .toSorted((a, b) => (a.seq ?? a.receivedSeq) - (b.seq ?? b.receivedSeq));
  const messages = messagesOf(queries, rows, queries.toolCalls.ofMessages(rows.map((row) => row.key)));
  return { type: 'thread.snapshot', seq: (run.lastSeq ?? 1) - 1, at: now, messages, earlier: false };
}

/** Rows hold a message's text once it is finished; until then its deltas do. */
function withStreamedText(queries: Queries, thread: number, messages: readonly Message[], fromSeq: number): readonly Message[] {
  const streaming = new Map<string, AssistantMessage>();
  for (const message of messages) if (message.role === 'assistant' && message.status === 'streaming') streaming.set(message.id, message);
  for (let after = fromSeq; ; ) {
    const page = queries.events.page(thread, after, 1_000);
    for (const stored of page) {
      after = stored.seq;
      const message = stored.head === undefined ? undefined : streaming.get(stored.head.messageId);
      if (message === undefined) continue;
      const [folded] = foldEvents([decodeEvent(stored.json)], [message]);
      if (folded?.role === 'assistant') streaming.set(folded.id, folded);
    }
    if (page.length === 0) return messages.map((message) => streaming.get(message.id) ?? message);
  }
}
