import type { JsonObject } from '../../protocol/json.ts';
import { ownerOf } from '../../protocol/principal.ts';
import type { ImportedMessage, ThreadInfo } from '../../protocol/procedures.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import { assertMayCreate } from './access.ts';
import { type Command, once } from './command.ts';
import { threadInfo } from './views.ts';

export interface CreateInput {
  readonly command: Command;
  readonly title: string | null;
  readonly metadata: JsonObject | null;
  readonly messages: readonly ImportedMessage[];
  readonly epoch: string;
}

/**
 * Makes a thread. Imported messages are a history that is already folded: they take the first positions, there are no events for them, and
 * a reader from the beginning starts with a snapshot.
 */
export function createThread(tx: Tx, input: CreateInput): ThreadInfo {
  return once(tx, input.command, () => {
    const { title, metadata, messages, epoch } = input;
    const id = newId('thread');
    const { principal } = input.command;
    assertMayCreate(tx, principal);
    const { key } = tx.queries.threads.insert({
      id,
      owner: ownerOf(principal),
      tenant: principal.tenant ?? null,
      title,
      metadata,
      now: tx.now,
      floor: messages.length,
    });
    for (const [index, { role, text }] of messages.entries()) {
      tx.queries.messages.insert({
        id: newId('msg'),
        thread: key,
        role,
        status: 'complete',
        seq: index + 1,
        receivedSeq: index + 1,
        text,
        finish: role === 'assistant' ? 'stop' : null,
        principalId: role === 'user' ? principal.id : null,
        at: tx.now,
      });
    }
    return { ...getThread(tx, key, epoch), head: messages.length };
  }).answer;
}

export function getThread(tx: Tx, key: number, epoch: string): ThreadInfo {
  const row = tx.queries.threads.byKey(key);
  if (row === undefined) throw new Error(`thread ${key} is gone`);
  return threadInfo(tx.queries, row, epoch, tx.headOf(key));
}
