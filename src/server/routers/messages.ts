import type { Json } from '../../protocol/json.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';
import { commandOf } from './command.ts';

export function messagesRouter({ agents, inputs, limits, scheduler }: Services) {
  return router({
    send: procedure.input(inputs.send).mutation(({ ctx, input }) => {
      const agent = Object.hasOwn(agents, input.agent) ? agents[input.agent] : undefined;
      if (agent === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such agent.');
      const context = agent.parseContext(input.context);
      if (!context.ok) {
        throw new VerbatimError('BAD_INPUT', `context: ${context.issues}.`, {
          details: { issues: [{ path: 'context', message: context.issues }] },
        });
      }
      return scheduler.send({
        command: commandOf('messages.send', input, { principal: ctx.principal, limits }),
        principal: ctx.principal,
        threadId: input.threadId,
        agent: input.agent,
        text: input.text,
        metadata: input.metadata,
        whenBusy: input.whenBusy ?? 'queue',
        onDisconnect: input.onDisconnect ?? agent.onDisconnect,
        options: {
          ...(input.options?.temperature !== undefined && { temperature: input.options.temperature }),
          ...(input.options?.maxOutputTokens !== undefined && { maxOutputTokens: input.options.maxOutputTokens }),
        },
        // The agent's schema holds only what JSON can.
        context: (context.value ?? null) as Json,
        maxQueued: limits.maxQueuedPerThread,
      });
    }),
  });
}
