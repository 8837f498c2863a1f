import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Logins } from '../auth/logins.ts';
import type { Services } from '../services.ts';
import { type Context, procedure, publicProcedure } from '../trpc.ts';

/** Logging in and out. What is said here comes before anybody is known, so each call says where it comes from. */
export function loginProcedures({ authenticator, inputs }: Services) {
  const logins = (): Logins => {
    if (authenticator.logins !== undefined) return authenticator.logins;
    throw new VerbatimError(
      'NOT_FOUND',
      'Nobody logs in here with a password. To change that, add password() to the `auth` of the server.',
    );
  };
  return {
    login: publicProcedure.input(inputs.login).mutation(({ ctx, input }) => logins().logIn(input, ctx.address)),
    refresh: publicProcedure.input(inputs.refresh).mutation(({ ctx, input }) => logins().refresh(input.refreshToken, ctx.address)),
    logout: publicProcedure.input(inputs.logout).mutation(async ({ ctx, input: { refreshToken } }) => {
      const { address } = ctx;
      await logins().logOut(refreshToken === undefined ? { id: loginOf(ctx) } : { refreshToken }, address);
      return {};
    }),
    changePassword: procedure.input(inputs.changePassword).mutation(async ({ ctx, input }) => {
      const to = logins();
      await to.changePassword(loginOf(ctx), input, ctx.address);
      return {};
    }),
  };
}

/** The login by whose token the caller came. */
function loginOf({ caller, principal }: Context): string {
  const { method, credentialId } = caller?.identity ?? {};
  if (method === 'password' && credentialId !== undefined) return credentialId;
  throw new VerbatimError(
    'BAD_INPUT',
    `${principal.id} did not log in with a password on this connection. Use the access token of a login.`,
  );
}
