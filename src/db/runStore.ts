import type { ApprovalInfo, ApprovalStatus } from '../protocol/approval.ts';
import type { DiscardReason, EventDraft } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Page, RunInfo, RunListInput } from '../protocol/procedures.ts';
import type { RunStep, SentStep as SentStepInfo } from '../protocol/runStep.ts';
import type { ModelUsage } from '../protocol/usage.ts';
import type { Accepted, AcceptInput } from './operations/acceptMessage.ts';
import type { NewSummary, Summary } from './operations/addSummary.ts';
import type { CancelAsked } from './operations/cancelRun.ts';
import type { Command } from './operations/command.ts';
import type { Answered, Decided, DecideInput } from './operations/decideApproval.ts';
import type { SentMessage } from './operations/editMessage.ts';
import type { FannedOut } from './operations/fanOut.ts';
import type { ModelCallResult } from './operations/finishModelCall.ts';
import type { Finished, RunEnd, RunEnded } from './operations/finishRun.ts';
import type { ToolOutcome } from './operations/finishToolCall.ts';
import type { GuardState, NewVerdict } from './operations/guardVerdict.ts';
import type { AskedCall, CallStart } from './operations/recordCall.ts';
import type { Resumed, ResumeInput } from './operations/resumeRun.ts';
import type { SentStep } from './operations/sentStep.ts';
import type { ReadyCall, Settled } from './operations/settleCalls.ts';
import type { SpawnPlan } from './operations/spawnChildren.ts';
import type { Spending } from './operations/spending.ts';
import type { HeldRun } from './operations/startRun.ts';
import type { StartedMessage, StartedStep, StepInput } from './operations/startStep.ts';
import type { SubmitInput, Submitted } from './operations/submitResult.ts';
import type { Route } from './operations/switchAgent.ts';
import type { TranscriptMessage } from './operations/transcript.ts';
import type { RunRow } from './runs.ts';
import type { ToolCallRow } from './toolCalls.ts';

/** What a run has behind it when a worker takes it up. */
export interface RunProgress {
  /** Calls at work without an outcome that may be made again, in order. */
  readonly openCalls: readonly ReadyCall[];
  /** The run's last finished message, with its calls. */
  readonly lastMessage: Message | undefined;
  /** Model calls made so far, in all attempts, the withdrawn ones not counted. */
  readonly steps: number;
  /** Tool calls so far. */
  readonly calls: number;
  /** What it was asked and has said, in order: its part of the transcript. */
  readonly own: readonly TranscriptMessage[];
}

/** What a principal has used in a day. */
export interface UsedToday {
  readonly owner: string;
  readonly day: number;
  readonly tokens: number;
  readonly cost: number;
  readonly retryAfterMs: number;
}

/** A tool call, and the run whose agent asked for it. */
export interface AgentCall {
  readonly call: ToolCallRow;
  readonly run: RunRow;
  /** Who asked for it. */
  readonly agent: string | null;
}

/** Streams the text of one message into the log, without waiting for each piece. */
export interface MessageWriter {
  text(delta: string): void;
  reasoning(delta: string): void;
  /** Resolves when all that was written is committed; rejects if any of it could not be. Ends when nothing is left to wait for. */
  committed(): Promise<void>;
  /** UTF-16 units since the last `committed()`: who writes faster than the disk must wait. */
  readonly uncommitted: number;
  /** Throws what kept any of it from being stored. */
  assertStored(): void;
  close(): void;
}

export interface OpenCounts {
  readonly queued: number;
  readonly running: number;
  readonly waiting: number;
  /** When the oldest that is queued was made. */
  readonly oldestQueuedAt: number | undefined;
}

/**
 * Runs and what they do. Each call is atomic: the state and the events that tell of it are committed together or not at all. Calls that
 * take a `HeldRun` are refused with `INTERRUPTED` once the run has ended or another attempt has begun.
 */
export interface RunStore {
  accept(input: AcceptInput): Promise<Accepted>;
  /** `lastSeq` is the position of its terminal event, once it has ended. */
  get(
    principal: Principal,
    runId: string,
  ): Promise<{ readonly info: RunInfo; readonly key: number; readonly thread: number; readonly lastSeq: number | undefined }>;
  /** As the server itself, without an owner. Undefined when it is gone. */
  read(key: number): Promise<RunRow | undefined>;
  list(principal: Principal, filter: RunListInput & { readonly limit: number; readonly maxBytes?: number }): Promise<Page<RunInfo>>;
  /** The model calls of a run that a principal may read, oldest first. */
  steps(
    principal: Principal,
    filter: { readonly runId: string; readonly limit: number; readonly maxBytes?: number; readonly pageToken?: string | undefined },
  ): Promise<Page<RunStep>>;
  /** What was sent at one of them, of a thread that a principal may inspect. */
  sent(principal: Principal, of: { readonly runId: string; readonly step: number; readonly maxBytes: number }): Promise<SentStepInfo>;
  /** How many runs are open, by what they do. */
  openCounts(): Promise<OpenCounts>;
  /** How many runs wait to be started, and when the oldest of them was made. */
  queued(): Promise<{ readonly waiting: number; readonly oldestAt: number | undefined }>;
  /** Every open run, oldest first, parents before children. */
  open(): Promise<readonly RunRow[]>;
  /** The open root runs of a thread, in the order in which they are worked on. */
  openOfThread(thread: number): Promise<readonly RunRow[]>;
  /** Undefined when it may not start (any more): it has ended, or another run of its thread goes first. */
  start(key: number, lease: string): Promise<RunRow | undefined>;
  /**
   * To be called before a run begins or goes on. Ends it when its user was disabled meanwhile, or its agent switched off before it began; undefined
   * when it may: it has the roles then that its user has by now.
   */
  lookAgain(key: number): Promise<RunEnded | undefined>;
  resume(input: ResumeInput): Promise<Resumed>;
  /** Takes up a run that waited, if there is something to do by now. */
  wake(key: number, lease: string): Promise<Resumed>;
  /** Whether a waiting run has something to do. */
  isAnswered(key: number): Promise<boolean>;
  /** Every run under another, parents before children. */
  under(key: number): Promise<readonly RunRow[]>;
  progress(run: HeldRun): Promise<RunProgress>;
  /** What a run has before it now. */
  transcript(run: HeldRun): Promise<readonly TranscriptMessage[]>;
  askCancel(command: Command, runId: string): Promise<CancelAsked>;
  /** The server's own wish, such as nobody watching. False when it has ended. */
  cancel(key: number, by: string): Promise<CancelAsked | undefined>;
  startStep(input: StepInput): Promise<StartedStep>;
  /** Puts steered messages that wait into the transcript, for an agent that has no steps; returns how many. */
  takeSteers(run: HeldRun): Promise<number>;
  /** Begins a message of an agent that has no steps. */
  startMessage(run: HeldRun, message: { readonly agent: string; readonly step: number }): Promise<StartedMessage>;
  writeMessage(run: HeldRun, message: StartedMessage): MessageWriter;
  /** Returns the child runs that were made for its calls: they wait for room. */
  finishModelCall(result: ModelCallResult): Promise<readonly RunRow[]>;
  /** What a model call used that the run's agent made by itself. */
  reportUsage(run: HeldRun, used: ModelUsage): Promise<void>;
  /** One more call of a finished message, by an agent that yields its calls one by one. */
  addToolCall(run: HeldRun, message: StartedMessage, call: AskedCall): Promise<void>;
  /** Withdraws a message that streams. */
  discardMessage(run: HeldRun, message: StartedMessage, reason: DiscardReason): Promise<void>;
  /** Withdraws a message whose stream was cut, and begins another attempt: the one that `held` names from now on. */
  cutMessage(run: HeldRun, message: StartedMessage): Promise<HeldRun>;
  /** What is to be done about the calls of a run that has nothing at work; it is given back when that is to wait. */
  settleCalls(run: HeldRun): Promise<Settled>;
  /** Calls that were let through and not begun. */
  readyCalls(run: HeldRun): Promise<readonly ReadyCall[]>;
  /** What a run and those above it have used, itself first. */
  spending(key: number): Promise<readonly Spending[]>;
  /** What a principal has used since midnight UTC, and when that begins anew. */
  usedToday(principal: Principal): Promise<UsedToday>;
  /** Begins a call that was let through. Returns the child runs that it made. */
  beginReady(run: HeldRun, callId: string, start: CallStart): Promise<readonly RunRow[]>;
  /** One step of a run that asks several agents at once. */
  fanOut(run: HeldRun, plan: SpawnPlan): Promise<FannedOut>;
  route(run: HeldRun, route: Route): Promise<void>;
  /** What guards have to look at before a step: takes the steers that wait, so that the step takes no others. */
  guardState(run: HeldRun): Promise<GuardState>;
  /** Makes a guard's word durable, and with it withdraws the message that it is about or that came of it, if that still streams. */
  recordVerdict(run: HeldRun, verdict: NewVerdict, withdrawn: StartedMessage | undefined): Promise<void>;
  /** Withdraws a message because of a guard's word: its text leaves the log. Does nothing to one that no longer streams. */
  withdrawMessage(run: HeldRun, message: StartedMessage): Promise<void>;
  finishToolCall(run: HeldRun, callId: string, outcome: ToolOutcome): Promise<boolean>;
  append(run: HeldRun, draft: EventDraft): Promise<void>;
  finish(run: HeldRun, end: RunEnd, options: { readonly mayContinue: boolean }): Promise<Finished>;
  /** Gives an open run back, so that the next server knows that this one did not crash. */
  leave(run: HeldRun): Promise<void>;
  /** Ends an open run that nobody works on. Undefined when it has ended already. */
  endOrphan(key: number, end: RunEnd): Promise<RunEnded | undefined>;
  /** What a person says of a tool call; the first decision counts. */
  decide(input: DecideInput): Promise<{ readonly answer: Decided } & Answered>;
  approvals(
    principal: Principal,
    filter: {
      readonly threadId?: string | undefined;
      readonly callId?: string | undefined;
      readonly status?: ApprovalStatus | undefined;
      readonly limit: number;
      readonly maxBytes?: number;
      readonly pageToken?: string | undefined;
    },
  ): Promise<Page<ApprovalInfo>>;
  /** A call of which a principal may decide, or whose approval it may see. */
  approvalCall(principal: Principal, callId: string): Promise<AgentCall>;
  /** A call of one's own thread. */
  ownCall(principal: Principal, callId: string): Promise<AgentCall>;
  /** The result of a call that the client carries out; the first one counts. */
  submit(input: SubmitInput): Promise<{ readonly answer: Submitted } & Answered>;
  /** When the first waiting call is given up. */
  nextExpiry(): Promise<number | undefined>;
  /** Gives up what waited too long. Returns the runs that have something to do now. */
  expire(): Promise<readonly RunRow[]>;
  /** What was sent to the model at each step of a run, compiled again from what is stored. */
  sentSteps(runId: string): Promise<readonly SentStep[]>;
  /** A message of the user that the caller may read, and what it was sent with. */
  sentMessage(principal: Principal, messageId: string): Promise<SentMessage>;
  /** What a run of the caller's was sent with. */
  sentRun(principal: Principal, runId: string): Promise<RunRow>;
  /** Sends a message with another text, in a fork that ends just before it. Refuses with `RUN_OPEN` one that still waits. */
  edit(input: AcceptInput, messageId: string): Promise<Accepted>;
  /** Answers a message again. Refuses with `RUN_OPEN` while its thread is at work, and with `BAD_INPUT` a run that is not its last. */
  retry(input: AcceptInput, runId: string): Promise<Accepted>;
  /** The same by the message. Refuses with `BAD_INPUT` one without a run that is not the last of the user in its thread. */
  retryMessage(input: AcceptInput, messageId: string): Promise<Accepted>;
  /** The newest summary of a thread for one of its agents. */
  summary(thread: number, agent: string): Promise<Summary | undefined>;
  addSummary(run: HeldRun, summary: NewSummary): Promise<void>;
}
