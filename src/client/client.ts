import type { TRPCClient } from '@trpc/client';
import type { AgentInfo } from '../protocol/agentInfo.ts';
import type { ApiContract, Asked, ContextOfEach, Decision, EditInput, RetryInput, SendInput, SendToMany } from '../protocol/contract.ts';
import type { Notice } from '../protocol/notice.ts';
import type { Procedures } from '../protocol/procedures.ts';
import type { Auth } from './auth.ts';
import type { CallOptions } from './calls.ts';
import type { ConnectionStatus } from './connectionState.ts';
import type { ContractRouter } from './contractRouter.ts';
import type { Files } from './files.ts';
import type { Run, SentRun } from './run.ts';
import type { Thread } from './thread.ts';
import type { WaitStatus } from './waits.ts';

type Approvals = Procedures<ApiContract>['approvals'];
type ThreadProcedures = Procedures<ApiContract>['threads'];
type MemoryProcedures = Procedures<ApiContract>['memory'];

/** A call with the procedure's own input; `idempotencyKey` is made where it is not given. */
type ThreadCall<Name extends keyof ThreadProcedures> = undefined extends ThreadProcedures[Name]['input']
  ? (input?: ThreadProcedures[Name]['input'], options?: CallOptions) => Promise<ThreadProcedures[Name]['output']>
  : (input: ThreadProcedures[Name]['input'], options?: CallOptions) => Promise<ThreadProcedures[Name]['output']>;

/**
 * A typed client of one server. Connects when it is first used, stays connected while something is asked for, and comes back by itself.
 * Everything it rejects with is a `VerbatimError`, but for `trpc`, which rejects as tRPC does.
 */
export interface Client<Api extends ApiContract> {
  // The compiler explains the last overload that was tried: the one that most calls mean.
  /** Asks several agents at once: the run is the root of one run for each. */
  send<const Name extends keyof Api & string>(
    message: { readonly agent?: undefined; readonly idempotencyKey?: string } & SendToMany<Api, Name> & ContextOfEach<Api[Name]>,
    options?: CallOptions,
  ): Promise<SentRun<Asked<Api[Name]>>>;
  /** Resolves with the run once the message is durable; rejects with `THREAD_BUSY`, `NOT_FOUND`, `BAD_INPUT` and their like. */
  send<const Name extends keyof Api & string>(
    message: { readonly agent: Name /** Made where it is not given. */; readonly idempotencyKey?: string } & SendInput<Pick<Api, Name>>,
    options?: CallOptions,
  ): Promise<SentRun<Api[Name]>>;
  /** A run by its id. Asks nothing until it is used. */
  run(runId: string): Run<Api[keyof Api & string]>;
  thread(threadId: string): Thread<Api>;
  readonly threads: {
    readonly create: (input?: ThreadProcedures['create']['input'], options?: CallOptions) => Promise<ThreadProcedures['create']['output']>;
    readonly get: ThreadCall<'get'>;
    readonly list: ThreadCall<'list'>;
    readonly update: ThreadCall<'update'>;
    readonly delete: ThreadCall<'delete'>;
    readonly messages: ThreadCall<'messages'>;
    readonly fork: ThreadCall<'fork'>;
    /** With a principal by its id, or by a `link`: the answer has its secret, this once. Put it into the fragment of a URL; see `openShare`. */
    readonly share: ThreadCall<'share'>;
    /** Takes a share back: its readers end within a second. */
    readonly unshare: ThreadCall<'unshare'>;
    readonly shares: ThreadCall<'shares'>;
    /** Keeps what a link opens, under the caller's own name: `list({ shared: true })` has it then. */
    readonly claimShare: ThreadCall<'claimShare'>;
  };
  readonly approvals: {
    /** What the caller may decide, and what is asked in its own threads; oldest first. */
    readonly list: (input?: Approvals['list']['input'], options?: CallOptions) => Promise<Approvals['list']['output']>;
    /** As `run.approve` and `run.reject`, for a call that is known by its id alone. */
    readonly decide: (input: Approvals['decide']['input'], options?: CallOptions) => Promise<Decision>;
  };
  readonly files: Files;
  /**
   * Calls `listener` with each notice from now on, until the returned function is called. The client stays connected meanwhile; what is told while it
   * is not is missed. A client that is closed, or has no authority any more, tells by `connection`.
   */
  on(event: 'notice', listener: (notice: Notice) => void): () => void;
  readonly messages: {
    /**
     * Sends a message of the user with another text, in a fork that ends just before it: the run's `threadId` is the fork's. Agent, context,
     * options and metadata are those of then, unless they are given.
     */
    readonly edit: (
      message: EditInput<Api> & { /** Made where it is not given. */ readonly idempotencyKey?: string },
      options?: CallOptions,
    ) => Promise<SentRun<Api[keyof Api & string]>>;
    /**
     * Answers a message of the user again, in its own thread, as `run.retry` does. Also one that has no run, since a fork copied it or it was
     * imported: its agent is asked, or the one that is given. Rejects with `BAD_INPUT` for one that is not the last of the user.
     */
    readonly retry: (
      message: RetryInput<Api> & { /** Made where it is not given. */ readonly idempotencyKey?: string },
      options?: CallOptions,
    ) => Promise<SentRun<Api[keyof Api & string]>>;
  };
  /** What tools keep for the caller from run to run, or for one of its threads. */
  readonly memory: {
    readonly list: (input?: MemoryProcedures['list']['input'], options?: CallOptions) => Promise<MemoryProcedures['list']['output']>;
    readonly delete: (input: MemoryProcedures['delete']['input'], options?: CallOptions) => Promise<{ readonly deleted: number }>;
    /** All of it. */
    readonly clear: (input?: MemoryProcedures['clear']['input'], options?: CallOptions) => Promise<{ readonly deleted: number }>;
  };
  /** Logging in and out; `passwordToken` does it by itself. */
  readonly auth: Auth;
  readonly agents: { readonly list: (options?: CallOptions) => Promise<readonly AgentInfo<keyof Api & string>[]> };
  readonly connection: ConnectionStatus;
  /** What waits because a limit put it off, to be shown: it goes on by itself. */
  readonly waits: WaitStatus;
  /** The plain typed tRPC client, over the same connection. */
  readonly trpc: TRPCClient<ContractRouter<Api>>;
  /** Rejects what is pending, and all that comes later, with `CLIENT_CLOSED`. Resolves when no socket or timer is left. Cancels no run. */
  close(): Promise<void>;
}
