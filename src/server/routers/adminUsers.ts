import type { Actor } from '../../db/operations/actor.ts';
import type { UserAct } from '../../db/operations/changeUser.ts';
import type { UserInfo } from '../../protocol/accounts.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Logins } from '../auth/logins.ts';
import type { Services } from '../services.ts';
import { router } from '../trpc.ts';
import { administering } from './administering.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

/** Those who log in, and whom keys belong to. */
export function adminUsersRouter(services: Services) {
  const { authenticator, callers, inputs, limits, store } = services;
  const administrator = administering(services);
  const logins = (): Logins => {
    if (authenticator.logins !== undefined) return authenticator.logins;
    throw new VerbatimError('BAD_INPUT', 'A password would be of no use: nobody logs in here. Add password() to the `auth` of the server.');
  };
  const change = async (userId: string, act: UserAct, by: Actor): Promise<UserInfo> => {
    const user = await store.accounts.changeUser(userId, act, by);
    const { id, tenant } = user;
    callers.lookAgain({ owner: ownerOf({ id, ...(tenant !== undefined && { tenant }) }) });
    return user;
  };
  return router({
    list: administrator
      .input(inputs.adminPage)
      .query(({ ctx, input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), pageToken } }) =>
        store.accounts.users(ctx.by, { limit, pageToken }),
      ),
    create: administrator.input(inputs.userCreate).mutation(async ({ ctx, input }) => {
      // No trace of a password stays in a receipt.
      const { password, ...rest } = input;
      const passwordHash = password === undefined ? undefined : await logins().hashNew(password, input.name);
      const command = commandOf('admin.users.create', rest, { principal: ctx.principal, limits });
      return store.accounts.createUser(command, { ...rest, passwordHash }, ctx.by);
    }),
    disable: administrator.input(inputs.user).mutation(({ ctx, input }) => change(input.userId, { act: 'disable' }, ctx.by)),
    enable: administrator.input(inputs.user).mutation(({ ctx, input }) => change(input.userId, { act: 'enable' }, ctx.by)),
    setRoles: administrator
      .input(inputs.userRoles)
      .mutation(({ ctx, input }) => change(input.userId, { act: 'setRoles', roles: input.roles }, ctx.by)),
    setTier: administrator
      .input(inputs.userTier)
      .mutation(({ ctx, input }) => change(input.userId, { act: 'setTier', tier: input.tier }, ctx.by)),
    setPassword: administrator.input(inputs.userPassword).mutation(async ({ ctx, input }) => {
      const name = await store.accounts.userName(input.userId, ctx.by);
      const passwordHash = await logins().hashNew(input.password, name);
      return change(input.userId, { act: 'setPassword', passwordHash }, ctx.by);
    }),
    logOut: administrator.input(inputs.user).mutation(({ ctx, input }) => change(input.userId, { act: 'logOut' }, ctx.by)),
  });
}
