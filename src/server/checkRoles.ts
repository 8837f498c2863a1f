import { z } from 'zod';
import type { Roles } from '../protocol/roles.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

const name = z.string().min(1);
const schema = z.record(
  name,
  z.strictObject({
    tier: name.optional(),
    scopes: z.array(name).optional(),
    threads: z.enum(['read', 'write', 'manage']).optional(),
    inspect: z.boolean().optional(),
    administer: z.array(name).optional(),
    gives: z.array(name).optional(),
  }),
);

/** For those whom no compiler tells. Throws `CONFIG_INVALID`. */
export function checkRoles(roles: Roles | undefined): void {
  if (roles === undefined) return;
  const parsed = schema.safeParse(roles);
  const issue = parsed.error?.issues[0];
  if (issue !== undefined) throw new VerbatimError('CONFIG_INVALID', `roles.${issue.path.join('.')}: ${issue.message}.`);
  if (!Object.hasOwn(roles, 'admin')) return;
  throw new VerbatimError('CONFIG_INVALID', 'The role "admin" is the server\'s own. Give yours another name, or use `policy`.');
}
