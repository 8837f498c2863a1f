import type { Budget } from '../protocol/budget.ts';
import type { AgentContract, OnDisconnect, SendOptions } from '../protocol/contract.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { Access } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import type { AnyTool } from './defineTool.ts';
import type { Guards } from './guard.ts';
import type { History } from './history.ts';
import type { Memory } from './memory.ts';
import type { Model, ModelMessage } from './model.ts';
import type { Routed, RouteInput } from './router.ts';
import type { Parsed } from './schema.ts';

/** What instructions, models and tools may depend on. */
export interface InstructionsContext<Context = unknown> {
  /** What the agent's `context` made for this run; without one, the `context` of the send. */
  readonly context: Context;
  readonly principal: Principal;
  readonly threadId: string;
  readonly runId: string;
  /** What is kept for the principal and for the thread, from run to run. */
  readonly memory: Memory;
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

export interface AgentBase {
  /** What makes it the same agent, also as a copy with another model. */
  readonly identity: object;
  readonly description: string;
  readonly onDisconnect: OnDisconnect;
  readonly maxSteps: number | undefined;
  readonly stepTimeoutMs: number | undefined;
  readonly runTimeoutMs: number | undefined;
  /** Of each run that it is asked for, with the runs under that. */
  readonly budget: Budget | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly access: Access | undefined;
  /** All that it may ever have, where that is known before a run: `tools` may be a function. */
  readonly tools: readonly AnyTool[];
  /** `tools` is a function: there may be others than those. */
  readonly toolsVary?: boolean;
  /** JSON Schemas, for those who generate code from them. */
  readonly contextSchema: JsonObject | undefined;
  readonly outputSchema: JsonObject | undefined;
  readonly dataSchemas: { readonly [name: string]: JsonObject };
  /** Validates the `context` of a send. */
  parseContext(value: unknown): Parsed;
  /** What a run's tools, instructions and models get as `context`. It is disposed when work on the run stops, if it can be. */
  buildContext(input: InstructionsContext): unknown;
}

export interface ModelAgent extends AgentBase {
  readonly kind: 'model';
  /** Undefined when it depends on the run. */
  readonly model: Model | undefined;
  /** Undefined when they depend on the run. */
  readonly fixedInstructions: string | undefined;
  readonly temperature: number | undefined;
  readonly maxTemperature: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly history: History;
  readonly guards: Guards;
  readonly onStreamCut: 'fail' | 'regenerate';
  modelOf(context: InstructionsContext): Model | Promise<Model>;
  instructions(context: InstructionsContext): string | Promise<string>;
  toolsOf(context: InstructionsContext): readonly AnyTool[] | Promise<readonly AnyTool[]>;
  handoffs(): readonly Agent[];
  parseOutput(value: unknown): Parsed;
}

export interface CustomAgent extends AgentBase {
  readonly kind: 'custom';
  run(context: AgentContext): AsyncGenerator<unknown, unknown, unknown>;
  parseData(name: string, value: unknown): Parsed;
}

/** Chooses the agent that answers. Make it with `router`. */
export interface RouterAgent extends AgentBase {
  readonly kind: 'router';
  readonly model: Model | undefined;
  readonly agents: { readonly [name: string]: Agent };
  route(input: RouteInput): Promise<Routed>;
}

/** An agent by what callers may know of it. Make it with `defineAgent`. */
export type Agent<Contract extends AgentContract = AgentContract> = (ModelAgent | CustomAgent | RouterAgent) & {
  /** Types only: never there at run time. */
  readonly '~contract'?: Contract;
};

/** An application's agents by name. */
export interface Agents {
  readonly [name: string]: Agent;
}
