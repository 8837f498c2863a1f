import type { z } from 'zod';
import type { ToolContract } from '../protocol/contract.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Principal } from '../protocol/principal.ts';
import { type JsonOnly, jsonSchemaOf, type Parsed, parseWith } from './schema.ts';

/** What a tool may know and do while it runs. */
export interface ToolContext<Progress = Json> {
  /** Aborts when the run is cancelled, or the call or its run takes too long. A result that comes later is dropped. */
  readonly signal: AbortSignal;
  /** Unique, and the same when an idempotent call is made again after a crash: use it as a key for what the tool changes. */
  readonly callId: string;
  readonly runId: string;
  readonly threadId: string;
  /** Who sent the message. */
  readonly principal: Principal;
  /** The `context` of the send, as the agent's `contextInput` parsed it; undefined when the agent declares none. */
  readonly context: Json | undefined;
  /** Tells readers how far it is: a `tool.progress` event. Of several within one commit only the last is kept. */
  progress(data: Progress): void;
  /** Tells readers what happens now: a `run.status` event, such as "searching". */
  status(text: string): void;
}

/** A tool by its parsed values. Make it with `defineTool`. */
export interface Tool<Name extends string = string, Contract extends ToolContract = ToolContract> {
  readonly name: Name;
  readonly description: string;
  readonly idempotent: boolean;
  readonly timeoutMs: number | undefined;
  /** JSON Schema of the input. */
  readonly inputSchema: JsonObject;
  parseInput(value: unknown): Parsed;
  parseOutput(value: unknown): Parsed;
  parseProgress(value: unknown): Parsed;
  execute(input: unknown, context: ToolContext): unknown;
  /** Types only: never there at run time. */
  readonly '~contract'?: Contract;
}

export interface ToolDefinition<Name extends string, Input extends z.ZodType, Output extends z.ZodType, Progress extends z.ZodType> {
  /** 1 to 64 letters, digits, `_` or `-`: what providers accept. */
  readonly name: Name;
  /** Tells the model when and how to use it. */
  readonly description: string;
  readonly input: Input & JsonOnly<Input>;
  /** Checked before the model or anybody sees a result. */
  readonly output: Output & JsonOnly<Output>;
  /** The shape of `context.progress(...)`. */
  readonly progress?: Progress & JsonOnly<Progress>;
  /** It may be called again with the same `callId` when a crash left its outcome unknown. Without it the model is told so instead. */
  readonly idempotent?: boolean;
  /** Default: the limit `toolTimeoutMs`, 60 s. */
  readonly timeoutMs?: number;
  /** May run at the same time as other calls of its step. What it throws is `tool.failed`: the model sees the message. */
  readonly execute: (input: z.output<Input>, context: ToolContext<z.input<Progress>>) => Promise<z.input<Output>> | z.input<Output>;
}

/** Declares a tool. Throws at once for a name that providers refuse and for schemas that JSON cannot hold. */
export function defineTool<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Progress extends z.ZodType = z.ZodType<Json, Json>,
>(
  definition: ToolDefinition<Name, Input, Output, Progress>,
): Tool<Name, { readonly input: z.output<Input>; readonly output: z.output<Output>; readonly progress: z.output<Progress> }> {
  const { name, description, input, output, progress, idempotent = false, timeoutMs, execute } = definition;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new TypeError(`The tool name "${name}" must be 1 to 64 letters, digits, "_" or "-".`);
  const inputSchema = jsonSchemaOf(input, `The input of tool ${name}`);
  if (inputSchema.type !== 'object') throw new TypeError(`The input of tool ${name} must be an object: models send named arguments.`);
  jsonSchemaOf(output, `The output of tool ${name}`);
  if (progress !== undefined) jsonSchemaOf(progress, `The progress of tool ${name}`);
  return {
    name,
    description,
    idempotent,
    timeoutMs,
    inputSchema,
    parseInput: (value) => parseWith(input, value),
    parseOutput: (value) => parseWith(output, value),
    parseProgress: (value) => (progress === undefined ? { ok: true, value } : parseWith(progress, value)),
    // The run loop gives it only what parseInput returned.
    execute: (value, context) => execute(value as z.output<Input>, context as ToolContext<z.input<Progress>>),
  };
}
