import type { Budget } from './budget.ts';
import type { Json } from './json.ts';

/** A tool as its definition has it. What an older server does not say is absent. */
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly input: Json;
  /** JSON Schema. */
  readonly output?: Json;
  /** Who carries it out: the server, whoever reads the run, or child runs. */
  readonly kind?: 'execute' | 'client' | 'agents';
  /** A person may be asked whether a call may be made. */
  readonly needsApproval?: boolean;
  readonly idempotent?: boolean;
  /** It is carried out in a worker thread. */
  readonly worker?: boolean;
  /** Where it has its own. */
  readonly timeoutMs?: number;
  readonly maxConcurrent?: number;
  /** Of a client-side tool with its own: how long its call waits. */
  readonly expiresInMs?: number;
  /** It gets the principal with no other scopes than these. */
  readonly scopes?: readonly string[];
  /** How often a call that fails is tried, at most. */
  readonly maxAttempts?: number;
  /** How long, and for whom, a result holds for the same input. */
  readonly cache?: { readonly ttlMs: number; readonly scope: 'run' | 'thread' | 'principal' | 'everyone' };
  /** The agents that it asks. */
  readonly asks?: readonly string[];
}

/** What an agent has in the place of the server's limits. */
export interface AgentLimits {
  readonly maxSteps?: number;
  readonly stepTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  readonly maxOutputTokens?: number;
  readonly budget?: Budget;
}

/** How much of a thread a model is sent besides the message that it answers. `summarize`: what is older is summed up, but for `keepTokens`. */
export type HistoryInfo =
  | 'all'
  | { readonly last: number }
  | { readonly maxTokens: number }
  | { readonly summarize: { readonly model: string; readonly maxTokens: number; readonly keepTokens: number } };

export interface GuardInfo {
  readonly name: string;
  readonly stage: 'input' | 'output';
  /** Of the input: `before` the model is asked, or `beside` it. Of the output: `hold` or `tripwire`. */
  readonly mode: 'before' | 'beside' | 'hold' | 'tripwire';
}

/** An agent as its definition has it: nothing of it is asked for this. What an older server does not say is absent. */
export interface AgentInfo<Name extends string = string> {
  readonly name: Name;
  readonly description: string;
  readonly tools: readonly ToolInfo[];
  readonly kind?: 'model' | 'custom' | 'router';
  /** A function chooses its tools for each run: there may be others. */
  readonly toolsVary?: boolean;
  /** The names of its model and of those that stand in for it, in their order; none where that depends on the run. */
  readonly models?: readonly string[];
  /** Agents that may take over from it. */
  readonly handoffs?: readonly string[];
  /** Of a router: the agents that it chooses from. */
  readonly routes?: readonly string[];
  /** JSON Schemas: of what a send takes as `context`, and of its structured output. */
  readonly context?: Json;
  readonly output?: Json;
  readonly limits?: AgentLimits;
  readonly history?: HistoryInfo;
  /** Its tools and child agents get the principal with no other scopes than these. */
  readonly scopes?: readonly string[];
  /** For administrators. */
  readonly guards?: readonly GuardInfo[];
  /** For administrators, where they do not depend on the run. */
  readonly instructions?: string;
}
