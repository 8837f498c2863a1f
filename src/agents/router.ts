import { z } from 'zod';
import type { AgentContract } from '../protocol/contract.ts';
import type { Usage } from '../protocol/event.ts';
import type { Access } from '../protocol/policy.ts';
import { ownerOf } from '../protocol/principal.ts';
import { usageOfModel } from '../protocol/usage.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Agent, Agents, InstructionsContext, RouterAgent } from './agent.ts';
import { agentBase } from './defineAgent.ts';
import { estimateUsage } from './estimateUsage.ts';
import type { Model, ModelMessage } from './model.ts';
import { jsonSchemaOf } from './schema.ts';

/** The agent that is to answer, and why: both are told to readers. */
export interface RouteChoice {
  readonly to: string;
  readonly reason: string;
}

export interface RouteInput<Context = unknown> extends InstructionsContext<Context> {
  /** What is to be answered. */
  readonly text: string;
  /** The conversation, `text` last. */
  readonly messages: readonly ModelMessage[];
  /** The names of its agents that the principal may use: another is as one that does not exist. */
  readonly agents: readonly string[];
  readonly signal: AbortSignal;
}

/** What choosing came to. `usage` is that of the model that chose, by its name. */
export interface Routed extends RouteChoice {
  readonly usage?: Usage | undefined;
}

/** Chooses by whatever it likes; undefined leaves it to the fallback. */
export type RouteFunction<Name extends string = string> = (
  input: RouteInput,
) => { readonly to: Name; readonly reason: string } | undefined | Promise<{ readonly to: Name; readonly reason: string } | undefined>;

interface RouterDefinition<All extends Agents> {
  readonly description: string;
  readonly agents: All;
  /** Chooses by structured output, from the agents' descriptions. Needed unless there is a `route`. */
  readonly model?: Model;
  /** Chooses instead of the model. */
  readonly route?: RouteFunction<keyof All & string>;
  /** Answers when nothing was chosen, or what was chosen does not exist. Default: the first agent. */
  readonly fallback?: keyof All & string;
  /** What the model is told besides the agents' descriptions. */
  readonly instructions?: string;
  /** Who may use it, besides the agents that it chooses from. */
  readonly access?: Access;
}

type ContractOf<A> = A extends Agent<infer Contract> ? Contract : never;
type NamesOf<C> = C extends AgentContract ? keyof C['tools'] & string : never;
type ToolOf<C, Name extends string> = C extends AgentContract ? (Name extends keyof C['tools'] ? C['tools'][Name] : never) : never;
type DataNamesOf<C> = C extends AgentContract ? keyof C['data'] & string : never;
type DataOf<C, Name extends string> = C extends AgentContract ? (Name extends keyof C['data'] ? C['data'][Name] : never) : never;

/** What a caller knows of a router: all that any of its agents may do. */
type RouterContract<All extends Agents> = {
  readonly tools: { readonly [Name in NamesOf<ContractOf<All[keyof All]>>]: ToolOf<ContractOf<All[keyof All]>, Name> };
  readonly data: { readonly [Name in DataNamesOf<ContractOf<All[keyof All]>>]: DataOf<ContractOf<All[keyof All]>, Name> };
  readonly context: ContractOf<All[keyof All]>['context'];
  readonly output: ContractOf<All[keyof All]>['output'];
};

/**
 * An agent that only chooses who answers: by a model's structured output, or by a function. The choice is told by `agent.routed`, and the
 * chosen agent answers in the same run. A model that fails or names nobody leaves it to the fallback.
 */
export function router<const All extends Agents>(definition: RouterDefinition<All>): Agent<RouterContract<All>> {
  const { description, agents, model, route, instructions = '', access } = definition;
  const names = Object.keys(agents);
  const fallback = definition.fallback ?? names[0];
  if (fallback === undefined) throw new TypeError('A router needs at least one agent.');
  if (!Object.hasOwn(agents, fallback))
    throw new TypeError(`The router's fallback "${fallback}" is not one of its agents: ${names.join(', ')}.`);
  if (route === undefined && model === undefined) throw new TypeError('A router needs a `model` or a `route`.');
  const choose = route ?? (model === undefined ? undefined : modelRoute(model, agents, instructions));
  const base: RouterAgent = {
    ...agentBase({ description, ...(access !== undefined && { access }) }, []),
    kind: 'router',
    model,
    agents,
    // Whoever answers checks it.
    parseContext: (value) => ({ ok: true, value }),
    async route(input): Promise<Routed> {
      let why = 'nothing fitted';
      let usage: Usage | undefined;
      try {
        const chosen: (RouteChoice & { readonly usage?: Usage }) | undefined = await choose?.(input);
        usage = chosen?.usage;
        if (chosen !== undefined && Object.hasOwn(agents, chosen.to) && input.agents.includes(chosen.to)) return chosen;
        if (chosen !== undefined) why = 'what was chosen does not exist';
      } catch (cause) {
        if (input.signal.aborted) throw cause;
        why = cause instanceof VerbatimError ? `choosing failed: ${cause.message}` : 'choosing failed';
      }
      return { to: input.agents.includes(fallback) ? fallback : (input.agents[0] ?? fallback), reason: `fallback: ${why}`, usage };
    },
  };
  return base;
}

const choiceSchema = z.object({ to: z.string(), reason: z.string() });

/** Asks a model who should answer. */
function modelRoute(model: Model, agents: Agents, instructions: string): (input: RouteInput) => Promise<Routed | undefined> {
  return async ({ agents: names, messages, signal, principal, threadId, runId }) => {
    const schema = jsonSchemaOf(
      z.strictObject({ to: z.enum(names as [string, ...string[]]), reason: z.string().max(300) }),
      'The choice of a router',
    );
    const prompt = [
      instructions,
      'Choose who answers the last message of the user.',
      ...names.map((name) => `- ${name}: ${agents[name]?.description ?? ''}`),
      `Answer with JSON alone: {"to": one of ${names.map((name) => `"${name}"`).join(', ')}, "reason": in a few words}.`,
    ];
    const request = {
      instructions: prompt.filter((line) => line !== '').join('\n'),
      messages,
      tools: [],
      options: { maxOutputTokens: 300 },
      output: { name: 'route', schema },
    };
    let text = '';
    let usage: Usage | undefined;
    let answeredBy = model.name;
    for await (const chunk of model.stream(request, { signal, caller: { principalId: ownerOf(principal), threadId, runId } })) {
      if (chunk.type === 'text') text += chunk.delta;
      if (chunk.type === 'switched') answeredBy = chunk.to;
      if (chunk.type === 'finish') usage = usageOfModel(answeredBy, chunk.usage ?? estimateUsage(request, { text, reasoning: '' }));
    }
    const parsed = choiceSchema.safeParse(jsonIn(text));
    return parsed.success ? { ...parsed.data, usage } : { to: '', reason: '', usage };
  };
}

/** The JSON object in what a model said: models wrap it in words or in a code block. */
export function jsonIn(text: string): unknown {
  const from = text.search(/[[{]/);
  const to = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  if (from === -1 || to < from) return undefined;
  try {
    return JSON.parse(text.slice(from, to + 1));
  } catch {
    return undefined;
  }
}
