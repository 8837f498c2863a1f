import { z } from 'zod';
import type { ToolContract } from '../protocol/contract.ts';
import type { Json } from '../protocol/json.ts';
import type { Access } from '../protocol/policy.ts';
import type { Agent, Agents } from './agent.ts';
import { type ApprovalOption, askApproval } from './approvalPolicy.ts';
import { assertToolName, type Tool } from './defineTool.ts';
import { type JsonOnly, jsonSchemaOf, parseWith } from './schema.ts';

/** What a tool that asks agents needs: which, and what they are asked. */
export interface ChildAgents {
  /** One alone gives its answer as the tool's output, several a list. */
  readonly many: boolean;
  /** By the names under which they run; one without a name runs under its name among the server's agents. */
  readonly agents: readonly { readonly name: string | undefined; readonly agent: Agent }[];
  taskOf(input: unknown): string;
}

interface AgentToolOptions<Name extends string, Input extends z.ZodType> {
  readonly name: Name;
  /** Tells the model what the agent is good for, and what it has to be told: it knows nothing of the conversation. */
  readonly description: string;
  /** Default: `{ task: string }`. */
  readonly input?: Input & JsonOnly<Input>;
  /** What the agent is asked. Default: the `task` of the input, or the input as JSON. */
  readonly task?: (input: z.output<Input>) => string;
  /** A person must let each call through. */
  readonly needsApproval?: ApprovalOption<z.output<Input>, unknown>;
  /** The agents get the principal with no other scopes than these. */
  readonly scopes?: readonly string[];
  /** For whom it is there. It is for nobody who may not use all of its agents. */
  readonly access?: Access;
}

const taskInput = z.object({ task: z.string().describe('Everything the agent has to know: it does not see the conversation.') });
type TaskInput = typeof taskInput;

type NestedTools<A> = { readonly [Name in NestedName<A>]: NestedTool<A, Name> };
type NestedName<A> = A extends Agent<infer Contract> ? keyof Contract['tools'] & string : never;
type NestedTool<A, Name extends string> =
  A extends Agent<infer Contract> ? (Name extends keyof Contract['tools'] ? Contract['tools'][Name] : never) : never;

/** Of several agents, what each of them may answer. */
type AnswerOf<A> =
  A extends Agent<infer Contract>
    ? Contract extends { readonly output: infer Output }
      ? [Output] extends [undefined]
        ? string
        : Output
      : string
    : never;

/** One agent's part in what `parallel` gives: its answer, or why there is none. */
export type ParallelResult<Answer = Json> =
  | { readonly agent: string; readonly runId: string; readonly status: 'completed'; readonly answer: Answer }
  | { readonly agent: string; readonly runId: string; readonly status: 'failed' | 'cancelled'; readonly error: string };

/**
 * An agent as a tool of another: each call is a child run with a log entry, limits and usage of its own, in the same thread. It survives a
 * restart, ends with its parent, and its answer is the tool's output: the agent's `output`, or the text of its last message.
 */
export function agentTool<const Name extends string, A extends Agent, Input extends z.ZodType = TaskInput>(
  agent: A,
  options: AgentToolOptions<Name, Input>,
): Tool<
  Name,
  { readonly input: z.output<Input>; readonly output: AnswerOf<A>; readonly progress: never; readonly nested: NestedTools<A> }
> {
  return childTool([{ name: undefined, agent }], { ...options, many: false });
}

/**
 * Several agents as one tool: a call asks them all the same at once. One that fails leaves the others; the output says what became of each,
 * and the call fails only when all of them did.
 */
export function parallel<const Name extends string, const All extends readonly Agent[], Input extends z.ZodType = TaskInput>(
  agents: All,
  options: AgentToolOptions<Name, Input>,
): Tool<
  Name,
  {
    readonly input: z.output<Input>;
    readonly output: { readonly results: readonly ParallelResult<AnswerOf<All[number]>>[] };
    readonly progress: never;
    readonly nested: NestedTools<All[number]>;
  }
> {
  if (agents.length === 0) throw new TypeError(`The tool ${options.name} asks no agents: give \`parallel\` at least one.`);
  return childTool(
    agents.map((agent) => ({ name: undefined, agent })),
    { ...options, many: true },
  );
}

/** One tool for each agent, under its own name and description: what a supervisor works with. */
export function agentTools<const All extends Agents>(
  agents: All,
): {
  [Name in keyof All & string]: Tool<
    Name,
    {
      readonly input: z.output<TaskInput>;
      readonly output: AnswerOf<All[Name]>;
      readonly progress: never;
      readonly nested: NestedTools<All[Name]>;
    }
  >;
}[keyof All & string][] {
  const tools = Object.entries(agents).map(([name, agent]) =>
    childTool([{ name, agent }], { name, description: agent.description, many: false }),
  );
  // The edge: an object's entries have lost which name goes with which agent.
  return tools as never;
}

function childTool<Name extends string, Input extends z.ZodType, Contract extends ToolContract>(
  agents: ChildAgents['agents'],
  options: AgentToolOptions<Name, Input> & { readonly many: boolean },
): Tool<Name, Contract> {
  const { name, description, input = taskInput, task, needsApproval, scopes, access, many } = options;
  assertToolName(name);
  const inputSchema = jsonSchemaOf(input, `The input of tool ${name}`);
  if (inputSchema.type !== 'object') throw new TypeError(`The input of tool ${name} must be an object: models send named arguments.`);
  const [only] = agents;
  const answer = only?.agent.outputSchema ?? { type: 'string' };
  return {
    name,
    description,
    kind: 'agents',
    // A child run is a fact of its own: it goes on after a crash, and is not begun twice.
    idempotent: true,
    strict: false,
    timeoutMs: undefined,
    expiresInMs: undefined,
    maxConcurrent: undefined,
    retry: undefined,
    cache: undefined,
    worker: undefined,
    scopes,
    access,
    children: {
      many,
      agents,
      taskOf: (value) => (task === undefined ? defaultTask(value) : task(value as z.output<Input>)),
    },
    inputSchema,
    outputSchema: many ? PARALLEL_OUTPUT : answer,
    progressSchema: undefined,
    mayAsk: needsApproval !== undefined && needsApproval !== false,
    needsApproval: (value, context) => askApproval(needsApproval as ApprovalOption<never, never> | undefined, value, context),
    parseInput: (value) => parseWith(input, value),
    parseOutput: (value) => ({ ok: true, value }),
    parseProgress: () => ({ ok: false, issues: 'a tool that asks agents tells no progress' }),
    execute: () => {
      throw new TypeError(`The tool ${name} is carried out by child runs.`);
    },
  };
}

const PARALLEL_OUTPUT = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          agent: { type: 'string' },
          runId: { type: 'string' },
          status: { enum: ['completed', 'failed', 'cancelled'] },
          answer: {},
          error: { type: 'string' },
        },
        required: ['agent', 'runId', 'status'],
      },
    },
  },
  required: ['results'],
};

function defaultTask(input: unknown): string {
  if (typeof input === 'object' && input !== null && 'task' in input && typeof input.task === 'string') return input.task;
  return JSON.stringify(input);
}
