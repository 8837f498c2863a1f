import type { Services } from '../services.ts';
import { publicProcedure, router } from '../trpc.ts';

/** What callers do about who they are. */
export function authRouter({ guests, inputs }: Services) {
  return router({
    openShare: publicProcedure.input(inputs.shareSecret).mutation(({ input }) => guests.open(input.secret)),
  });
}
