import type { AcceptInput } from '../db/operations/acceptMessage.ts';
import type { Command } from '../db/operations/command.ts';
import { type Budget, tighter } from '../protocol/budget.ts';
import type { OnDisconnect } from '../protocol/contract.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { maySendTo } from './maySendTo.ts';
import type { Services } from './services.ts';

export interface AskedMessage {
  readonly principal: Principal;
  readonly command: Command;
  /** An agent, or several that are asked at once. */
  readonly to: string | readonly string[];
  readonly text: string;
  readonly metadata?: JsonObject | undefined;
  /** Ids of files. */
  readonly attachments?: readonly string[] | undefined;
  readonly onDisconnect?: OnDisconnect | undefined;
  readonly options?: { readonly temperature?: number | undefined; readonly maxOutputTokens?: number | undefined } | undefined;
  readonly budget?: { readonly [Name in keyof Budget]: Budget[Name] | undefined } | undefined;
  readonly context?: Json | undefined;
}

/** What is stored of a message: for agents that are there, with the context as they take it, in a new thread. */
export function acceptInputOf(services: Services, message: AskedMessage): Omit<AcceptInput, 'room' | 'lease'> {
  const { limits, budgetOf, dayBudgetOf } = services;
  const { principal, command, to, text, metadata, attachments, options } = message;
  const names = typeof to === 'string' ? [to] : to;
  const asked = names.map((name) => ({ name, ...askedAgent(services, name, message) }));
  const [first] = asked;
  if (first === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such agent.');
  const { maxDepth, maxChildRuns } = limits;
  const children = asked.map(({ name, context }) => ({ agent: name, task: null, context }));
  return {
    command,
    principal,
    threadId: undefined,
    agent: names.join('+'),
    agents: typeof to === 'string' ? undefined : { children, principal, maxDepth, maxChildRuns },
    text,
    metadata,
    attachments,
    whenBusy: 'queue',
    onDisconnect: message.onDisconnect ?? first.agent.onDisconnect,
    options: {
      ...(options?.temperature !== undefined && { temperature: options.temperature }),
      ...(options?.maxOutputTokens !== undefined && { maxOutputTokens: options.maxOutputTokens }),
    },
    budget: tighter(message.budget, budgetOf(principal)),
    dayBudget: dayBudgetOf(principal),
    // Of several, each takes of it what it knows, also when it is asked again.
    context: typeof to === 'string' ? first.context : (message.context ?? null),
    maxQueued: limits.maxQueuedPerThread,
  };
}

/** An agent that the caller may send to (another is as one that is not there), and the context as it takes it. */
function askedAgent(services: Services, name: string, { principal, context: given }: AskedMessage) {
  const agent = services.agents[name];
  if (agent === undefined || !maySendTo(services, principal, name))
    throw new VerbatimError('NOT_FOUND', `There is no agent named "${[...name].slice(0, 100).join('')}".`);
  const context = agent.parseContext(given);
  if (!context.ok) {
    throw new VerbatimError('BAD_INPUT', `context: ${context.issues}.`, {
      details: { issues: [{ path: 'context', message: context.issues }] },
    });
  }
  // The agent's schema holds only what JSON can.
  return { agent, context: (context.value ?? null) as Json };
}
