import type { Services } from '../services.ts';
import { publicProcedure } from '../trpc.ts';

/** What is exchanged for the secret of a link. */
export function shareProcedures({ guests, inputs }: Services) {
  return { openShare: publicProcedure.input(inputs.shareSecret).mutation(({ ctx, input }) => guests.open(input.secret, ctx.address)) };
}
