import type { z } from 'zod';
import type { ToolContract } from '../protocol/contract.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Access } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import { type ApprovalOption, type ApprovalQuestion, askApproval } from './approvalPolicy.ts';
import type { ChildAgents } from './childAgents.ts';
import type { Memory } from './memory.ts';
import { assertStrict, type JsonOnly, jsonSchemaOf, type Parsed, parseWith } from './schema.ts';
import { assertToolPolicies, type ToolCache, type ToolRetry } from './toolPolicy.ts';

/** What a tool may know and do while it runs. */
export interface ToolContext<Progress = Json, Context = unknown> {
  /** Aborts when the run is cancelled, or the call or its run takes too long. A result that comes later is dropped. */
  readonly signal: AbortSignal;
  /** Unique, and the same when an idempotent call is made again after a crash: use it as a key for what the tool changes. */
  readonly callId: string;
  readonly runId: string;
  readonly threadId: string;
  /** The agent that called it. */
  readonly agent: string;
  /** Who sent the message, with the scopes that both the agent and the tool allow. */
  readonly principal: Principal;
  /** What the agent's `context` made for this run; without one, the `context` of the send, as the agent's `contextInput` parsed it. */
  readonly context: Context;
  /** What is kept for the principal and for the thread, from run to run. */
  readonly memory: Memory;
  /** Tells readers how far it is: a `tool.progress` event. Of several within one commit only the last is kept. */
  progress(data: Progress): void;
  /** Tells readers what happens now: a `run.status` event, such as "searching". */
  status(text: string): void;
}

/** A tool by its parsed values. Make it with `defineTool`, `agentTool`, `parallel` or `mcpTools`. */
export interface Tool<Name extends string = string, Contract extends ToolContract = ToolContract, Context = unknown> {
  readonly name: Name;
  readonly description: string;
  /** `client`: whoever reads the run carries it out, and answers by `toolCalls.submit`. `agents`: child runs do. */
  readonly kind: 'execute' | 'client' | 'agents';
  readonly idempotent: boolean;
  readonly strict: boolean;
  readonly timeoutMs: number | undefined;
  /** Of a client-side tool: how long its call waits. */
  readonly expiresInMs: number | undefined;
  readonly maxConcurrent: number | undefined;
  readonly retry: ToolRetry | undefined;
  readonly cache: ToolCache | undefined;
  /** The URL of the module that exports it: it is carried out there, in a worker. */
  readonly worker: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly access?: Access | undefined;
  /** Of a handoff: whom it is to. */
  readonly identity?: object;
  /** The agents it asks. */
  readonly children: ChildAgents | undefined;
  /** Whether there are calls about which a person is asked. */
  readonly mayAsk?: boolean;
  /** JSON Schema of the input, of the output and of the progress. */
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly progressSchema: JsonObject | undefined;
  /** Whether a person has to let a call through, and which. */
  needsApproval(input: unknown, context: unknown): Promise<ApprovalQuestion | undefined>;
  parseInput(value: unknown): Parsed;
  parseOutput(value: unknown): Parsed;
  parseProgress(value: unknown): Parsed;
  /** Only of kind `execute`. */
  execute(input: unknown, context: ToolContext): unknown;
  /** Types only: never there at run time. */
  readonly '~contract'?: Contract;
  readonly '~context'?: (context: Context) => void;
}

/** A tool of whatever kind, for whatever context. */
export type AnyTool = Tool<string, ToolContract, never>;

interface CommonToolDefinition<Name extends string, Input extends z.ZodType, Output extends z.ZodType, Context> {
  /** 1 to 64 letters, digits, `_` or `-`: what providers accept. */
  readonly name: Name;
  /** Tells the model when and how to use it. */
  readonly description: string;
  readonly input: Input & JsonOnly<Input>;
  /** Checked before the model or anybody sees a result. */
  readonly output: Output & JsonOnly<Output>;
  /** A person must let each call through: always, or as a function of the input and the context says, or those with a role. */
  readonly needsApproval?: ApprovalOption<z.output<Input>, Context>;
  /** Asks providers that can to hold the model to the input's schema. Throws for a schema that they refuse. */
  readonly strict?: boolean;
  /** The tool gets the principal with no other scopes than these. Absent: with all that the agent allows. */
  readonly scopes?: readonly string[];
  /** For whom it is there: those with one of these roles, or whom a function takes. For others the model has no such tool. Default: everybody. */
  readonly access?: Access;
}

export interface ToolDefinition<
  Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Progress extends z.ZodType,
  Context = unknown,
> extends CommonToolDefinition<Name, Input, Output, Context> {
  /** The shape of `context.progress(...)`. */
  readonly progress?: Progress & JsonOnly<Progress>;
  /**
   * It may be called again with the same `callId` when a crash left its outcome unknown. Without it the model is told so instead. Default: only
   * with a `cache`.
   */
  readonly idempotent?: boolean;
  /** One attempt, once it has begun. Default: the limit `toolTimeoutMs`, 60 s. */
  readonly timeoutMs?: number;
  /** Try again when it throws or takes too long. Default: never. A tool that is not `idempotent` must say when by `retry.when`. */
  readonly retry?: ToolRetry;
  /**
   * Calls carried out at once, over all runs of this server; the others wait in the order in which they came, and their time has not begun. Tools
   * of one name share it. One that does not stop when it is told to counts for `cancelGraceMs` more. Default: any number.
   */
  readonly maxConcurrent?: number;
  /** Of a tool that only reads and needs no approval: gives an earlier result for the same input. Failures and files are not kept. */
  readonly cache?: ToolCache<z.output<Input>, Context>;
  /**
   * Carries it out in a pool of worker threads (`createServer({ toolWorkers })`), so that its computing does not hold up others. `module` must
   * export this tool, and is loaded in each worker: it must not start a server. `context` and `memory` are not there. A worker that does not
   * stop when its call is stopped is ended.
   */
  readonly worker?: true;
  /** `import.meta.url` of the module that exports the tool. Needed with `worker`. */
  readonly module?: string;
  /** May run at the same time as other calls of its step. What it throws is `tool.failed`: the model sees the message. */
  readonly execute: (
    input: z.output<Input>,
    context: ToolContext<z.input<Progress>, Context>,
  ) => Promise<z.input<Output> | ToolFileResult> | z.input<Output> | ToolFileResult;
}

/** A tool without `execute`: the reader of the run carries it out and submits the result. */
export interface ClientToolDefinition<Name extends string, Input extends z.ZodType, Output extends z.ZodType, Context = unknown>
  extends CommonToolDefinition<Name, Input, Output, Context> {
  readonly execute?: undefined;
  /** How long a call waits for its result. Default: the limit `clientToolTimeoutMs`, an hour. */
  readonly expiresInMs?: number;
}

/** A result that is a file or an image: make it with `toolFile`. */
export interface ToolFileResult {
  readonly '~file': true;
  readonly bytes: Uint8Array;
  /** Default: told from the bytes. */
  readonly type?: string;
  readonly name?: string;
  /** What is told of it where the file is not shown. Default: its beginning, or what it is. */
  readonly preview?: string;
}

/** Gives a file or an image back from a tool. Readers get its id, type and size, the model what it can take. */
export function toolFile(
  bytes: Uint8Array,
  options: { readonly type?: string; readonly name?: string; readonly preview?: string } = {},
): ToolFileResult {
  return { '~file': true, bytes, ...options };
}

export function isToolFile(value: unknown): value is ToolFileResult {
  return typeof value === 'object' && value !== null && '~file' in value && value['~file'] === true;
}

// What a tool needs of a context is what it says, and not what the agent has around which it is written: that is not known yet at this place.
/** Declares a tool. Throws at once for a name that providers refuse and for schemas that JSON cannot hold. */
export function defineTool<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Progress extends z.ZodType = z.ZodType<Json, Json>,
  Context = unknown,
>(
  definition: ToolDefinition<Name, Input, Output, Progress, Context>,
): Tool<
  Name,
  { readonly input: z.output<Input>; readonly output: z.output<Output>; readonly progress: z.output<Progress> },
  NoInfer<Context>
>;
export function defineTool<const Name extends string, Input extends z.ZodType, Output extends z.ZodType, Context = unknown>(
  definition: ClientToolDefinition<Name, Input, Output, Context>,
): Tool<
  Name,
  { readonly input: z.output<Input>; readonly output: z.output<Output>; readonly progress: never; readonly client: true },
  NoInfer<Context>
>;
export function defineTool(
  definition: ToolDefinition<string, z.ZodType, z.ZodType, z.ZodType> | ClientToolDefinition<string, z.ZodType, z.ZodType>,
): Tool {
  const { name, description, input, output, needsApproval, strict = false, scopes, access } = definition;
  assertToolName(name);
  const inputSchema = jsonSchemaOf(input, `The input of tool ${name}`);
  if (inputSchema.type !== 'object') throw new TypeError(`The input of tool ${name} must be an object: models send named arguments.`);
  if (strict) assertStrict(inputSchema, name);
  const base = {
    name,
    description,
    strict,
    scopes,
    access,
    inputSchema,
    outputSchema: jsonSchemaOf(output, `The output of tool ${name}`),
    children: undefined,
    mayAsk: needsApproval !== undefined && needsApproval !== false,
    needsApproval: (value: unknown, context: unknown) => askApproval(needsApproval, value, context),
    parseInput: (value: unknown) => parseWith(input, value),
    parseOutput: (value: unknown) => parseWith(output, value),
  };
  if (definition.execute === undefined) {
    const { expiresInMs } = definition;
    return {
      ...base,
      kind: 'client',
      idempotent: false,
      timeoutMs: undefined,
      expiresInMs,
      maxConcurrent: undefined,
      retry: undefined,
      cache: undefined,
      worker: undefined,
      progressSchema: undefined,
      parseProgress: () => ({ ok: false, issues: 'a client-side tool tells no progress' }),
      execute: () => {
        throw new TypeError(`The tool ${name} is carried out by the client.`);
      },
    };
  }
  assertToolPolicies(definition);
  const { progress, timeoutMs, retry, maxConcurrent, cache, worker, module, execute } = definition;
  const { idempotent = cache !== undefined } = definition;
  return {
    ...base,
    kind: 'execute',
    idempotent,
    timeoutMs,
    expiresInMs: undefined,
    maxConcurrent,
    retry,
    // What it is keyed by is what parseInput returned.
    cache,
    worker: worker ? module : undefined,
    progressSchema: progress === undefined ? undefined : jsonSchemaOf(progress, `The progress of tool ${name}`),
    parseProgress: (value) => (progress === undefined ? { ok: true, value } : parseWith(progress, value)),
    // The run loop gives it only what parseInput returned.
    execute: (value, context) => execute(value as never, context as ToolContext<never>),
  };
}

export function assertToolName(name: string): void {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new TypeError(`The tool name "${name}" must be 1 to 64 letters, digits, "_" or "-".`);
}
