import type { z } from 'zod';
import type { AgentContract, OnDisconnect, SendOptions, ToolContract } from '../protocol/contract.ts';
import type { Principal } from '../protocol/principal.ts';
import type { AgentEvent } from './agentEvent.ts';
import type { Tool } from './defineTool.ts';
import type { Model, ModelMessage } from './model.ts';
import { type JsonOnly, jsonSchemaOf, type Parsed, parseWith } from './schema.ts';

/** What instructions may depend on. */
export interface InstructionsContext<Context = unknown> {
  readonly context: Context;
  readonly principal: Principal;
  readonly threadId: string;
  readonly runId: string;
}

/** What a custom agent gets to work with. */
export interface AgentContext<Context = unknown> extends InstructionsContext<Context> {
  readonly agent: string;
  /** The text to answer. */
  readonly text: string;
  /**
   * The conversation so far: a valid request for any model. `text` is the last of it, unless an earlier attempt had finished messages: those
   * follow it, and the agent decides what is still to be said.
   */
  readonly messages: readonly ModelMessage[];
  /** 1, and one more after each crash. Then `messages` holds what had finished; unfinished text was withdrawn. */
  readonly attempt: number;
  readonly options: SendOptions;
  /** Aborts when the run is cancelled or takes too long. The generator is ended; what it yields later is dropped. */
  readonly signal: AbortSignal;
  /** Tells readers what happens now: a `run.status` event, such as "searching". */
  status(text: string): void;
}

interface AgentBase {
  readonly description: string;
  readonly onDisconnect: OnDisconnect;
  readonly maxSteps: number | undefined;
  readonly stepTimeoutMs: number | undefined;
  readonly runTimeoutMs: number | undefined;
  readonly tools: readonly Tool[];
  /** Validates the `context` of a send. */
  parseContext(value: unknown): Parsed;
}

export interface ModelAgent extends AgentBase {
  readonly kind: 'model';
  readonly model: Model;
  readonly temperature: number | undefined;
  readonly maxTemperature: number | undefined;
  readonly maxOutputTokens: number | undefined;
  instructions(context: InstructionsContext): string | Promise<string>;
}

export interface CustomAgent extends AgentBase {
  readonly kind: 'custom';
  run(context: AgentContext): AsyncGenerator<unknown, unknown, unknown>;
  parseData(name: string, value: unknown): Parsed;
}

/** An agent by what callers may know of it. Make it with `defineAgent`. */
export type Agent<Contract extends AgentContract = AgentContract> = (ModelAgent | CustomAgent) & {
  /** Types only: never there at run time. */
  readonly '~contract'?: Contract;
};

/** An application's agents by name. */
export interface Agents {
  readonly [name: string]: Agent;
}

interface CommonDefinition<Context extends z.ZodType> {
  readonly description: string;
  /** The shape of `send({ context })`. It is validated, stored with the run, and given to instructions and tools. */
  readonly contextInput?: Context & JsonOnly<Context>;
  /** What happens to a run that nobody watches any more. Default `continue`; a send may say otherwise. */
  readonly onDisconnect?: OnDisconnect;
  /** Default: the limit of the same name. */
  readonly maxSteps?: number;
  readonly stepTimeoutMs?: number;
  readonly runTimeoutMs?: number;
}

export interface ModelAgentDefinition<Tools extends readonly Tool[], Context extends z.ZodType> extends CommonDefinition<Context> {
  readonly model: Model;
  readonly instructions?: string | ((context: InstructionsContext<z.output<Context>>) => string | Promise<string>);
  readonly tools?: Tools;
  /** Used when a send names none. */
  readonly temperature?: number;
  /** The most a send may ask for: more is lowered to it. Default 2. */
  readonly maxTemperature?: number;
  /** The most a send may ask for (more is lowered to it), and what is used when it names none. */
  readonly maxOutputTokens?: number;
}

export interface CustomAgentDefinition<Tools extends readonly Tool[], Data extends DataSchemas, Context extends z.ZodType>
  extends CommonDefinition<Context> {
  /**
   * Answers one message. What it yields is validated and becomes the run's events. When it returns the run is completed, when it throws the
   * run has failed. After a crash it is run again from its start: see `attempt`.
   */
  readonly run: (context: AgentContext<z.output<Context>>) => AsyncGenerator<AgentEvent<NoInfer<Tools>, NoInfer<Data>>, void, unknown>;
  /** The tools whose events it yields. Verbatim does not call them. */
  readonly tools?: Tools;
  /** Data parts by name, for `{ type: 'data', name, data }`. */
  readonly data?: Data;
}

export interface DataSchemas {
  readonly [name: string]: z.ZodType;
}

type ContractOfTools<Tools extends readonly Tool[]> = {
  readonly [T in Tools[number] as T['name']]: T extends Tool<string, infer Contract extends ToolContract> ? Contract : never;
};

type NoData = Record<never, never>;
type NoContext = z.ZodUndefined;

// The generator's overload comes first: what a function yields is typed by the first one that is tried.
export function defineAgent<
  const Tools extends readonly Tool[] = readonly [],
  Data extends DataSchemas = NoData,
  Context extends z.ZodType = NoContext,
>(
  definition: CustomAgentDefinition<Tools, Data, Context>,
): Agent<{
  readonly tools: ContractOfTools<Tools>;
  readonly data: { readonly [Name in keyof Data]: z.output<Data[Name]> };
  readonly context: z.input<Context>;
}>;
export function defineAgent<const Tools extends readonly Tool[] = readonly [], Context extends z.ZodType = NoContext>(
  definition: ModelAgentDefinition<Tools, Context>,
): Agent<{ readonly tools: ContractOfTools<Tools>; readonly data: NoData; readonly context: z.input<Context> }>;
/** Declares an agent: one that a model drives, or a generator of your own. Throws at once for what cannot work. */
export function defineAgent(
  definition: ModelAgentDefinition<readonly Tool[], z.ZodType> | CustomAgentDefinition<readonly Tool[], DataSchemas, z.ZodType>,
): Agent {
  const { description, contextInput, onDisconnect = 'continue', maxSteps, stepTimeoutMs, runTimeoutMs, tools = [] } = definition;
  const names = tools.map((tool) => tool.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`An agent has two tools named ${twice}. Give each a name of its own.`);
  if (contextInput !== undefined) jsonSchemaOf(contextInput, 'contextInput');
  const base: AgentBase = {
    description,
    onDisconnect,
    maxSteps,
    stepTimeoutMs,
    runTimeoutMs,
    tools,
    parseContext: (value) => (contextInput === undefined ? noContext(value) : parseWith(contextInput, value)),
  };
  if ('run' in definition) {
    const { run, data = {} } = definition;
    for (const [name, schema] of Object.entries(data)) jsonSchemaOf(schema, `The data part ${name}`);
    return {
      ...base,
      kind: 'custom',
      run: (context) => run(context),
      parseData: (name, value) => {
        const schema = Object.hasOwn(data, name) ? data[name] : undefined;
        return schema === undefined ? { ok: false, issues: `no data part is named ${name}` } : parseWith(schema, value);
      },
    };
  }
  const { model, instructions = '', temperature, maxTemperature, maxOutputTokens } = definition;
  return {
    ...base,
    kind: 'model',
    model,
    temperature,
    maxTemperature,
    maxOutputTokens,
    instructions: typeof instructions === 'string' ? () => instructions : (context) => instructions(context),
  };
}

function noContext(value: unknown): Parsed {
  return value === undefined ? { ok: true, value: undefined } : { ok: false, issues: 'this agent takes no context' };
}

/** What callers may know of a set of agents, as plain types: `export type Api = InferApi<typeof agents>`. */
export type InferApi<All> = {
  readonly [Name in keyof All & string]: All[Name] extends Agent<infer Contract> ? Contract : never;
};
