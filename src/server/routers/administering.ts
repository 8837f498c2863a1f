import type { Actor } from '../../db/operations/actor.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { assertMayGive } from '../assertMayGive.ts';
import type { Services } from '../services.ts';
import { procedure, verbatimErrorOf } from '../trpc.ts';

type Administered = Pick<Services, 'may' | 'roles' | 'store' | 'clock' | 'readings'>;

/**
 * A call of an administrator, by the policy's word. What failed is audited here, and so is every query and watch, once a minute when the same is read again; refusals are told like any other, and a mutation that changes
 * something adds its entry itself, with what it changes.
 */
export function administering({ may, roles, store, clock, readings }: Administered) {
  return procedure.use(async ({ ctx, path, type, next }) => {
    const { principal, address } = ctx;
    const by: Actor = {
      actor: ownerOf(principal),
      origin: address,
      within: principal.tenant,
      assertMayGive: (given) => assertMayGive(principal, given, { may, roles }),
    };
    const entry = { actor: by.actor, origin: address, action: path.replace(/^admin\./, '') };
    if (!may({ principal, action: 'administer', resource: { kind: 'server', name: path } })) {
      throw new VerbatimError('NOT_ALLOWED', 'This is for administrators.');
    }
    const result = await next({ ctx: { by, principal } });
    if (!result.ok) await store.audit.record({ ...entry, outcome: 'failed', details: { code: verbatimErrorOf(result.error).code } });
    else if (type !== 'mutation' && readings.isNew([by.actor, by.origin, path], clock.now())) {
      await store.audit.record({ ...entry, outcome: 'ok' });
    }
    return result;
  });
}

/** What is of all tenants: for administrators of the server alone. */
export function serverAdministering(services: Administered) {
  return administering(services).use(({ ctx, next }) => {
    if (ctx.by.within === undefined) return next();
    throw new VerbatimError('NOT_ALLOWED', 'This is of all tenants, for administrators of the server.');
  });
}
