import type { AgentContract, ApiContract, EventOfApi, OutputOf } from '../protocol/contract.ts';
import type { FileRef } from '../protocol/file.ts';
import type { AssistantMessage, ToolCall, UserMessage } from '../protocol/message.ts';
import { emptyThread, type RunState, reduceThread, type ThreadState } from './reducer.ts';
import type { RemarkEvent, RunRemark } from './remarks.ts';

type CallFields = Omit<ToolCall, 'tool' | 'input' | 'rejected' | 'editedInput' | 'output' | 'file' | 'progress'>;

/** A call of a tool that is declared: what it was asked, and what came of it. */
type DeclaredCall<Tool extends string, Contract extends AgentContract['tools'][string]> = CallFields & {
  readonly tool: Tool;
  readonly input: Contract['input'];
  readonly rejected?: undefined;
  readonly editedInput?: Contract['input'];
  readonly progress?: Contract['progress'];
} & (
    | { readonly file?: undefined; readonly output?: Contract['output'] }
    /** The result is a file: `output` is its preview. */
    | { readonly file: FileRef; readonly output: string }
  );

/** A call that could not be made: of a tool that is not there, or with arguments that it does not take. */
type RejectedToolCall = CallFields & {
  readonly tool: string;
  /** As the model wrote them. */
  readonly rejected: string;
  readonly input?: undefined;
  readonly editedInput?: undefined;
  readonly output?: undefined;
  readonly file?: undefined;
  readonly progress?: undefined;
};

type ToolCallOf<Agent extends AgentContract> = Agent extends AgentContract
  ? { [Name in keyof Agent['tools'] & string]: DeclaredCall<Name, Agent['tools'][Name]> }[keyof Agent['tools'] & string]
  : never;

export type MessageOf<Api extends ApiContract> =
  | UserMessage
  | (Omit<AssistantMessage, 'toolCalls'> & { readonly toolCalls: readonly (ToolCallOf<Api[keyof Api]> | RejectedToolCall)[] });

/** A remark by what the agents declare: data parts narrow by their names. */
export type RunRemarkOf<Api extends ApiContract> = Omit<RunRemark, 'event'> & {
  readonly event: Extract<EventOfApi<Api>, { readonly type: RemarkEvent['type'] }>;
};

export type RunStateOf<Api extends ApiContract> = Omit<RunState, 'messages' | 'remarks' | 'output'> & {
  readonly messages: readonly MessageOf<Api>[];
  readonly remarks: readonly RunRemarkOf<Api>[];
  readonly output?: OutputOf<Api[keyof Api]>;
};

type DataOf<Agent extends AgentContract> = Agent extends AgentContract ? Agent['data'] : never;
type DataName<Data> = Data extends unknown ? keyof Data & string : never;
type DataNamed<Data, Name extends string> = Data extends unknown ? (Name extends keyof Data ? Data[Name] : never) : never;

/** A thread as a front end shows it, by what the agents of an application declare. */
export type ThreadStateOf<Api extends ApiContract> = Omit<ThreadState, 'messages' | 'runs' | 'data'> & {
  readonly messages: readonly MessageOf<Api>[];
  readonly runs: { readonly [runId: string]: RunStateOf<Api> };
  readonly data: { readonly [Name in DataName<DataOf<Api[keyof Api]>>]?: DataNamed<DataOf<Api[keyof Api]>, Name> };
};

/** `emptyThread` and `reduceThread`, by what the agents of an application declare: tool calls narrow by the names of their tools. */
export function threadReducer<Api extends ApiContract>(): {
  readonly empty: ThreadStateOf<Api>;
  readonly reduce: (state: ThreadStateOf<Api>, event: EventOfApi<Api>) => ThreadStateOf<Api>;
} {
  // The edge: what the server stores was checked by the schemas that the contract is made of.
  return { empty: emptyThread, reduce: reduceThread } as never;
}
