import type { z } from 'zod';
import { type Budget, budgetFault } from '../protocol/budget.ts';
import type { OnDisconnect, ToolContract } from '../protocol/contract.ts';
import type { Access } from '../protocol/policy.ts';
import type { Agent, AgentBase, AgentContext, CustomAgent, InstructionsContext, ModelAgent } from './agent.ts';
import type { AgentEvent } from './agentEvent.ts';
import type { AnyTool, Tool } from './defineTool.ts';
import type { Guards } from './guard.ts';
import { assertHistory, type History } from './history.ts';
import type { Model } from './model.ts';
import { type JsonOnly, jsonSchemaOf, type Parsed, parseWith } from './schema.ts';

interface CommonDefinition<Context extends z.ZodType, Built> {
  readonly description: string;
  /** The shape of `send({ context })`. It is validated, stored with the run, and given to instructions and tools. */
  readonly contextInput?: Context & JsonOnly<Context>;
  /**
   * Makes what instructions and tools get as `context`, such as a database connection for this principal: anew each time work on a run begins.
   * What has `Symbol.asyncDispose` or `Symbol.dispose` is disposed when that work stops, however it does; one that takes longer than
   * `cancelGraceMs` is left behind. Its failure is the run's. Write it before the functions that take what it makes: the compiler looks at them
   * in their order.
   */
  readonly context?: (input: InstructionsContext<z.output<Context>>) => Built | Promise<Built>;
  /** What happens to a run that nobody watches any more. Default `continue`; a send may say otherwise. */
  readonly onDisconnect?: OnDisconnect;
  /** Default: the limit of the same name. */
  readonly maxSteps?: number;
  readonly stepTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  /** What each run that it is asked for may use, with the runs under it. A send, and the server, may allow less. */
  readonly budget?: Budget;
  /** Its tools and child agents get the principal with no other scopes than these. Absent: with all that the principal has. */
  readonly scopes?: readonly string[];
  /** Who may use it: those with one of these roles, or whom a function takes. To others it is not there. Default: everybody. */
  readonly access?: Access;
}

/** A tool that can work with what an agent gives as `context`. */
type ToolFor<Built> = Tool<string, ToolContract, Built>;

export interface ModelAgentDefinition<
  Tools extends readonly AnyTool[],
  Context extends z.ZodType,
  Output extends z.ZodType = z.ZodUndefined,
  Handoffs extends readonly Agent[] = readonly [],
  Built = z.output<Context>,
> extends CommonDefinition<Context, Built> {
  readonly model: Model | ((context: InstructionsContext<NoInfer<Built>>) => Model | Promise<Model>);
  readonly instructions?: string | ((context: InstructionsContext<NoInfer<Built>>) => string | Promise<string>);
  /** Or a function of the run that chooses among them, asked at each step. */
  readonly tools?: Tools | ((context: InstructionsContext<NoInfer<Built>>) => Tools | Promise<Tools>);
  /** Agents that may take over the conversation, within the same run. A function where agents name each other. */
  readonly handoffs?: Handoffs | (() => Handoffs);
  /** The answer is JSON of this shape, and `run.result().output` is the value. */
  readonly output?: Output & JsonOnly<Output>;
  /** What of the thread the model is sent. Default `all`. */
  readonly history?: History;
  readonly guards?: Guards<NoInfer<Built>>;
  /** What to do when the model's stream breaks off after text was delivered. Default `fail`, which keeps the text. */
  readonly onStreamCut?: 'fail' | 'regenerate';
  /** Used when a send names none. */
  readonly temperature?: number;
  /** The most a send may ask for: more is lowered to it. Default 2. */
  readonly maxTemperature?: number;
  /** The most a send may ask for (more is lowered to it), and what is used when it names none. */
  readonly maxOutputTokens?: number;
}

export interface CustomAgentDefinition<
  Tools extends readonly AnyTool[],
  Data extends DataSchemas,
  Context extends z.ZodType,
  Built = z.output<Context>,
> extends CommonDefinition<Context, Built> {
  /**
   * Answers one message. What it yields is validated and becomes the run's events. When it returns the run is completed, when it throws the
   * run has failed. After a crash it is run again from its start: see `attempt`.
   */
  readonly run: (context: AgentContext<NoInfer<Built>>) => AsyncGenerator<AgentEvent<NoInfer<Tools>, NoInfer<Data>>, void, unknown>;
  /** The tools whose events it yields. Verbatim does not call them. */
  readonly tools?: Tools;
  /** Data parts by name, for `{ type: 'data', name, data }`. */
  readonly data?: Data & { readonly [Name in keyof Data]: JsonOnly<Data[Name]> };
}

export interface DataSchemas {
  readonly [name: string]: z.ZodType;
}

type ContractOfTools<Tools extends readonly AnyTool[]> = {
  readonly [T in Tools[number] as T['name']]: T extends Tool<string, infer Contract extends ToolContract, never> ? Contract : never;
};

/** The tools of agents that tools ask. */
type NestedTools<Tools extends readonly AnyTool[]> = {
  readonly [Name in NestedName<Tools[number]>]: NestedTool<Tools[number], Name>;
};
type NestedName<T> =
  T extends Tool<string, infer Contract extends ToolContract, never> ? keyof NonNullable<Contract['nested']> & string : never;
type NestedTool<T, Name extends string> =
  T extends Tool<string, infer Contract extends ToolContract, never>
    ? Name extends keyof NonNullable<Contract['nested']>
      ? NonNullable<Contract['nested']>[Name]
      : never
    : never;

/** The tools of agents that may speak in the same run. A name that two of them have is a union. */
type ToolsOfAgents<All extends readonly Agent[]> = All extends readonly []
  ? unknown
  : { readonly [Name in NamesOf<All[number]>]: ToolNamed<All[number], Name> };
type NamesOf<A> = A extends Agent<infer Contract> ? keyof Contract['tools'] & string : never;
type ToolNamed<A, Name extends string> =
  A extends Agent<infer Contract> ? (Name extends keyof Contract['tools'] ? Contract['tools'][Name] : never) : never;

type Builds<Context extends z.ZodType, Built> = {
  readonly context: (input: InstructionsContext<z.output<Context>>) => Built | Promise<Built>;
};

/** What `defineAgent` says of an agent that a model drives. */
export interface ModelAgentContract<
  Tools extends readonly AnyTool[],
  Context extends z.ZodType,
  Output extends z.ZodType,
  Handoffs extends readonly Agent[],
> {
  readonly tools: ContractOfTools<Tools> & NestedTools<Tools> & ToolsOfAgents<Handoffs>;
  readonly data: NoData;
  readonly context: z.input<Context>;
  readonly output: z.output<Output>;
}

type NoData = Record<never, never>;
type NoContext = z.ZodUndefined;

// The generator's overload comes first: what a function yields is typed by the first one that is tried.
export function defineAgent<
  const Tools extends readonly AnyTool[] = readonly [],
  Data extends DataSchemas = NoData,
  Context extends z.ZodType = NoContext,
  Built = z.output<Context>,
>(
  definition: CustomAgentDefinition<Tools, Data, Context, Built>,
): Agent<{
  readonly tools: ContractOfTools<Tools>;
  readonly data: { readonly [Name in keyof Data]: z.output<Data[Name]> };
  readonly context: z.input<Context>;
}>;
// The compiler first looks at a definition without its functions. What `context` makes is not known then, and must not refuse any tool.
export function defineAgent<
  const Tools extends readonly ToolFor<NoInfer<Built>>[] = readonly [],
  Context extends z.ZodType = NoContext,
  Output extends z.ZodType = z.ZodUndefined,
  const Handoffs extends readonly Agent[] = readonly [],
  Built = never,
>(
  definition: ModelAgentDefinition<Tools, Context, Output, Handoffs, Built> & Builds<Context, Built>,
): Agent<ModelAgentContract<Tools, Context, Output, Handoffs>>;
export function defineAgent<
  const Tools extends readonly ToolFor<NoInfer<Built>>[] = readonly [],
  Context extends z.ZodType = NoContext,
  Output extends z.ZodType = z.ZodUndefined,
  const Handoffs extends readonly Agent[] = readonly [],
  Built = z.output<Context>,
>(definition: ModelAgentDefinition<Tools, Context, Output, Handoffs, Built>): Agent<ModelAgentContract<Tools, Context, Output, Handoffs>>;
/** Declares an agent: one that a model drives, or a generator of your own. Throws at once for what cannot work. */
export function defineAgent(
  definition:
    | ModelAgentDefinition<readonly AnyTool[], z.ZodType, z.ZodType, readonly Agent[], unknown>
    | CustomAgentDefinition<readonly AnyTool[], DataSchemas, z.ZodType, unknown>,
): Agent {
  assertDriven(definition);
  const { tools = [] } = definition;
  const named = typeof tools === 'function' ? [] : tools;
  const names = named.map((tool) => tool.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`An agent has two tools named ${twice}. Give each a name of its own.`);
  return isCustom(definition) ? customAgent(definition, named) : modelAgent(definition, named);
}

type AnyModelDefinition = ModelAgentDefinition<readonly AnyTool[], z.ZodType, z.ZodType, readonly Agent[], unknown>;
type AnyCustomDefinition = CustomAgentDefinition<readonly AnyTool[], DataSchemas, z.ZodType, unknown>;

function isCustom(definition: AnyModelDefinition | AnyCustomDefinition): definition is AnyCustomDefinition {
  return 'run' in definition && definition.run !== undefined;
}

/** For those whom no compiler tells. */
function assertDriven({ model, run }: { readonly model?: unknown; readonly run?: unknown }): void {
  if (model === undefined && run === undefined) throw new TypeError('An agent needs a `model` or a `run`. It has neither.');
  if (model !== undefined && run !== undefined) throw new TypeError('An agent has a `model` or a `run`, not both. Leave one of them out.');
  if (run !== undefined && typeof run !== 'function') throw new TypeError('The `run` of an agent must be an async generator function.');
  if (model === undefined || typeof model === 'function') return;
  if (typeof model === 'object' && model !== null && 'stream' in model && typeof model.stream === 'function') return;
  throw new TypeError('The `model` of an agent must be a model, such as openai(...), or a function that gives one. This has no `stream`.');
}

/** What every kind of agent has. */
export function agentBase(
  {
    description,
    contextInput,
    context,
    onDisconnect = 'continue',
    maxSteps,
    stepTimeoutMs,
    runTimeoutMs,
    budget,
    scopes,
    access,
  }: CommonDefinition<z.ZodType, unknown>,
  tools: readonly AnyTool[],
): AgentBase {
  const fault = budget === undefined ? undefined : budgetFault(budget);
  if (fault !== undefined) throw new TypeError(`The \`budget\` of an agent ${fault}.`);
  return {
    identity: {},
    description,
    onDisconnect,
    maxSteps,
    stepTimeoutMs,
    runTimeoutMs,
    budget,
    scopes,
    access,
    tools,
    contextSchema: contextInput === undefined ? undefined : jsonSchemaOf(contextInput, 'contextInput'),
    outputSchema: undefined,
    dataSchemas: {},
    parseContext: (value) => (contextInput === undefined ? noContext(value) : parseWith(contextInput, value)),
    buildContext: (input) => (context === undefined ? input.context : context(input)),
  };
}

function customAgent(
  definition: CustomAgentDefinition<readonly AnyTool[], DataSchemas, z.ZodType, unknown>,
  tools: readonly AnyTool[],
): CustomAgent {
  const { run, data = {} } = definition;
  return {
    ...agentBase(definition, tools),
    kind: 'custom',
    dataSchemas: Object.fromEntries(Object.entries(data).map(([name, schema]) => [name, jsonSchemaOf(schema, `The data part ${name}`)])),
    run: (context) => run(context),
    parseData: (name, value) => {
      const schema = Object.hasOwn(data, name) ? data[name] : undefined;
      return schema === undefined ? { ok: false, issues: `no data part is named ${name}` } : parseWith(schema, value);
    },
  };
}

function modelAgent(
  definition: ModelAgentDefinition<readonly AnyTool[], z.ZodType, z.ZodType, readonly Agent[], unknown>,
  named: readonly AnyTool[],
): ModelAgent {
  const { model, instructions = '', tools, handoffs = [], output, history = 'all', guards = {}, onStreamCut = 'fail' } = definition;
  assertHistory(history);
  const { temperature, maxTemperature, maxOutputTokens } = definition;
  return {
    ...agentBase(definition, named),
    kind: 'model',
    toolsVary: typeof tools === 'function',
    outputSchema: output === undefined ? undefined : jsonSchemaOf(output, 'output'),
    model: typeof model === 'function' ? undefined : model,
    fixedInstructions: typeof instructions === 'string' ? instructions : undefined,
    temperature,
    maxTemperature,
    maxOutputTokens,
    history,
    guards,
    onStreamCut,
    modelOf: typeof model === 'function' ? (context) => model(context) : () => model,
    instructions: typeof instructions === 'string' ? () => instructions : (context) => instructions(context),
    toolsOf: typeof tools === 'function' ? (context) => tools(context) : () => named,
    handoffs: typeof handoffs === 'function' ? handoffs : () => handoffs,
    parseOutput: (value) => (output === undefined ? { ok: true, value } : parseWith(output, value)),
  };
}

function noContext(value: unknown): Parsed {
  return value === undefined ? { ok: true, value: undefined } : { ok: false, issues: 'this agent takes no context' };
}

/** What callers may know of a set of agents, as plain types: `export type Api = InferApi<typeof agents>`. */
export type InferApi<All> = {
  readonly [Name in keyof All & string]: All[Name] extends Agent<infer Contract> ? Contract : never;
};
