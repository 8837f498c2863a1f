import type { CreatedKey } from '../../protocol/accounts.ts';
import { newApiKey } from '../auth/apiKeyText.ts';
import type { Services } from '../services.ts';
import { router } from '../trpc.ts';
import { administering } from './administering.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

/** Keys for programs. */
export function adminKeysRouter(services: Services) {
  const { callers, inputs, limits, store } = services;
  const administrator = administering(services);
  return router({
    list: administrator
      .input(inputs.keyList)
      .query(({ ctx, input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), ...page } }) =>
        store.accounts.keys(ctx.by, { limit, ...page }),
      ),
    create: administrator.input(inputs.keyCreate).mutation(async ({ ctx, input }): Promise<CreatedKey> => {
      const { text, ...key } = newApiKey();
      const command = commandOf('admin.keys.create', input, { principal: ctx.principal, limits });
      const { info, isNew } = await store.accounts.createKey(command, { ...input, ...key }, ctx.by);
      return isNew ? { ...info, key: text } : info;
    }),
    revoke: administrator.input(inputs.key).mutation(async ({ ctx, input }) => {
      const key = await store.accounts.revokeKey(input.keyId, ctx.by);
      callers.lookAgain({ credentialId: key.id });
      return key;
    }),
  });
}
