import type { StoredEvent } from '../../protocol/event.ts';
import { foldEvents } from '../../protocol/foldEvent.ts';
import type { Message } from '../../protocol/message.ts';
import type { ThreadInfo } from '../../protocol/procedures.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { decodeEvent } from '../encodedEvent.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import type { ThreadRow } from '../threads.ts';
import { ownThread } from './access.ts';
import { type Command, once } from './command.ts';
import { getThread } from './createThread.ts';
import { OUTCOME_UNKNOWN } from './finishToolCall.ts';
import { transcript } from './transcript.ts';

export interface ForkInput {
  readonly command: Command;
  readonly threadId: string;
  /** Absent: the head. */
  readonly atSeq: number | undefined;
  readonly title: string | undefined;
  readonly epoch: string;
}

/**
 * A new thread with the history of another up to a position, text that was streaming then included. Its history is folded: what was
 * unfinished at that position is so for good, and no run comes along.
 */
export function forkThread(tx: Tx, input: ForkInput): ThreadInfo {
  return once(tx, input.command, () => {
    const source = ownThread(tx.queries, input.command.principalId, input.threadId);
    const head = tx.headOf(source.key);
    const atSeq = input.atSeq ?? head;
    if (atSeq > head) {
      throw new VerbatimError('CURSOR_AHEAD', `This thread ends at ${head}: it cannot be forked at ${atSeq}.`, { details: { head } });
    }
    const messages = messagesAt(tx, source, atSeq).filter(isHistory);
    const key = tx.queries.threads.insert({
      id: newId('thread'),
      owner: source.owner,
      title: input.title ?? source.title,
      metadata: source.metadata,
      now: tx.now,
      floor: messages.length,
    });
    for (const [index, message] of messages.entries()) copyMessage(tx, key, message, index + 1);
    return { ...getThread(tx, key, input.epoch), head: messages.length };
  }).answer;
}

/** The messages as a reader had them at a position: by the log where it still has events, by the folded messages below. */
function messagesAt(tx: Tx, source: ThreadRow, atSeq: number): readonly Message[] {
  if (atSeq <= source.floor) return transcript(tx.queries, source.key, atSeq);
  const events: StoredEvent[] = [];
  for (let after = source.floor; after < atSeq; ) {
    const page = tx.queries.events.page(source.key, after, 1_000).filter((event) => event.seq <= atSeq);
    if (page.length === 0) break;
    for (const event of page) events.push(decodeEvent(event.json));
    after = page[page.length - 1]?.seq ?? atSeq;
  }
  return foldEvents(events, transcript(tx.queries, source.key, source.floor));
}

function isHistory(message: Message): boolean {
  if (message.role === 'user') return message.status === 'complete';
  return message.status !== 'discarded' && (message.text !== '' || message.toolCalls.length > 0);
}

function copyMessage(tx: Tx, thread: number, message: Message, seq: number): void {
  const key = tx.queries.messages.insert({
    id: newId('msg'),
    thread,
    role: message.role,
    status: 'complete',
    seq,
    receivedSeq: seq,
    agent: message.agent ?? null,
    text: message.text,
    at: message.at,
    ...(message.role === 'user'
      ? { metadata: message.metadata ?? null, principalId: message.principalId ?? null }
      : { reasoning: message.reasoning ?? null, finish: message.finish ?? 'incomplete' }),
  });
  if (message.role === 'user') return;
  for (const call of message.toolCalls) {
    tx.queries.toolCalls.insert({
      id: newId('call'),
      thread,
      message: key,
      tool: call.tool,
      input: call.input ?? null,
      rejected: call.rejected ?? null,
      status: call.status === 'completed' ? 'completed' : 'failed',
      output: call.output ?? null,
      error: call.status === 'running' ? OUTCOME_UNKNOWN : (call.error ?? null),
      calledSeq: seq,
      endedSeq: seq,
    });
  }
}
