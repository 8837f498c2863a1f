import type { Services } from '../services.ts';
import { procedure, reading, router } from '../trpc.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

/** What there is to know of files. Their bytes come and go over HTTP: see `fileRoutes`. */
export function filesRouter({ store, inputs, limits }: Services) {
  return router({
    get: reading.input(inputs.file).query(async ({ ctx, input }) => {
      const { sha256: _, ...info } = await store.files.get(ctx.principal, input.fileId);
      return info;
    }),
    list: reading
      .input(inputs.fileList)
      .query(({ ctx, input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), pageToken } }) =>
        store.files.list(ctx.principal, { limit, pageToken }),
      ),
    delete: procedure
      .input(inputs.fileCommand)
      .mutation(({ ctx, input }) =>
        store.files.delete(commandOf('files.delete', input, { principal: ctx.principal, caller: ctx.caller, limits }), input.fileId),
      ),
  });
}
