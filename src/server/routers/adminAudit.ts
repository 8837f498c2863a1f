import type { Services } from '../services.ts';
import { router } from '../trpc.ts';
import { administering } from './administering.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

/** Who did what. */
export function adminAuditRouter(services: Services) {
  const { inputs, limits, store } = services;
  return router({
    list: administering(services)
      .input(inputs.auditList)
      .query(({ ctx, input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), ...filter } }) =>
        store.audit.list(ctx.by, { ...filter, limit }),
      ),
  });
}
