import type { SettingInfo } from '../../protocol/accounts.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { openMetrics } from '../live/openLive.ts';
import type { Services } from '../services.ts';
import { keepsOnlyParsed } from '../trpc.ts';
import { serverAdministering } from './administering.ts';

/** What the server itself is set to, and how it does. */
export function adminServerProcedures(services: Services) {
  const { inputs, may, sampler, settings } = services;
  const administrator = serverAdministering(services);
  return {
    settings: administrator.query((): readonly SettingInfo[] => settings()),
    metrics: administrator.input(inputs.metrics).query(({ input }) => sampler.report(input.range)),
    watchMetrics: administrator
      .input(inputs.noticeWatch)
      .use(keepsOnlyParsed)
      .subscription(async ({ ctx, path }) =>
        openMetrics(services, ctx, async () => {
          const principal = ctx.caller?.principal;
          if (principal !== undefined && may({ principal, action: 'administer', resource: { kind: 'server', name: path } })) return;
          throw new VerbatimError('NOT_ALLOWED', 'This is for administrators.');
        }),
      ),
  };
}
