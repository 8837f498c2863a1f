import type { Services } from '../services.ts';
import { procedure, reading, router } from '../trpc.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

export function approvalsRouter({ answers, inputs, limits, store }: Services) {
  return router({
    list: reading.input(inputs.approvalList).query(({ ctx, input }) =>
      store.runs.approvals(ctx.principal, {
        threadId: input.threadId,
        callId: input.callId,
        status: input.status,
        limit: input.limit ?? Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize),
        pageToken: input.pageToken,
        maxBytes: limits.maxPageBytes,
      }),
    ),
    decide: procedure
      .input(inputs.approvalDecide)
      .mutation(({ ctx, input }) =>
        answers.decide(
          commandOf('approvals.decide', input, { principal: ctx.principal, caller: ctx.caller, limits }),
          ctx.principal,
          input,
        ),
      ),
  });
}

export function toolCallsRouter({ answers, inputs, limits }: Services) {
  return router({
    submit: procedure
      .input(inputs.toolCallSubmit)
      .mutation(({ ctx, input }) => answers.submit(commandOf('toolCalls.submit', input, { principal: ctx.principal, limits }), input)),
  });
}
