import type { Agents } from '../../agents/agent.ts';
import type { SentMessage } from '../../db/operations/editMessage.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { type AskedMessage, acceptInputOf } from '../acceptInput.ts';
import type { Services } from '../services.ts';
import { observedSend } from '../telemetry/observedSend.ts';
import { procedure, router } from '../trpc.ts';
import { commandOf } from './command.ts';

export function messagesRouter(services: Services) {
  const { agents, inputs, limits, scheduler, store } = services;
  return router({
    send: procedure.input(inputs.send).mutation(({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const { agent } = input;
      const several = input.agents;
      if ((agent === undefined) === (several === undefined)) {
        throw new VerbatimError('BAD_INPUT', 'Name one `agent`, or several `agents`.', {
          details: { issues: [{ path: 'agent', message: 'give agent or agents' }] },
        });
      }
      const command = commandOf('messages.send', input, { principal, limits });
      const accepted = acceptInputOf(services, { principal, command, to: several ?? agent ?? '', ...input });
      const message = { ...accepted, threadId: input.threadId, whenBusy: input.whenBusy ?? 'queue' };
      return observedSend({ ctx, agent: accepted.agent, traceparent }, (trace) => scheduler.send({ ...message, ...trace }));
    }),
    edit: procedure.input(inputs.messageEdit).mutation(async ({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const sent = await store.runs.sentMessage(principal, input.messageId);
      const { message } = sent;
      const asked = acceptInputOf(services, {
        ...askedThen(sent, { ...input, principal, agents }),
        principal,
        command: commandOf('messages.edit', input, { principal, limits }),
        text: input.text,
        metadata: input.metadata ?? message.metadata ?? undefined,
        attachments: input.attachments ?? message.attachments?.map((file) => file.id),
      });
      return observedSend({ ctx, agent: asked.agent, traceparent }, (trace) =>
        scheduler.send({ ...asked, ...trace }, (whole) => store.runs.edit(whole, input.messageId)),
      );
    }),
    retry: procedure.input(inputs.messageRetry).mutation(async ({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const sent = await store.runs.sentMessage(principal, input.messageId);
      const asked = acceptInputOf(services, {
        ...askedThen(sent, { ...input, principal, agents }),
        principal,
        command: commandOf('messages.retry', input, { principal, limits }),
        // The message is there, with what it was sent with.
        text: '',
      });
      return observedSend({ ctx, agent: asked.agent, traceparent }, (trace) =>
        scheduler.send({ ...asked, ...trace }, (whole) => store.runs.retryMessage(whole, input.messageId)),
      );
    }),
  });
}

interface AskedAnew extends Pick<AskedMessage, 'principal' | 'onDisconnect' | 'options' | 'context'> {
  readonly agent?: string | undefined;
  readonly agents: Agents;
}

/** Whom a message of then asks now, and with what: as it was sent, where nothing else is given. */
function askedThen(
  { message, run }: SentMessage,
  { agents, principal, ...given }: AskedAnew,
): Pick<AskedMessage, 'to' | 'onDisconnect' | 'options' | 'budget' | 'context'> {
  // Another's context is nothing that its readers see: they must not ask about it either.
  const isOwn = run !== undefined && ownerOf(run.principal) === ownerOf(principal);
  const to = given.agent ?? run?.agents ?? askedOf(message.agent, agents);
  if (to === null) {
    throw new VerbatimError('BAD_INPUT', 'This message was sent to no agent: say which one is to answer, by `agent`.', {
      details: { issues: [{ path: 'agent', message: 'is needed for this message' }] },
    });
  }
  return {
    to,
    onDisconnect: given.onDisconnect ?? (run === undefined ? undefined : run.cancelOnDisconnect ? 'cancel' : 'continue'),
    options: given.options ?? run?.options,
    budget: run?.budget ?? undefined,
    context: given.context ?? (given.agent === undefined && isOwn ? (run?.context ?? undefined) : undefined),
  };
}

/** Whom a message that has no run was sent to: its agent, or those by whose names it goes when it was sent to several. */
function askedOf(agent: string | null, agents: Agents): string | readonly string[] | null {
  if (agent === null || Object.hasOwn(agents, agent)) return agent;
  const several = agent.split('+');
  return several.every((name) => Object.hasOwn(agents, name)) ? several : agent;
}
