/**
 * Every limit of the server, by name, with its default. Any of them can be set with `createServer({ limits })`.
 * Units are in the names; `Ms` is milliseconds, `Bytes` are UTF-8 bytes, characters are Unicode code points.
 */
export const DEFAULT_LIMITS = {
  /** Text of one message. */
  maxTextCodePoints: 10_000,
  /** `metadata` of a thread or a message, and `context` of a send, each as JSON. */
  maxMetadataBytes: 16 * 1024,
  /** Nesting of `metadata` and `context`. */
  maxMetadataDepth: 5,
  maxTitleCodePoints: 200,
  /** Rows of one page of any list. */
  maxPageSize: 1_000,
  /** Text of one page of messages, of a snapshot, or of what one reader is served from the log at once. A single larger row still comes. */
  maxPageBytes: 1024 * 1024,
  /** Messages that `threads.create` imports at once. */
  maxImportedMessages: 1_000,
  /** One inbound WebSocket frame or HTTP body; more ends the socket with 1009 or the request with 413. */
  maxFrameBytes: 256 * 1024,
  /** Nesting of an inbound frame. */
  maxFrameDepth: 100,
  /** Calls in one tRPC batch. */
  maxBatchCalls: 100,
  maxSubscriptionsPerSocket: 100,
  /** Calls of one socket that are being answered; with more, nothing is read from it until some are. */
  maxCallsPerSocket: 1_000,
  /** Messages that wait in one thread, queued or steered. */
  maxQueuedPerThread: 100,
  /** A tool's output as JSON, within an event. More becomes a file, and the model gets its beginning. */
  maxToolOutputBytes: 64 * 1024,
  /** A file: one that is uploaded, or a tool's output. More is refused, or is `tool.failed` with `OUTPUT_TOO_LARGE`. */
  maxFileBytes: 20 * 1024 * 1024,
  /** All files of one principal. */
  maxFileBytesPerPrincipal: 1024 * 1024 * 1024,
  maxAttachmentsPerMessage: 10,
  /** Files that are uploaded or downloaded at once, in all; each holds a chunk of 256 KiB. */
  maxFileTransfers: 100,
  /** The same for one principal. */
  maxFileTransfersPerPrincipal: 20,
  /** How long one upload may take. */
  uploadTimeoutMs: 5 * 60_000,
  /** Tool calls that one model call may ask for. */
  maxToolCallsPerStep: 128,
  /** Text and reasoning of one message; a model that never stops is cut here. */
  maxMessageBytes: 1024 * 1024,
  /** Runs at work at once, in all. Others are queued. */
  maxRuns: 5_000,
  /** Runs at work at once for one principal. Others are queued. */
  maxRunsPerPrincipal: 1_000,
  /** Model calls in one run. */
  maxSteps: 25,
  /** Tool calls in one run. */
  maxToolCalls: 500,
  /** How deep child runs may hang under a root run. */
  maxDepth: 5,
  /** Child runs under one root run, all levels together. */
  maxChildRuns: 100,
  /** Agents that one message or one call asks at once. */
  maxParallelAgents: 10,
  /** Handoffs in one run. */
  maxHandoffs: 10,
  /** How often the same call with the same input may fail in one run before the run is ended. */
  maxIdenticalFailures: 5,
  /** How long a tool call waits for a person's decision, unless its tool says otherwise. */
  approvalTimeoutMs: 24 * 60 * 60_000,
  /** How long a tool call waits for the client that carries it out, unless its tool says otherwise. */
  clientToolTimeoutMs: 60 * 60_000,
  /** What tools keep for one principal or one thread: entries, and bytes of one value as JSON. */
  maxMemoryEntries: 1_000,
  maxMemoryValueBytes: 16 * 1024,
  /** How often a run is started before it fails with `INTERRUPTED`: once, and again after each crash. */
  maxAttempts: 3,
  /** One model call and its tools. */
  stepTimeoutMs: 15 * 60_000,
  runTimeoutMs: 60 * 60_000,
  /** One tool call, unless the tool says otherwise. */
  toolTimeoutMs: 60_000,
  /** One question to a guard, unless the guard says otherwise. */
  guardTimeoutMs: 30_000,
  /** Text that an output guard holds back while its sentence has no end; more is looked at without one. */
  maxHeldBytes: 4 * 1024,
  /** How long a tool's worker thread has to stop when its call was stopped or took too long, before it is ended. */
  toolWorkerGraceMs: 1_000,
  /** Heap of one worker thread of tools; a call that needs more ends its thread and fails. */
  maxToolWorkerBytes: 512 * 1024 * 1024,
  /** Results that tools with a `cache` keep in memory, each of `maxToolOutputBytes` at most. The one that was not used for longest goes. */
  maxCachedToolResults: 1_000,
  /** How long a cancelled run waits for work that ignores its signal. */
  cancelGraceMs: 10_000,
  /** How long a run with `onDisconnect: 'cancel'` goes on with nobody watching. */
  disconnectGraceMs: 30_000,
  /** How long a closing server lets running runs finish; the rest go on at the next start. */
  drainMs: 3_000,
  receiptTtlMs: 24 * 60 * 60_000,
  /** A server whose event loop stood still for longer, or whose commits take longer, is not ready: `/readyz` says so. */
  readyLoopLagMs: 1_000,
  readyCommitMs: 1_000,
  /** Longest wait of `runs.wait`. */
  maxWaitMs: 60_000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  /** A socket without a request or a subscription is closed with 4000 after this time. */
  idleTimeoutMs: 10 * 60_000,
  /** A socket that promised a token and has not sent it is closed with 4408. */
  authTimeoutMs: 10_000,
  /** What one socket may hold for a reader that does not keep up; beyond it, the reader is served from the log when it has drained. */
  maxBufferedBytesPerSocket: 64 * 1024,
  /** The same for all sockets together. Past it, only sockets that hold nothing are sent more. */
  maxBufferedBytes: 256 * 1024 * 1024,
  /** A reader that takes nothing at all for this long while bytes wait for it is closed with 4409. */
  slowReaderTimeoutMs: 60_000,
} as const satisfies Record<string, number>;

export type Limits = { readonly [K in keyof typeof DEFAULT_LIMITS]: number };
