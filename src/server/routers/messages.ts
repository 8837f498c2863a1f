import type { Agent, Agents } from '../../agents/agent.ts';
import type { SpawnPlan } from '../../db/operations/spawnChildren.ts';
import type { Json } from '../../protocol/json.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';
import { commandOf } from './command.ts';

export function messagesRouter({ agents, inputs, limits, scheduler }: Services) {
  return router({
    send: procedure.input(inputs.send).mutation(({ ctx, input }) => {
      if ((input.agent === undefined) === (input.agents === undefined)) {
        throw new VerbatimError('BAD_INPUT', 'Name one `agent`, or several `agents`.', {
          details: { issues: [{ path: 'agent', message: 'give agent or agents' }] },
        });
      }
      const names = input.agents ?? [input.agent ?? ''];
      const asked = names.map((name) => ({ name, ...askedAgent(agents, name, input.context) }));
      const [{ agent, context }] = asked as [(typeof asked)[0]];
      return scheduler.send({
        command: commandOf('messages.send', input, { principal: ctx.principal, limits }),
        principal: ctx.principal,
        threadId: input.threadId,
        agent: names.join('+'),
        agents: input.agents === undefined ? undefined : planOf(asked, ctx.principal, limits),
        text: input.text,
        metadata: input.metadata,
        attachments: input.attachments,
        whenBusy: input.whenBusy ?? 'queue',
        onDisconnect: input.onDisconnect ?? agent.onDisconnect,
        options: {
          ...(input.options?.temperature !== undefined && { temperature: input.options.temperature }),
          ...(input.options?.maxOutputTokens !== undefined && { maxOutputTokens: input.options.maxOutputTokens }),
        },
        context,
        maxQueued: limits.maxQueuedPerThread,
      });
    }),
  });
}

interface Asked {
  readonly name: string;
  readonly agent: Agent;
  readonly context: Json;
}

/** An agent that callers may send to, and the context as it takes it. */
function askedAgent(agents: Agents, name: string, given: Json | undefined): Omit<Asked, 'name'> {
  const agent = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (agent === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such agent.');
  const context = agent.parseContext(given);
  if (!context.ok) {
    throw new VerbatimError('BAD_INPUT', `context: ${context.issues}.`, {
      details: { issues: [{ path: 'context', message: context.issues }] },
    });
  }
  // The agent's schema holds only what JSON can.
  return { agent, context: (context.value ?? null) as Json };
}

function planOf(asked: readonly Asked[], principal: Principal, { maxDepth, maxChildRuns }: Limits): SpawnPlan {
  return { children: asked.map(({ name, context }) => ({ agent: name, task: null, context })), principal, maxDepth, maxChildRuns };
}
