import type { ApprovalQuestion } from '../agents/approvalPolicy.ts';
import type { ModelRequest } from '../agents/model.ts';
import type { AgentContract, ToolContract } from '../protocol/contract.ts';
import type { ScriptedModelTurn } from './scriptedModel.ts';

/** A generated contract says more of its tools than types of events need. */
interface AskedTool extends ToolContract {
  readonly approval?: true;
  readonly asks?: string;
}

type Outcome<Tool extends AskedTool> = Tool extends { readonly client: true } | { readonly asks: string } | { readonly nested: object }
  ? // The test submits it, or it is the other agent's answer.
    { readonly output?: undefined; readonly error?: undefined; readonly progress?: undefined }
  : {
      /** In this order, before the outcome. */
      readonly progress?: readonly Tool['progress'][];
    } & ({ readonly output: Tool['output']; readonly error?: undefined } | { readonly error: string; readonly output?: undefined });

type Approval<Tool extends AskedTool> = Tool extends { readonly approval: true }
  ? {
      /** Whether a person is asked first, and what. Default `true`: the real tool may ask. */
      readonly approval?: boolean | ApprovalQuestion;
    }
  : { readonly approval?: undefined };

type CallOf<Name extends string, Tool> = Tool extends AskedTool
  ? { readonly name: Name; readonly input: Tool['input'] } & Outcome<Tool> & Approval<Tool>
  : never;

/** A tool call that the model makes, and what comes of it: nothing is carried out. */
export type ScriptCall<Tools extends AgentContract['tools']> = { [Name in keyof Tools & string]: CallOf<Name, Tools[Name]> }[keyof Tools &
  string];

type ScriptData<Data extends AgentContract['data']> = {
  [Name in keyof Data & string]: { readonly name: Name; readonly data: Data[Name] };
}[keyof Data & string];

/** What an agent says in one model call: data parts, then reasoning, text, and tool calls. */
export interface ScriptTurn<Agent extends AgentContract, Handoff extends string = never> extends Omit<ScriptedModelTurn, 'toolCalls'> {
  readonly toolCalls?: readonly ScriptCall<Agent['tools']>[];
  /** Of an agent with an output, in the place of `text`. */
  readonly output?: Agent['output'];
  readonly data?: readonly ScriptData<Agent['data']>[];
  /** Another agent goes on: with the next step of its own script. */
  readonly handoff?: Handoff | { readonly to: Handoff; readonly reason?: string };
}

export type ScriptStep<Agent extends AgentContract, Handoff extends string = never> =
  | ScriptTurn<Agent, Handoff>
  | ((request: ModelRequest) => ScriptTurn<Agent, Handoff> | Promise<ScriptTurn<Agent, Handoff>>);

/** What an agent says: each of its model calls takes the next step, whichever run makes it. */
export type Script<Agent extends AgentContract, Handoff extends string = never> = readonly ScriptStep<Agent, Handoff>[];

/** Whom a router chooses: each of its runs takes the next. */
export type RouterScript<To extends string> = readonly { readonly to: To; readonly reason?: string }[];

/** A script that was typed where it was written. */
export type AnyScript = readonly (AnyTurn | ((request: ModelRequest) => AnyTurn | Promise<AnyTurn>))[];

export interface AnyCall {
  readonly name: string;
  readonly input: unknown;
  readonly output?: unknown;
  readonly error?: string | undefined;
  readonly progress?: readonly unknown[] | undefined;
  readonly approval?: boolean | ApprovalQuestion | undefined;
}

export interface AnyTurn extends Omit<ScriptedModelTurn, 'toolCalls'> {
  readonly toolCalls?: readonly AnyCall[];
  readonly output?: unknown;
  readonly data?: readonly { readonly name: string; readonly data: unknown }[];
  readonly handoff?: string | { readonly to: string; readonly reason?: string };
  /** Of a router. */
  readonly to?: string;
  readonly reason?: string;
}
