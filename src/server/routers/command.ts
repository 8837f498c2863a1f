import type { Command } from '../../db/operations/command.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';

/** What was asked, by whom, under which key. The name is the procedure's. */
export function commandOf(
  name: string,
  { idempotencyKey, ...input }: { readonly idempotencyKey?: string | undefined },
  { principal, limits }: { readonly principal: Principal; readonly limits: Limits },
): Command {
  return { name, principal, key: idempotencyKey, input, receiptTtlMs: limits.receiptTtlMs };
}
