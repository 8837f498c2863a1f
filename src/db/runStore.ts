import type { EventDraft } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import type { Page, RunInfo, RunStatus } from '../protocol/procedures.ts';
import type { Accepted, AcceptInput } from './operations/acceptMessage.ts';
import type { CancelAsked } from './operations/cancelRun.ts';
import type { Command } from './operations/command.ts';
import type { AskedCall, ModelCallResult } from './operations/finishModelCall.ts';
import type { Finished, RunEnd } from './operations/finishRun.ts';
import type { ToolOutcome } from './operations/finishToolCall.ts';
import type { Resumed, ResumeInput } from './operations/resumeRun.ts';
import type { SentStep } from './operations/sentStep.ts';
import type { HeldRun } from './operations/startRun.ts';
import type { StartedMessage, StartedStep, StepInput } from './operations/startStep.ts';
import type { RunRow } from './runs.ts';
import type { ToolCallRow } from './toolCalls.ts';

/** What a run has behind it when a worker takes it up. */
export interface RunProgress {
  /** Calls without an outcome that may be made again, in order. */
  readonly openCalls: readonly ToolCallRow[];
  /** The run's last finished message, with its calls. */
  readonly lastMessage: Message | undefined;
  /** Model calls made so far, in all attempts, the withdrawn ones not counted. */
  readonly steps: number;
  readonly transcript: readonly Message[];
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

/**
 * Runs and what they do. Each call is atomic: the state and the events that tell of it are committed together or not at all. Calls that
 * take a `HeldRun` are refused with `INTERRUPTED` once the run has ended or another attempt has begun.
 */
export interface RunStore {
  accept(input: AcceptInput): Promise<Accepted>;
  /** `lastSeq` is the position of its terminal event, once it has ended. */
  get(
    principalId: string,
    runId: string,
  ): Promise<{ readonly info: RunInfo; readonly key: number; readonly thread: number; readonly lastSeq: number | undefined }>;
  /** As the server itself, without an owner. Undefined when it is gone. */
  read(key: number): Promise<RunRow | undefined>;
  list(
    principalId: string,
    filter: {
      readonly threadId?: string | undefined;
      readonly status?: RunStatus | undefined;
      readonly limit: number;
      readonly pageToken?: string | undefined;
    },
  ): Promise<Page<RunInfo>>;
  /** Every open root run, oldest first. */
  open(): Promise<readonly RunRow[]>;
  /** The open root runs of a thread, in the order in which they are worked on. */
  openOfThread(thread: number): Promise<readonly RunRow[]>;
  /** Undefined when it may not start (any more): it has ended, or another run of its thread goes first. */
  start(key: number, lease: string): Promise<RunRow | undefined>;
  resume(input: ResumeInput): Promise<Resumed>;
  progress(run: HeldRun): Promise<RunProgress>;
  askCancel(command: Command, runId: string): Promise<CancelAsked>;
  /** The server's own wish, such as nobody watching. False when it has ended. */
  cancel(key: number, by: string): Promise<CancelAsked | undefined>;
  startStep(input: StepInput): Promise<StartedStep>;
  /** Puts steered messages that wait into the transcript, for an agent that has no steps; returns how many. */
  takeSteers(run: HeldRun): Promise<number>;
  /** Begins a message of an agent that has no steps. */
  startMessage(run: HeldRun, message: { readonly agent: string; readonly step: number }): Promise<StartedMessage>;
  writeMessage(run: HeldRun, message: StartedMessage): MessageWriter;
  finishModelCall(result: ModelCallResult): Promise<void>;
  /** One more call of a finished message, by an agent that yields its calls one by one. */
  addToolCall(run: HeldRun, message: StartedMessage, call: AskedCall): Promise<void>;
  /** Withdraws a message that streams. */
  discardMessage(run: HeldRun, message: StartedMessage, reason: 'retried' | 'empty'): Promise<void>;
  finishToolCall(run: HeldRun, callId: string, outcome: ToolOutcome): Promise<boolean>;
  append(run: HeldRun, draft: EventDraft): Promise<void>;
  finish(run: HeldRun, end: RunEnd, options: { readonly mayContinue: boolean }): Promise<Finished>;
  /** Gives an open run back, so that the next server knows that this one did not crash. */
  leave(run: HeldRun): Promise<void>;
  /** Ends an open run that nobody works on. Undefined when it has ended already. */
  endOrphan(key: number, end: RunEnd): Promise<{ readonly next: RunRow | undefined } | undefined>;
  /** What was sent to the model at each step of a run, compiled again from what is stored. */
  sentSteps(runId: string): Promise<readonly SentStep[]>;
  /** Forgets receipts older than this. */
  purgeReceipts(before: number): Promise<number>;
}
