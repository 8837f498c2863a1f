import type { Client } from '../client/client.ts';
import type { SentRun } from '../client/run.ts';
import type {
  AgentContract,
  ApiContract,
  ApprovalOptions,
  CallRef,
  ClientTool,
  Decision,
  EditInput,
  SendInput,
  SendToMany,
  ToolInput,
  ToolName,
  ToolOutput,
} from '../protocol/contract.ts';
import type { SubmittedCall, ThreadInfo } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { asVerbatimError } from './asVerbatimError.ts';
import { changesOf } from './changes.ts';
import { type Addressed, type ThreadStore, threadStoreOf } from './threadStore.ts';

type Without<Input, Key extends PropertyKey> = Input extends unknown ? Omit<Input, Key> : never;
type AgentOf<Api extends ApiContract> = Api[keyof Api & string];
type NeedsContext<Agent extends AgentContract> = Agent extends AgentContract ? (undefined extends Agent['context'] ? false : true) : never;

/** A message and what goes with it, or its text alone. Without `agent` it is for the hook's. */
export type Outgoing<Api extends ApiContract, Name extends keyof Api & string = keyof Api & string> =
  | (NeedsContext<Api[Name]> extends true ? never : string)
  | (Without<SendInput<Pick<Api, Name>>, 'agent' | 'threadId'> & { readonly agent?: undefined; readonly agents?: undefined })
  | (Without<SendInput<Api>, 'threadId'> & { readonly agents?: undefined })
  | (Without<SendToMany<Api>, 'threadId'> & { readonly agent?: undefined });

/** Tools that a client can answer for; any of them where the agents are not known. */
type AnsweredTool<Agent extends AgentContract> = [ClientTool<Agent>] extends [never] ? ToolName<Agent> : ClientTool<Agent>;

/**
 * What can be done in a thread. They stay the same from render to render. Each promise rejects with what it was refused for, which is in `error` too:
 * one that nobody waits for is no unhandled rejection.
 */
export interface ThreadActions<Api extends ApiContract, Name extends keyof Api & string = keyof Api & string> {
  /** Resolves when the message is durable. It is shown at once; when it is refused it stays, with its error, until `dismiss` or `resend`. */
  send(message: Outgoing<Api, Name>): Promise<SentRun<AgentOf<Api>>>;
  /** Puts a message into the run that is at work. */
  steer(message: Outgoing<Api, Name>): Promise<SentRun<AgentOf<Api>>>;
  /** Sends a message again that was refused. Whatever became of the first attempt, the thread has it once. */
  resend(key: string): Promise<SentRun<AgentOf<Api>>>;
  /** Takes back a message that was refused, and its error; without a key, only what `error` says. */
  dismiss(key?: string): void;
  /** Cancels the run at work, or the one that is just being sent. Does nothing when there is none. */
  stop(): Promise<void>;
  /** Answers the last message of the user again: also one that a fork copied, or that was imported. */
  retry(): Promise<SentRun<AgentOf<Api>>>;
  /** Sends a message of the user with another text, in a fork that is shown from then on. */
  edit(message: EditInput<Api>): Promise<SentRun<AgentOf<Api>>>;
  /** A copy of the thread, up to a seq or whole, which is shown from then on. */
  fork(options?: { readonly atSeq?: number; readonly title?: string }): Promise<ThreadInfo>;
  /** Lets a tool call through; with `input`, as a person has made it. A call of `messages` says which tool, and so what its input is. */
  approve<Tool extends ToolName<AgentOf<Api>>>(
    call: CallRef<Tool>,
    options?: ApprovalOptions<ToolInput<AgentOf<Api>, Tool>>,
  ): Promise<Decision>;
  reject(call: CallRef, options?: string | Omit<ApprovalOptions, 'input'>): Promise<Decision>;
  /** What a tool call has come to that the client carries out. */
  submitToolResult<Tool extends AnsweredTool<AgentOf<Api>>>(
    call: CallRef<Tool>,
    output: ToolOutput<AgentOf<Api>, Tool>,
  ): Promise<SubmittedCall>;
  /** Says that it could not be carried out, and why: the model is told. */
  failToolCall(call: CallRef, error: string): Promise<SubmittedCall>;
  /** Puts a page of older messages before those that are shown. */
  loadEarlier(): Promise<void>;
  /** Reads a thread again that could not be read. */
  reload(): void;
}

export interface ThreadActionsOptions {
  readonly client: Client<ApiContract>;
  readonly store: () => ThreadStore;
  /** Absent: it has not begun. */
  readonly threadId: string | undefined;
  readonly agent: () => string;
  /** Told of what an action was refused for, and of nothing when the next one begins. */
  readonly onRefused: (error: VerbatimError | undefined) => void;
  /** Shows another thread, which was made from this one. */
  readonly go: (threadId: string) => void;
}

export function threadActions<Api extends ApiContract, Name extends keyof Api & string>(
  options: ThreadActionsOptions,
): ThreadActions<Api, Name> {
  const { client, store, threadId, agent, onRefused, go } = options;

  const attempt = <Result>(action: () => Promise<Result>): Promise<Result> => {
    onRefused(undefined);
    const done = action().catch((cause: unknown) => {
      const error = asVerbatimError(cause);
      onRefused(error);
      throw error;
    });
    // It is shown: whoever does not wait for it is told all the same.
    done.catch(() => {});
    return done;
  };

  const send = (outgoing: string | Partial<Addressed>, more?: { readonly whenBusy: 'steer' }): Promise<SentRun<AgentContract>> =>
    attempt(async () => {
      const given = typeof outgoing === 'string' ? { text: outgoing } : { text: '', ...outgoing };
      return store().send({ ...(given.agents === undefined && { agent: agent() }), ...more, ...given });
    });

  const actions = {
    send: (outgoing: string | Addressed) => send(outgoing),
    steer: (outgoing: string | Addressed) => send(outgoing, { whenBusy: 'steer' }),
    resend: (key: string) => attempt(() => store().resend(key)),
    dismiss(key?: string): void {
      onRefused(undefined);
      if (key !== undefined) store().dismiss(key);
    },
    stop: () =>
      attempt(async () => {
        const runId = await store().openRunId();
        if (runId !== undefined) await client.run(runId).cancel();
      }),
    retry: () =>
      attempt(async () => {
        const { lastRunId, lastAsked } = store();
        // A copy in a fork has no run. It is answered by whom it was sent to, and one that was sent to nobody by the hook's agent.
        if (lastAsked !== undefined && lastAsked.runId === undefined) {
          const { id: messageId } = lastAsked;
          return store().ask(() => client.messages.retry({ messageId, ...(lastAsked.agent === undefined && { agent: agent() }) }));
        }
        if (lastRunId === undefined) throw new VerbatimError('BAD_INPUT', 'There is nothing to answer again. Send a message first.');
        return store().ask(() => client.run(lastRunId).retry());
      }),
    edit: (message: EditInput<ApiContract>) =>
      attempt(async () => {
        const run = await store().ask(() => client.messages.edit(message));
        threadStoreOf(client, run.threadId).expect(run);
        changesOf(client).tell('threads');
        go(run.threadId);
        return run;
      }),
    fork: (input: { readonly atSeq?: number; readonly title?: string } = {}) =>
      attempt(async () => {
        if (threadId === undefined) throw new VerbatimError('BAD_INPUT', 'The thread has not begun. Send a message first.');
        const fork = await client.threads.fork({ threadId, ...input });
        changesOf(client).tell('threads');
        go(fork.id);
        return fork;
      }),
    approve: (call: CallRef, given: ApprovalOptions = {}) =>
      attempt(() => client.approvals.decide({ callId: idOf(call), decision: 'approve', ...given })),
    reject: (call: CallRef, given: string | Omit<ApprovalOptions, 'input'> = {}) =>
      attempt(() =>
        client.approvals.decide({ callId: idOf(call), decision: 'reject', ...(typeof given === 'string' ? { reason: given } : given) }),
      ),
    // The call knows of which run it is.
    submitToolResult: (call: CallRef, output: unknown) => attempt(() => client.run('').submitToolResult(call as never, output as never)),
    failToolCall: (call: CallRef, error: string) => attempt(() => client.run('').failToolCall(call, error)),
    loadEarlier: () => attempt(() => store().loadEarlier()),
    reload: (): void => store().readAgain(),
  };
  // The edge: what goes in and comes out is typed by the Api, and travels as what every Api has in common.
  return actions as unknown as ThreadActions<Api, Name>;
}

function idOf(call: CallRef): string {
  return typeof call === 'string' ? call : call.callId;
}
