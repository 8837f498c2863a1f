import type { Agents } from '../../agents/agent.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { acceptInputOf } from '../acceptInput.ts';
import type { Services } from '../services.ts';
import { observedSend } from '../telemetry/observedSend.ts';
import { procedure, router } from '../trpc.ts';
import { commandOf } from './command.ts';

export function messagesRouter(services: Services) {
  const { agents, inputs, limits, scheduler, store } = services;
  return router({
    send: procedure.input(inputs.send).mutation(({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const { agent, context } = input;
      const several = input.agents;
      if ((agent === undefined) === (several === undefined)) {
        throw new VerbatimError('BAD_INPUT', 'Name one `agent`, or several `agents`.', {
          details: { issues: [{ path: 'agent', message: 'give agent or agents' }] },
        });
      }
      const command = commandOf('messages.send', input, { principal, limits });
      const accepted = acceptInputOf(services, { ...input, principal, command, to: several ?? agent ?? '', context });
      const message = { ...accepted, threadId: input.threadId, whenBusy: input.whenBusy ?? 'queue' };
      return observedSend({ ctx, agent: accepted.agent, traceparent }, (trace) => scheduler.send({ ...message, ...trace }));
    }),
    edit: procedure.input(inputs.messageEdit).mutation(async ({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const { message, run } = await store.runs.sentMessage(principal, input.messageId);
      // Another's context is nothing that its readers see: they must not ask about it either.
      const isOwn = run !== undefined && ownerOf(run.principal) === ownerOf(principal);
      const to = input.agent ?? run?.agents ?? askedOf(message.agent, agents);
      if (to === null) {
        throw new VerbatimError('BAD_INPUT', 'This message was sent to no agent: say which one is to answer, by `agent`.', {
          details: { issues: [{ path: 'agent', message: 'is needed for this message' }] },
        });
      }
      const asked = acceptInputOf(services, {
        principal,
        command: commandOf('messages.edit', input, { principal, limits }),
        to,
        text: input.text,
        metadata: input.metadata ?? message.metadata ?? undefined,
        attachments: input.attachments ?? message.attachments?.map((file) => file.id),
        onDisconnect: input.onDisconnect ?? (run === undefined ? undefined : run.cancelOnDisconnect ? 'cancel' : 'continue'),
        options: input.options ?? run?.options,
        budget: run?.budget ?? undefined,
        context: input.context ?? (input.agent === undefined && isOwn ? (run?.context ?? undefined) : undefined),
      });
      return observedSend({ ctx, agent: asked.agent, traceparent }, (trace) =>
        scheduler.send({ ...asked, ...trace }, (whole) => store.runs.edit(whole, input.messageId)),
      );
    }),
  });
}

/** Whom a message that has no run was sent to: its agent, or those by whose names it goes when it was sent to several. */
function askedOf(agent: string | null, agents: Agents): string | readonly string[] | null {
  if (agent === null || Object.hasOwn(agents, agent)) return agent;
  const several = agent.split('+');
  return several.every((name) => Object.hasOwn(agents, name)) ? several : agent;
}
