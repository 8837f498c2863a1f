import { VerbatimError } from '../../protocol/verbatimError.ts';
import { acceptInputOf } from '../acceptInput.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';
import { commandOf } from './command.ts';

export function messagesRouter(services: Services) {
  const { inputs, limits, scheduler, store } = services;
  return router({
    send: procedure.input(inputs.send).mutation(({ ctx: { principal }, input }) => {
      const { agent, agents, context } = input;
      if ((agent === undefined) === (agents === undefined)) {
        throw new VerbatimError('BAD_INPUT', 'Name one `agent`, or several `agents`.', {
          details: { issues: [{ path: 'agent', message: 'give agent or agents' }] },
        });
      }
      const command = commandOf('messages.send', input, { principal, limits });
      const accepted = acceptInputOf(services, { ...input, principal, command, to: agents ?? agent ?? '', context });
      return scheduler.send({ ...accepted, threadId: input.threadId, whenBusy: input.whenBusy ?? 'queue' });
    }),
    edit: procedure.input(inputs.messageEdit).mutation(async ({ ctx: { principal }, input }) => {
      const { message, run } = await store.runs.sentMessage(principal.id, input.messageId);
      const to = input.agent ?? run?.agents ?? message.agent;
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
        onDisconnect: input.onDisconnect ?? (run?.cancelOnDisconnect === true ? 'cancel' : undefined),
        options: input.options ?? run?.options,
        context: input.agent === undefined ? (run?.context ?? undefined) : input.context,
      });
      return scheduler.send(asked, (whole) => store.runs.edit(whole, input.messageId));
    }),
  });
}
