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
  /** Text of one page of any list, of a snapshot, or of what one reader is served from the log at once. A single larger row still comes. */
  maxPageBytes: 1024 * 1024,
  /** Messages that `threads.create` imports at once. */
  maxImportedMessages: 1_000,
  /** One inbound WebSocket frame or HTTP body; more ends the socket with 1009 or the request with 413. */
  maxFrameBytes: 256 * 1024,
  /** The headers of a request, and the line before them; more is 431. */
  maxHeaderBytes: 16 * 1024,
  /** Headers of a request. */
  maxHeaders: 100,
  /** How long a request may take to send its headers, and a TLS connection to be agreed on, before it is cut off with 408. */
  headersTimeoutMs: 10_000,
  /** The same for a body that is not an upload. */
  bodyTimeoutMs: 30_000,
  /** Requests of one address whose bodies are on their way or held while nobody knows yet whose they are. One more is answered with 429. */
  maxBodiesPerAddress: 100,
  /** How long an HTTP connection stays open for another request. */
  keepAliveTimeoutMs: 72_000,
  /** Requests of one HTTP connection that are worked on at once. What a client sends before it has their answers waits, and is not read on. */
  maxPipelinedRequests: 4,
  /** Nesting of an inbound frame. */
  maxFrameDepth: 100,
  /** Calls in one tRPC batch. */
  maxBatchCalls: 100,
  /** Answers of the calls that read in one HTTP batch, together; once they come to more, the calls after are refused with 413. */
  maxBatchBytes: 4 * 1024 * 1024,
  maxSubscriptionsPerSocket: 100,
  /** Calls of one socket that are being answered; with more, nothing is read from it until some are. */
  maxCallsPerSocket: 1_000,
  /** What those calls were sent as; with more, nothing is read either. */
  maxCallBytesPerSocket: 1024 * 1024,
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
  /** Threads that one principal exports at once; each is read from one end to the other. */
  maxExportsPerPrincipal: 1,
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
  /** With whom one thread is shared: principals and links together. */
  maxSharesPerThread: 100,
  /** How long the token holds that a link's secret is exchanged for. The link gives another. */
  guestTtlMs: 60 * 60_000,
  /** Refusals for want of authority that the audit log tells one by one in a minute, from one address; the others are counted. */
  maxAuditedRefusalsPerAddress: 10,
  /** The same from all addresses together. */
  maxAuditedRefusals: 100,
  receiptTtlMs: 24 * 60 * 60_000,
  /** A server whose event loop stood still for longer, or whose commits take longer, is not ready: `/readyz` says so. */
  readyLoopLagMs: 1_000,
  readyCommitMs: 1_000,
  /** Longest wait of `runs.wait`. */
  maxWaitMs: 60_000,
  /** Calls of one principal that wait for runs, of `runs.wait` and by MCP, over all of its connections. */
  maxWaitsPerPrincipal: 1_000,
  /** Passwords that are checked at once: each takes 19 MiB and a thread. Others wait. */
  maxPasswordHashes: 2,
  /** Passwords that wait to be checked; with more, a login is `SERVER_FULL`. */
  maxWaitingPasswords: 100,
  /** Logins of one user. A new one ends the oldest. */
  maxLoginsPerUser: 100,
  /** Used refresh tokens that are remembered of one login: with one of these it ends, an older one is only refused. */
  maxUsedTokensPerLogin: 1_000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  /** A socket without a request or a subscription is closed with 4000 after this time. */
  idleTimeoutMs: 10 * 60_000,
  /** A socket that promised a token and has not sent it is closed with 4408. */
  authTimeoutMs: 10_000,
  /** How long a ticket can be used. */
  ticketTtlMs: 30_000,
  /** Tickets that wait to be used, in all; with more, asking for one is `SERVER_FULL`. */
  maxTickets: 10_000,
  /** The same of one principal; a new one takes the place of its oldest. */
  maxTicketsPerPrincipal: 20,
  /** What one socket may hold for a reader that does not keep up; beyond it, the reader is served from the log when it has drained. */
  maxBufferedBytesPerSocket: 64 * 1024,
  /** The same for all sockets together. Past it, only sockets that hold nothing are sent more. */
  maxBufferedBytes: 256 * 1024 * 1024,
  /** A reader that takes nothing at all for this long while bytes wait for it is closed with 4409. */
  slowReaderTimeoutMs: 60_000,
  /** Sockets that one address may open in a minute; requests with a token that is not good count too. IPv6 counts by /64. */
  handshakesPerMinute: 200,
  /** Addresses that are counted at once. With more, the count of the one that came first is forgotten. */
  maxTrackedAddresses: 50_000,
  /** Logins with a wrong password within `failedLoginWindowMs`, for one name and from one address. */
  failedLoginsPerName: 10,
  failedLoginsPerAddress: 10,
  failedLoginWindowMs: 15 * 60_000,
  /** Sockets, and streams over SSE, in all. One more is closed with 1013, or answered with 503. */
  maxConnections: 20_000,
  /** The same from one address. One more is closed with 4429, or answered with 429; so for the two that follow. */
  maxConnectionsPerAddress: 100,
  maxConnectionsPerPrincipal: 20,
  maxConnectionsPerTenant: 2_000,
  /** Sockets that have not said who they are. One more ends the one that has waited for longest, with 4408. */
  maxUnauthenticatedSockets: 1_000,
  /** Messages that one principal sends, edits and retries; a window begins with its first. */
  messagesPerMinute: 10,
  messagesPerHour: 100,
  /** The same for all of a tenant together. */
  messagesPerMinutePerTenant: 1_000,
  messagesPerHourPerTenant: 20_000,
  /** Commands of one principal other than those: calls that change something, refused or not. */
  commandsPerMinute: 6_000,
  commandsPerHour: 60_000,
  /** What the runs of one principal use in a day of UTC: tokens, input and output together, and cost, in the unit of `prices`. */
  tokensPerDay: 5_000_000,
  /** With one that is finite, models without a price are not called. */
  costPerDay: Number.POSITIVE_INFINITY,
  maxThreadsPerPrincipal: 10_000,
  /** One call, from when it is its turn. Waits, streams and transfers of files have times of their own. */
  requestTimeoutMs: 30_000,
} as const satisfies Record<string, number>;

export type Limits = { readonly [K in keyof typeof DEFAULT_LIMITS]: number };
