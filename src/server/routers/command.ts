import type { Command } from '../../db/operations/command.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { Caller } from '../auth/caller.ts';

/** What was asked, by whom and from where, under which key. The name is the procedure's. */
export function commandOf(
  name: string,
  { idempotencyKey, ...input }: { readonly idempotencyKey?: string | undefined },
  by: { readonly principal: Principal; readonly caller?: Pick<Caller, 'address'> | undefined; readonly limits: Limits },
): Command {
  const { principal, caller, limits } = by;
  return { name, principal, origin: caller?.address, key: idempotencyKey, input, receiptTtlMs: limits.receiptTtlMs };
}
