import { createHash } from 'node:crypto';
import type { Json } from '../../protocol/json.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';

/** A change that somebody asks for, by a key that makes it happen once. */
export interface Command {
  readonly name: string;
  readonly principal: Principal;
  /** The address that it came from, for the audit log. */
  readonly origin?: string | undefined;
  /** Absent: the command is not remembered, and asking again does it again. */
  readonly key: string | undefined;
  /** What was asked, without the key: compared when the key comes again. */
  readonly input: unknown;
  readonly receiptTtlMs: number;
}

/**
 * Performs a command once: a second time with the same key and content gets the first answer, with other content
 * `IDEMPOTENCY_CONFLICT`. A refusal is not remembered. `again` tells that the answer is an old one.
 */
export function once<Answer extends object>(
  tx: Tx,
  command: Command,
  perform: () => Answer,
): { readonly answer: Answer; readonly again: boolean } {
  const { key } = command;
  if (key === undefined) return { answer: perform(), again: false };
  const principal = ownerOf(command.principal);
  const hash = createHash('sha256')
    .update(`${command.name}\n${canonical(command.input)}`)
    .digest('base64url');
  const known = tx.queries.receipts.get(principal, key);
  if (known !== undefined && known.at > tx.now - command.receiptTtlMs) {
    if (known.hash !== hash) {
      throw new VerbatimError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another command. Use a new key for each command.');
    }
    return { answer: known.answer as never, again: true };
  }
  const answer = perform();
  tx.queries.receipts.put({ principal, key, hash, answer: answer as unknown as Json, at: tx.now });
  return { answer, again: false };
}

/** JSON with sorted keys: equal content gives equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, child: unknown) =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );
}
