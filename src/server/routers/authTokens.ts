import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthMethods, Ticket, WhoAmI } from '../../protocol/whoAmI.ts';
import { unauthenticated } from '../auth/authenticator.ts';
import type { Identity } from '../auth/authMethod.ts';
import type { Caller } from '../auth/caller.ts';
import { whoAmI } from '../auth/whoAmI.ts';
import type { Services } from '../services.ts';
import { type Context, procedure, publicProcedure } from '../trpc.ts';

/** The part of `auth` that is there whatever the methods are: who one is, and newer tokens for connections that are open. */
export function authTokenProcedures({ authenticator, inputs, clock }: Services) {
  return {
    methods: publicProcedure.query((): AuthMethods => authenticator.offered),
    whoami: procedure.query(({ ctx }): WhoAmI => whoAmI(ctx.principal, clock.now())),
    ticket: procedure.mutation(({ ctx }): Ticket => authenticator.tickets.issue(callerOf(ctx).identity)),
    renew: procedure.input(inputs.authRenew).mutation(async ({ ctx, input }): Promise<WhoAmI> => {
      const caller = callerOf(ctx);
      if (ctx.connection === undefined) {
        const message = 'Over HTTP each request has a token of its own: send the new one with the next. auth.renew is for WebSockets.';
        throw new VerbatimError('BAD_INPUT', message);
      }
      caller.renew(await newIdentity(caller, input));
      return whoAmI(caller.principal, clock.now());
    }),
  };

  async function newIdentity(
    { request }: Caller,
    input: { readonly token?: string | undefined; readonly ticket?: string | undefined },
  ): Promise<Identity> {
    const { token, ticket } = input;
    try {
      return await authenticator.identifyBy(
        ticket === undefined ? { token, via: 'params', request } : { token: ticket, via: 'ticket', request },
      );
    } catch (cause) {
      if (!(cause instanceof VerbatimError) || cause.code !== 'UNAUTHENTICATED') throw cause;
      // Not UNAUTHENTICATED: that says that the authority of the connection itself has ended.
      const message = 'The new token is not valid. The connection goes on with the one it has, as long as that lasts.';
      throw new VerbatimError('NOT_ALLOWED', message, { cause });
    }
  }
}

function callerOf({ caller }: Context): Caller {
  if (caller === undefined) throw unauthenticated();
  return caller;
}
