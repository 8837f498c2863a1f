import type { Services } from '../services.ts';
import { procedure, reading, router } from '../trpc.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

/** What tools keep about the caller: to be seen, and to be forgotten. */
export function memoryRouter({ inputs, limits, store }: Services) {
  return router({
    list: reading.input(inputs.memoryList).query(({ ctx, input }) =>
      store.memories.listOwn(ctx.principal, input.threadId, {
        prefix: input.prefix ?? '',
        limit: input.limit ?? Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize),
        pageToken: input.pageToken,
        maxBytes: limits.maxPageBytes,
      }),
    ),
    delete: procedure.input(inputs.memoryDelete).mutation(({ ctx, input }) =>
      store.memories.forget(commandOf('memory.delete', input, { principal: ctx.principal, limits }), {
        threadId: input.threadId,
        key: input.key,
      }),
    ),
    clear: procedure.input(inputs.memoryClear).mutation(({ ctx, input }) =>
      store.memories.forget(commandOf('memory.clear', input, { principal: ctx.principal, limits }), {
        threadId: input.threadId,
        key: undefined,
      }),
    ),
  });
}
