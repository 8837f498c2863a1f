import type { Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import type { MessageRow } from '../messages.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';
import { type Accepted, type AcceptInput, acceptMessage, assertMaySend } from './acceptMessage.ts';
import { type Authority, noSuch, threadOf } from './access.ts';
import { once } from './command.ts';
import { copyThread } from './forkThread.ts';

/** A message of the user, and what it was sent with. */
export interface SentMessage {
  readonly message: MessageRow;
  readonly thread: ThreadRow;
  /** Undefined for one that was imported, or copied by a fork. */
  readonly run: RunRow | undefined;
}

/** A message of the user that the caller may read. What is another's and what does not exist look the same. */
export function sentMessage(authority: Authority, principal: Principal, messageId: string): SentMessage {
  const { queries } = authority;
  const message = queries.messages.byId(messageId);
  const thread = threadOf(authority, principal, { key: message?.thread, action: 'read', what: 'message' });
  if (message === undefined) throw noSuch('message');
  if (message.role !== 'user') throw new VerbatimError('BAD_INPUT', 'Only a message of the user can be edited or answered again.');
  return { message, thread, run: message.run === null ? undefined : queries.runs.byKey(message.run) };
}

/**
 * A fork that ends just before a message of the user, with another text sent in its place. The thread that it was in stays as it is. A
 * message that still waits has no place yet: `RUN_OPEN`.
 */
export function editMessage(tx: Tx, input: AcceptInput, messageId: string): Accepted {
  let effects: Omit<Accepted, 'receipt'> = {};
  const { answer } = once(tx, input.command, () => {
    const { message, thread } = sentMessage(tx, input.principal, messageId);
    if (message.seq === null) {
      throw new VerbatimError('RUN_OPEN', 'This message still waits for its turn. Cancel its run, or wait until it has begun.');
    }
    assertMaySend(tx, input);
    const fork = copyThread(tx, thread, { atSeq: message.seq - 1, title: thread.title, principal: input.principal });
    // The command is the edit: the send within it is not remembered by itself.
    const { receipt, ...rest } = acceptMessage(tx, { ...input, command: { ...input.command, key: undefined }, threadId: fork.id });
    effects = rest;
    return receipt;
  });
  return { receipt: answer, ...effects };
}
