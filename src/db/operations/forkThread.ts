import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import { foldEvents } from '../../protocol/foldEvent.ts';
import type { Message, ToolCall } from '../../protocol/message.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import type { ThreadInfo } from '../../protocol/procedures.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { decodeEvent } from '../encodedEvent.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import type { StoredVerdict } from '../schema.ts';
import type { ThreadRow } from '../threads.ts';
import { assertMayCreate, openThread } from './access.ts';
import { verdictsOf } from './asModelsSee.ts';
import { type Command, once } from './command.ts';
import { getThread } from './createThread.ts';
import { OUTCOME_UNKNOWN } from './finishToolCall.ts';
import { conversation } from './transcript.ts';

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
    const source = openThread(tx, input.command.principal, input.threadId, 'read');
    const head = tx.headOf(source.key);
    const atSeq = input.atSeq ?? head;
    if (atSeq > head) {
      throw new VerbatimError('CURSOR_AHEAD', `This thread ends at ${head}: it cannot be forked at ${atSeq}.`, { details: { head } });
    }
    const { key, length } = copyThread(tx, source, { atSeq, title: input.title ?? source.title, principal: input.command.principal });
    return { ...getThread(tx, key, input.epoch), head: length };
  }).answer;
}

/** A thread of the principal's own with the messages up to a position, and with what tools keep for the thread, as it is now. */
export function copyThread(
  tx: Tx,
  source: ThreadRow,
  { atSeq, title, principal }: { readonly atSeq: number; readonly title: string | null; readonly principal: Principal },
): { readonly key: number; readonly id: string; readonly length: number } {
  const messages = messagesAt(tx, source, atSeq).filter(isHistory);
  const id = newId('thread');
  assertMayCreate(tx, principal);
  const { metadata } = source;
  const owner = ownerOf(principal);
  const { key } = tx.queries.threads.insert({
    id,
    owner,
    tenant: principal.tenant ?? null,
    title,
    metadata,
    now: tx.now,
    floor: messages.length,
  });
  for (const [index, message] of messages.entries()) copyMessage(tx, key, message, { seq: index + 1, atSeq });
  tx.queries.memories.copyThread(source.id, id);
  return { key, id, length: messages.length };
}

/**
 * The messages as a reader had them at a position. Rows hold the whole text of what was finished since, so the one message that may have
 * been streaming then is folded from its events; below the floor there are none, and it is whole.
 */
function messagesAt(tx: Tx, source: ThreadRow, atSeq: number): readonly Message[] {
  const messages = conversation(tx.queries, source.key, atSeq);
  const newest = messages.findLast((message) => message.role === 'assistant');
  const row = newest === undefined ? undefined : tx.queries.messages.byId(newest.id);
  if (newest?.role !== 'assistant' || row === undefined || row.receivedSeq <= source.floor) return messages;
  const { reasoning: _, finish: __, toolCalls, ...rest } = newest;
  let folded: readonly Message[] = [{ ...rest, text: '', status: 'streaming', toolCalls: [] }];
  for (let after = row.receivedSeq; after < atSeq; ) {
    const page = tx.queries.events.page(source.key, after, 1_000).filter((event) => event.seq <= atSeq);
    const events = page.map((event) => decodeEvent(event.json)).filter((event) => 'messageId' in event && event.messageId === newest.id);
    folded = foldEvents(events, folded);
    after = page.at(-1)?.seq ?? atSeq;
  }
  return messages.map((message) => (message === newest && folded[0]?.role === 'assistant' ? { ...folded[0], toolCalls } : message));
}

function isHistory(message: Message): boolean {
  if (message.role === 'user') return message.status === 'complete';
  return message.status !== 'discarded' && (message.text !== '' || message.toolCalls.length > 0);
}

/** What guards made of a message goes along: models see no more of the copy than of the original. */
function verdictsAt(tx: Tx, messageId: string, atSeq: number, seq: number): StoredVerdict[] | null {
  const row = tx.queries.messages.byId(messageId);
  const verdicts = row === undefined ? [] : verdictsOf(row, atSeq);
  return verdicts.length === 0 ? null : verdicts.map((verdict) => ({ ...verdict, run: null, seq }));
}

function copyMessage(tx: Tx, thread: number, message: Message, { seq, atSeq }: { readonly seq: number; readonly atSeq: number }): void {
  const key = tx.queries.messages.insert({
    id: newId('msg'),
    thread,
    role: message.role,
    status: 'complete',
    seq,
    receivedSeq: seq,
    agent: message.agent ?? null,
    // Its deltas may have been cut in the middle of a character.
    text: message.text.toWellFormed(),
    at: message.at,
    ...(message.role === 'user'
      ? {
          metadata: message.metadata ?? null,
          attachments: message.attachments ?? null,
          principalId: message.principalId ?? null,
          verdicts: verdictsAt(tx, message.id, atSeq, seq),
        }
      : { reasoning: message.reasoning?.toWellFormed() ?? null, finish: message.finish ?? 'incomplete' }),
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
      file: call.file ?? null,
      editedInput: call.editedInput ?? null,
      error: call.status === 'completed' ? null : errorOf(call),
      calledSeq: seq,
      endedSeq: seq,
    });
  }
}

/** Of a call that is open there no outcome comes to the copy. */
function errorOf({ status, waitsFor, error }: ToolCall): ErrorInfo {
  if (status === 'waiting' && waitsFor === 'approval') {
    const message = 'Nobody had decided about this call when the conversation was copied. It was not carried out.';
    return { code: 'CANCELLED', message, retryable: false };
  }
  return error ?? OUTCOME_UNKNOWN;
}
