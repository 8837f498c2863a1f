import { openNotices } from '../live/openLive.ts';
import type { Services } from '../services.ts';
import { keepsOnlyParsed, procedure, router } from '../trpc.ts';

export function noticesRouter(services: Services) {
  return router({
    watch: procedure
      .input(services.inputs.noticeWatch)
      .use(keepsOnlyParsed)
      .subscription(async ({ ctx }) => openNotices(services, ctx)),
  });
}
