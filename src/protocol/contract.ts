import type { Budget } from './budget.ts';
import type {
  AnyEvent,
  ApprovalRequested,
  ApprovalResolved,
  CommonEvent,
  DataEvent,
  ThreadSnapshot,
  ToolCalled,
  ToolCompleted,
  ToolFile,
  ToolProgress,
} from './event.ts';
import type { Json, JsonObject } from './json.ts';

/** What a reader may know of a tool: plain types of parsed values. */
export interface ToolContract {
  readonly input: unknown;
  readonly output: unknown;
  readonly progress: unknown;
  /** The client carries it out. */
  readonly client?: true;
  /** Tools of the agents that it asks: their events are in the same run. */
  readonly nested?: { readonly [name: string]: ToolContract };
}

/** What a caller may know of an agent. `InferApi` makes it from the agent's definition. */
export interface AgentContract {
  readonly tools: { readonly [name: string]: ToolContract };
  /** Data parts by name: `data { name, data }` events. */
  readonly data: { readonly [name: string]: unknown };
  /** What `send({ context })` takes; `undefined` when the agent declares none. */
  readonly context: unknown;
  /** What `run.result().output` is; `undefined` when the agent declares none. */
  readonly output?: unknown;
}

/** An application's agents by name. */
export interface ApiContract {
  readonly [agent: string]: AgentContract;
}

/** The contract of a reader that knows no particular application: any agent, any tool, everything JSON. Its events are `AnyEvent`s. */
export interface JsonApi {
  readonly [agent: string]: {
    readonly tools: { readonly [name: string]: { readonly input: Json; readonly output: Json; readonly progress: Json } };
    readonly data: { readonly [name: string]: Json };
    readonly context: Json | undefined;
    readonly output?: Json;
  };
}

type ToolEvents<Tools extends AgentContract['tools']> = {
  [Name in keyof Tools & string]:
    | ToolCalled<Name, Tools[Name]['input']>
    | ApprovalRequested<Name, Tools[Name]['input']>
    | ApprovalResolved<Name, Tools[Name]['input']>
    | ToolFile<Name>
    | ToolProgress<Name, Tools[Name]['progress']>
    | ToolCompleted<Name, Tools[Name]['output']>;
}[keyof Tools & string];

type DataEvents<Data extends AgentContract['data']> = { [Name in keyof Data & string]: DataEvent<Name, Data[Name]> }[keyof Data & string];

/**
 * Every event that a reader of these agents can meet. Distributes over a union of agents, so that a thread's reader keeps the tool
 * events of each; a tool name with two inputs in two agents is a union.
 */
export type EventOf<Agent extends AgentContract> =
  | CommonEvent
  | ThreadSnapshot
  | (Agent extends AgentContract ? ToolEvents<Agent['tools']> | DataEvents<Agent['data']> : never);

/** `context` is required when the agent's `contextInput` is, optional when that may be undefined, and not taken when there is none. */
export type ContextField<Agent extends AgentContract> = [Agent['context']] extends [undefined]
  ? { readonly context?: undefined }
  : undefined extends Agent['context']
    ? { readonly context?: Agent['context'] }
    : { readonly context: Agent['context'] };

export type WhenBusy = 'queue' | 'reject' | 'interrupt' | 'steer';
export type OnDisconnect = 'continue' | 'cancel';

export interface SendOptions {
  /** 0 to 2. */
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
}

/** What the answer of an agent with `output` is. */
export type OutputOf<Agent extends AgentContract> = Agent extends { readonly output: infer Output } ? Output : undefined;

/** Tools of an agent that the client carries out. */
export type ClientTool<Agent extends AgentContract> = Agent extends AgentContract
  ? {
      [Name in keyof Agent['tools'] & string]: Agent['tools'][Name] extends { readonly client: true } ? Name : never;
    }[keyof Agent['tools'] & string]
  : never;

/** A tool call by its id, or by any event about it: then its tool is known, and what goes with it is typed by it. */
export type CallRef<Tool extends string = string> = string | { readonly callId: string; readonly tool: Tool };

export type ToolName<Agent extends AgentContract> = Agent extends AgentContract ? keyof Agent['tools'] & string : never;
export type ToolInput<Agent extends AgentContract, Name extends string> = Agent extends AgentContract
  ? Name extends keyof Agent['tools']
    ? Agent['tools'][Name]['input']
    : never
  : never;
export type ToolOutput<Agent extends AgentContract, Name extends string> = Agent extends AgentContract
  ? Name extends keyof Agent['tools']
    ? Agent['tools'][Name]['output']
    : never
  : never;

/** What a person says of a tool call. */
export interface ApprovalOptions<Input = Json> {
  /** In the place of the model's input. The tool's schema checks it, and the model is told. */
  readonly input?: Input;
  /** The model is told of it when the call is rejected. */
  readonly reason?: string;
  /** Decide the same about later calls of this tool, by the same agent, in this run and those under it, or in the whole thread. */
  readonly remember?: 'run' | 'thread';
  readonly idempotencyKey?: string;
}

/** What was decided, by whom, and when. */
export interface Decision {
  readonly callId: string;
  readonly status: 'approved' | 'rejected' | 'expired' | 'withdrawn';
  readonly by: string;
  readonly at: number;
  readonly reason?: string;
}

interface SendBody {
  readonly text: string;
  /** Absent: a new thread. */
  readonly threadId?: string;
  /** What to do when the thread has an open run. Default `queue`. */
  readonly whenBusy?: WhenBusy;
  /** Default: what the agent says, else `continue`. */
  readonly onDisconnect?: OnDisconnect;
  readonly metadata?: JsonObject;
  /** Ids of files that the caller has uploaded. */
  readonly attachments?: readonly string[];
  readonly options?: SendOptions;
  /** What the run may use. The agent and the server may allow less. */
  readonly budget?: Budget;
}

/** Asks several agents at once: a run for each, under one root run. All of them get the same `context`. */
export type SendToMany<Api extends ApiContract, Name extends keyof Api & string = keyof Api & string> = SendBody & {
  readonly agents: readonly Name[];
} & ContextField<Api[Name]>;

/** What all of several agents take as their context, of which each is given what was sent. Agents without one have no company of those with one. */
export type ContextOfEach<Agent extends AgentContract> = [ContextOfAll<Agent>] extends [never]
  ? { readonly context: never }
  : ContextField<{ readonly tools: Agent['tools']; readonly data: Agent['data']; readonly context: ContextOfAll<Agent> }>;
type ContextOfAll<Agent extends AgentContract> = (Agent extends AgentContract ? (context: Agent['context']) => void : never) extends (
  context: infer All,
) => void
  ? All
  : never;

/** A run that asks several agents has no answer of its own: each of theirs is among the `children` of its result. */
export type Asked<Agent extends AgentContract> = Agent extends AgentContract
  ? Omit<Agent, 'output'> & { readonly output: undefined }
  : never;

export type SendInput<Api extends ApiContract> = {
  [Name in keyof Api & string]: {
    readonly agent: Name;
  } & SendBody &
    ContextField<Api[Name]>;
}[keyof Api & string];

/**
 * A message of the user with another text, in a fork that ends just before it. What is left out is as it was sent then; another agent takes
 * its own context.
 */
export type EditInput<Api extends ApiContract> = {
  readonly messageId: string;
  readonly text: string;
  readonly onDisconnect?: OnDisconnect;
  readonly metadata?: JsonObject;
  /** Ids of files. */
  readonly attachments?: readonly string[];
  readonly options?: SendOptions;
} & AnsweredBy<Api>;

/** A message of the user that is to be answered again, in its own thread. What is left out is as it was sent then. */
export type RetryInput<Api extends ApiContract> = {
  readonly messageId: string;
  readonly onDisconnect?: OnDisconnect;
  readonly options?: SendOptions;
} & AnsweredBy<Api>;

/** Whoever was asked then, or another agent, which takes its own context. */
type AnsweredBy<Api extends ApiContract> =
  | { readonly agent?: undefined; readonly context?: undefined }
  | { [Name in keyof Api & string]: { readonly agent: Name } & ContextField<Api[Name]> }[keyof Api & string];

/** Proof that a command is durable. */
export interface Receipt {
  readonly threadId: string;
  readonly messageId: string;
  /** The root run that answers the message. */
  readonly runId: string;
  /** The position just before the message's own `message.received`: watch from it and nothing is missed. */
  readonly seq: number;
  readonly disposition: 'started' | 'queued' | 'steered' | 'interrupted';
  /** The run that `interrupt` cancels. */
  readonly interruptedRunId?: string;
  /** When several agents were asked: their runs, under `runId`, in the order of `agents`. */
  readonly children?: readonly { readonly runId: string; readonly agent: string }[];
}

export type EventOfApi<Api extends ApiContract> = EventOf<Api[keyof Api & string]>;

type Assignable<A, B> = A extends B ? true : never;
/** Typed events are events. */
export type _TypedEventsAreEvents = Assignable<EventOf<AgentContract>['type'], AnyEvent['type']>;
