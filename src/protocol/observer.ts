import type { ErrorCode } from './errorCodes.ts';
import type { EventDraft, Usage } from './event.ts';

/** A part of the work on a run, or what asked for it: one span of a trace. */
export type Work =
  /** `traceparent` is the caller's. */
  | { readonly kind: 'send'; readonly agent: string; readonly traceparent: string | undefined }
  /** One attempt. `traceparent` is of whatever asked for the run. */
  | {
      readonly kind: 'run';
      readonly runId: string;
      readonly agent: string;
      readonly attempt: number;
      readonly traceparent: string | undefined;
    }
  | { readonly kind: 'step'; readonly runId: string; readonly agent: string; readonly step: number }
  | {
      readonly kind: 'model';
      readonly runId: string;
      readonly threadId: string;
      readonly agent: string;
      readonly model: string;
      readonly temperature?: number | undefined;
      readonly maxOutputTokens?: number | undefined;
    }
  | { readonly kind: 'tool'; readonly runId: string; readonly agent: string; readonly tool: string; readonly callId: string };

/** What is learnt of work while it is done. Never content. */
export interface WorkFacts {
  readonly runId?: string;
  readonly threadId?: string;
  /** Of a run: how this attempt ended, such as `completed` or `waiting`. */
  readonly result?: string;
  /** The model that answered. */
  readonly model?: string;
  readonly finish?: string;
  readonly usage?: Usage;
}

export interface WorkSpan {
  tell(facts: WorkFacts): void;
  /** It failed, though it does not reject. */
  fail(code: string): void;
}

/** A call of the API that was answered. */
export interface EndedCall {
  readonly path: string;
  readonly transport: string;
  readonly code: ErrorCode | 'OK';
  readonly ms: number;
  readonly requestId: string;
  readonly connectionId: string | undefined;
  readonly principalId: string | undefined;
  /** The limit that refused it. */
  readonly limit: string | undefined;
  /** Of a failure that is ours. */
  readonly cause?: unknown;
}

/** A run that has ended, for good. */
export interface EndedRun {
  readonly runId: string;
  readonly agent: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly code: ErrorCode | undefined;
  /** From its message to its end, and from its start: undefined when it never did. */
  readonly totalMs: number;
  readonly workMs: number | undefined;
  /** With that of the runs under it. */
  readonly usage: Usage;
  readonly isRoot: boolean;
}

/**
 * Hears what happens, for metrics, traces and logs. Plain calls that must not throw and must not wait; nothing that happens depends on them.
 * Times are milliseconds. `silentObserver` is for nobody: whatever costs anything to tell is left out for it.
 */
export interface Observer extends ModelObserver {
  /** Does work as a part of the work around it. Rejects as the work does. */
  within<Result>(work: Work, perform: (span: WorkSpan) => Promise<Result>): Promise<Result>;
  /** W3C `traceparent` of the work around the caller, for what goes on later. */
  traceparent(): string | undefined;
  /** A message was accepted. */
  sent(disposition: string): void;
  /** A worker has taken up a run; it ends an attempt with `attemptEnded`, whatever became of it. */
  attemptBegan(run: {
    readonly runId: string;
    readonly threadId: string;
    readonly principalId: string;
    readonly agent: string;
    readonly attempt: number;
  }): void;
  stepBegan(runId: string, step: number): void;
  attemptEnded(runId: string, result: string): void;
  /** An event of a log is committed. Text is not told. */
  appended(event: EventDraft): void;
  runEnded(run: EndedRun): void;
  /** An agent has said something, so long after it was asked. Once for each run. */
  firstToken(agent: string, sinceSentMs: number): void;
  modelCalled(call: {
    readonly model: string;
    readonly ms: number;
    /** Until its first token, if it said any. */
    readonly firstMs: number | undefined;
    readonly code: string | undefined;
  }): void;
  toolCalled(call: { readonly tool: string; readonly ms: number; readonly code: string | undefined }): void;
  /** One commit: how many writes it took, and how long it did. */
  committed(writes: number, ms: number): void;
  /** What a commit brought is in the sockets of its readers, so long after it. */
  delivered(ms: number): void;
  callEnded(call: EndedCall): void;
  /** A request to another path than the API's. `route` is its pattern. */
  requestEnded(request: { readonly route: string; readonly method: string; readonly status: number; readonly ms: number }): void;
  /** Somebody was turned away, by a limit or for a reason. */
  refused(why: string): void;
  loginFailed(method: string): void;
  connectionOpened(connection: { readonly id: string; readonly transport: string }): void;
  /** `code` is the close code of a WebSocket. */
  connectionClosed(connection: { readonly id: string; readonly transport: string; readonly code: number | undefined }): void;
}

/** What models tell of how their calls go, through whatever wraps them. */
export interface ModelObserver {
  /** Another attempt is made, because of this. */
  retried(what: string, code: string): void;
  /** It is left alone, or asked again. */
  circuit(what: string, isOpen: boolean): void;
  /** It was looked whether a cache has it. */
  cacheRead(cache: string, hit: boolean): void;
}

const SILENT_SPAN: WorkSpan = { tell: () => {}, fail: () => {} };

export const silentObserver: Observer = {
  within: (_work, perform) => perform(SILENT_SPAN),
  traceparent: () => undefined,
  sent: () => {},
  attemptBegan: () => {},
  stepBegan: () => {},
  attemptEnded: () => {},
  appended: () => {},
  runEnded: () => {},
  firstToken: () => {},
  modelCalled: () => {},
  toolCalled: () => {},
  committed: () => {},
  delivered: () => {},
  callEnded: () => {},
  requestEnded: () => {},
  refused: () => {},
  loginFailed: () => {},
  connectionOpened: () => {},
  connectionClosed: () => {},
  retried: () => {},
  circuit: () => {},
  cacheRead: () => {},
};
