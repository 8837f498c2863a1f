import type { AdminProcedures, LoginProcedures } from './accountProcedures.ts';
import type { AgentInfo } from './agentInfo.ts';
import type { ApprovalInfo, ApprovalStatus } from './approval.ts';
import type { ApiContract, ApprovalOptions, Decision, EditInput, Receipt, RetryInput, SendInput, SendToMany } from './contract.ts';
import type { ErrorInfo } from './errorCodes.ts';
import type { AnyEvent, OptInEvent, Usage } from './event.ts';
import type { FileInfo } from './file.ts';
import type { Json, JsonObject } from './json.ts';
import type { Message } from './message.ts';
import type { Notice, Reader } from './notice.ts';
import type { RunStep, SentStep } from './runStep.ts';
import type { NewShare, OpenedShare, ShareAccess, ShareInfo } from './share.ts';
import type { AuthMethods, Ticket, WhoAmI } from './whoAmI.ts';

/** The closed list of states of a run. `waiting` is for an answer from outside; the last three are final. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';

export interface ThreadInfo {
  readonly id: string;
  readonly title: string | null;
  /** How the first message of the user begins, on one line of at most 120 characters; null where none can be shown. */
  readonly preview: string | null;
  readonly metadata: JsonObject | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Last committed position; 0 when nothing happened yet. */
  readonly head: number;
  /** Positions up to here are folded: only their messages remain. */
  readonly floor: number;
  readonly epoch: string;
  /** The open root run at the front of the thread, when there is one. */
  readonly activeRunId?: string;
  /** The most that the caller may do with a thread of somebody else's; absent for its own. */
  readonly access?: ShareAccess | 'manage';
  /** The id of the principal whose it is, where it is not the caller's. */
  readonly ownerId?: string;
}

export interface RunInfo {
  readonly id: string;
  readonly threadId: string;
  readonly agent: string;
  readonly status: RunStatus;
  readonly attempt: number;
  /** Where it begins in the thread's log: watch from `firstSeq - 1`. */
  readonly firstSeq: number;
  readonly parentRunId?: string;
  /** The tool call of the parent that asked for it. */
  readonly parentCallId?: string;
  /** What a child run was asked. */
  readonly task?: string;
  /** The agent that speaks now, once another has taken over. */
  readonly currentAgent?: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly usage: Usage;
  readonly outcome?: 'complete' | 'partial';
  readonly output?: Json;
  readonly error?: ErrorInfo;
}

export interface Page<Row> {
  readonly items: readonly Row[];
  /** Give it back as `pageToken` for the next page; absent on the last one. */
  readonly nextPageToken?: string;
}

export interface ThreadListInput {
  readonly limit?: number | undefined;
  readonly pageToken?: string | undefined;
  /** Case-insensitive part of the title. */
  readonly search?: string | undefined;
  /** `activity` sorts by `updatedAt`. Both newest first, unless `order` is `asc`. */
  readonly sort?: 'activity' | 'created' | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  /** Only threads with (or without) an open run. */
  readonly active?: boolean | undefined;
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
  /** Those that are shared with the caller, in the place of its own. */
  readonly shared?: boolean | undefined;
  /** All, of the caller's tenant if it has one: `NOT_ALLOWED` unless it may read them. */
  readonly all?: boolean | undefined;
}

export interface RunListInput {
  readonly threadId?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** Those that were begun with it. */
  readonly agent?: string | undefined;
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
  /** Those of all, of the caller's tenant if it has one: `NOT_ALLOWED` unless it may list the threads of others. */
  readonly all?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly pageToken?: string | undefined;
}

export interface ImportedMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

export interface WatchInput {
  /** `epoch-seq` or a bare seq: deliver what comes after it. Absent: from the beginning. */
  readonly lastEventId?: string | number;
  /** `messages` leaves out deltas, progress and status. Default `events`. */
  readonly mode?: 'events' | 'messages';
  /** Events that are off by default. */
  readonly include?: readonly OptInEvent[];
}

export interface Tracked<Data> {
  readonly id: string;
  readonly data: Data;
}

/** A value that tools keep for a principal or a thread. */
export interface MemoryEntry {
  readonly key: string;
  readonly value: Json;
  readonly updatedAt: number;
}

export interface Query<Input, Output> {
  readonly kind: 'query';
  readonly input: Input;
  readonly output: Output;
}
export interface Mutation<Input, Output> {
  readonly kind: 'mutation';
  readonly input: Input;
  readonly output: Output;
}
export interface Subscription<Input, Event> {
  readonly kind: 'subscription';
  readonly input: Input;
  readonly output: Event;
}

export type Keyed = { readonly idempotencyKey?: string };
/** W3C trace context of the caller: what follows is part of its trace. */
type Traced = { readonly traceparent?: string };

/** A client-side tool call that has its outcome. */
export interface SubmittedCall {
  readonly callId: string;
  readonly runId: string;
  readonly status: 'completed' | 'failed';
}

export type ShareInput = {
  readonly threadId: string;
  readonly access?: ShareAccess | undefined;
  readonly expiresInMs?: number | undefined;
} & ({ readonly with: string; readonly link?: undefined } | { readonly link: true; readonly with?: undefined });

/** Every procedure: what it takes and what it answers. `PROTOCOL.md` says the rest. */
export interface Procedures<Api extends ApiContract, Event = AnyEvent> {
  readonly agents: { readonly list: Query<void, readonly AgentInfo<keyof Api & string>[]> };
  readonly threads: {
    readonly create: Mutation<
      Keyed & { readonly title?: string; readonly metadata?: JsonObject; readonly messages?: readonly ImportedMessage[] },
      ThreadInfo
    >;
    readonly get: Query<{ readonly threadId: string }, ThreadInfo>;
    readonly list: Query<ThreadListInput | undefined, Page<ThreadInfo>>;
    readonly update: Mutation<
      Keyed & { readonly threadId: string; readonly title?: string | null; readonly metadata?: JsonObject | null },
      ThreadInfo
    >;
    readonly delete: Mutation<Keyed & { readonly threadId: string }, { readonly threadId: string }>;
    /** Oldest first. Without `pageToken` the last page: `limit` newest messages; each next page is older. */
    readonly messages: Query<{ readonly threadId: string; readonly limit?: number; readonly pageToken?: string }, Page<Message>>;
    readonly fork: Mutation<Keyed & { readonly threadId: string; readonly atSeq?: number; readonly title?: string }, ThreadInfo>;
    /** `present: true` lets others know that the caller reads it. */
    readonly watch: Subscription<
      WatchInput & { readonly threadId: string; readonly snapshot?: boolean; readonly present?: boolean },
      Event
    >;
    /** Who reads it now, and again whenever that changes. It is kept nowhere: `lastEventId` means nothing. */
    readonly presence: Subscription<
      { readonly threadId: string; readonly lastEventId?: string | number },
      { readonly readers: readonly Reader[] }
    >;
    /** `with` is the id of a principal; a `link` opens to whoever has its secret. Default: to read, until it is taken back. */
    readonly share: Mutation<Keyed & ShareInput, NewShare>;
    readonly unshare: Mutation<Keyed & { readonly threadId: string; readonly shareId: string }, { readonly shareId: string }>;
    /** Those that hold, oldest first. */
    readonly shares: Query<{ readonly threadId: string }, readonly ShareInfo[]>;
    /** Makes of a link a share of the caller's own, for as long as there is the link. */
    readonly claimShare: Mutation<Keyed & { readonly secret: string }, ShareInfo>;
  };
  readonly messages: {
    readonly send: Mutation<Keyed & Traced & (SendInput<Api> | SendToMany<Api>), Receipt>;
    readonly edit: Mutation<Keyed & Traced & EditInput<Api>, Receipt>;
    /** Answers a message of the user again, in its own thread: as `runs.retry`, and also one that has no run since it was copied or imported. */
    readonly retry: Mutation<Keyed & Traced & RetryInput<Api>, Receipt>;
  };
  /** What tools keep for the caller, or for one of its threads. */
  readonly memory: {
    /** By key. */
    readonly list: Query<
      { readonly threadId?: string; readonly prefix?: string; readonly limit?: number; readonly pageToken?: string } | undefined,
      Page<MemoryEntry>
    >;
    readonly delete: Mutation<Keyed & { readonly threadId?: string; readonly key: string }, { readonly deleted: number }>;
    readonly clear: Mutation<Keyed & { readonly threadId?: string }, { readonly deleted: number }>;
  };
  readonly approvals: {
    /** What the caller may decide, and what is asked in its own threads; oldest first. */
    readonly list: Query<
      | {
          readonly threadId?: string;
          readonly callId?: string;
          readonly status?: ApprovalStatus;
          readonly limit?: number;
          readonly pageToken?: string;
        }
      | undefined,
      Page<ApprovalInfo>
    >;
    readonly decide: Mutation<
      Omit<ApprovalOptions, 'idempotencyKey'> & Keyed & { readonly callId: string; readonly decision: 'approve' | 'reject' },
      Decision
    >;
  };
  readonly toolCalls: {
    /** The result of a call that the client carries out, or why it could not. */
    readonly submit: Mutation<Keyed & { readonly callId: string; readonly output?: Json; readonly error?: string }, SubmittedCall>;
  };
  readonly runs: {
    readonly get: Query<{ readonly runId: string }, RunInfo>;
    readonly list: Query<RunListInput | undefined, Page<RunInfo>>;
    /** Its model calls, oldest first: none of an agent that has no steps. */
    readonly steps: Query<{ readonly runId: string; readonly limit?: number; readonly pageToken?: string }, Page<RunStep>>;
    /** What was sent to the model at one of them: `NOT_ALLOWED` unless the caller may inspect the thread. */
    readonly sent: Query<{ readonly runId: string; readonly step: number }, SentStep>;
    readonly cancel: Mutation<Keyed & { readonly runId: string }, RunInfo>;
    /** A new run for the message of the last run of a thread. What that had said is withdrawn. */
    readonly retry: Mutation<Keyed & Traced & { readonly runId: string }, Receipt>;
    readonly wait: Query<{ readonly runId: string; readonly timeoutMs?: number }, RunInfo>;
    readonly watch: Subscription<WatchInput & { readonly runId: string }, Event>;
  };
  /** What the application tells those who are there. It is kept nowhere: `lastEventId` means nothing. */
  readonly notices: {
    readonly watch: Subscription<{ readonly lastEventId?: string | number } | undefined, Notice>;
  };
  /** Their bytes go over HTTP: `POST /files` and `GET /files/{id}`. */
  readonly files: {
    readonly get: Query<{ readonly fileId: string }, FileInfo>;
    /** The caller's, newest first. */
    readonly list: Query<{ readonly limit?: number; readonly pageToken?: string } | undefined, Page<FileInfo>>;
    readonly delete: Mutation<Keyed & { readonly fileId: string }, { readonly fileId: string }>;
  };
  readonly auth: LoginProcedures & {
    /** For everybody: what a login page may offer. */
    readonly methods: Query<void, AuthMethods>;
    readonly whoami: Query<void, WhoAmI>;
    /** For a URL of a WebSocket, a stream or a download, where nothing else can be sent: `?ticket=`. Good once, for 30 seconds. */
    readonly ticket: Mutation<void, Ticket>;
    /** A newer token of the same principal, for the WebSocket that this is called on: what is open on it goes on. */
    readonly renew: Mutation<{ readonly token: string } | { readonly ticket: string }, WhoAmI>;
    /** For everybody: exchanges a link's secret for a token of a guest. */
    readonly openShare: Mutation<{ readonly secret: string }, OpenedShare>;
  };
  readonly admin: AdminProcedures;
}
