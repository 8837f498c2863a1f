import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { DEFAULT_TIERS } from '../../src/protocol/tiers.ts';

type Limit = keyof typeof DEFAULT_LIMITS;

/** The test at each limit, by its file and its name. A new limit does not compile until it has one. */
const TESTS: Readonly<Record<Limit, readonly [file: string, name: string]>> = {
  maxTextCodePoints: ['server/sentText', 'a text %s is BAD_INPUT and named'],
  maxMetadataBytes: ['server/sentText', 'metadata %s is kept as it is, or refused and named'],
  maxMetadataDepth: ['server/sentText', 'metadata %s is kept as it is, or refused and named'],
  maxTitleCodePoints: ['server/sentText', 'a title %s'],
  readyLoopLagMs: ['server/telemetry/readiness', 'a server whose event loop stood still is not ready, until it has recovered'],
  readyCommitMs: ['server/telemetry/readiness', 'a server whose commits take longer than they may is not ready'],
  maxPageSize: ['server/callLimits', 'a page has at most 1,000 rows, and 50 when nothing is said'],
  maxPageBytes: ['server/callLimits', 'a page of long messages has as many as its bytes hold, and the pages after it the others'],
  maxImportedMessages: ['server/callLimits', 'an import has at most 1,000 messages and begins with the user'],
  maxFrameBytes: ['server/badFrames', 'a frame of the largest size is answered; one byte more closes with 1009'],
  maxHeaderBytes: ['server/requestLimits', 'headers of maxHeaderBytes are read, more is 431'],
  maxHeaders: ['server/requestLimits', 'a request has maxHeaders headers, and not one more'],
  headersTimeoutMs: ['server/requestLimits', '%s is cut off after headersTimeoutMs, though a byte comes every so often'],
  bodyTimeoutMs: [
    'server/requestLimits',
    'a body for %s that comes a byte at a time is TIMEOUT after bodyTimeoutMs, and its connection ends',
  ],
  maxBodiesPerAddress: [
    'server/requestLimits',
    'of an address maxBodiesPerAddress bodies are on their way, and one that ends, or is known whose it is, makes room',
  ],
  keepAliveTimeoutMs: ['server/requestLimits', 'a connection that asks nothing more is closed after keepAliveTimeoutMs'],
  maxPipelinedRequests: [
    'server/requestLimits',
    'of the requests of one connection maxPipelinedRequests are worked on, and all are answered in order',
  ],
  maxFrameDepth: ['server/badFrames', 'a frame nested as deep as allowed is read; one level more is not'],
  maxBatchCalls: ['server/badFrames', 'a batch with more calls than the limit is refused, each of its calls by its id'],
  maxBatchBytes: ['server/callLimits', 'an HTTP batch is answered as far as maxBatchBytes hold, and what does not fit by itself'],
  maxSubscriptionsPerSocket: ['server/callLimits', 'a socket has 100 watches; the next is refused, and one that stops makes room'],
  maxCallsPerSocket: ['server/callLimits', 'while as many calls as allowed are being answered, a socket is not read'],
  maxCallBytesPerSocket: ['server/callLimits', 'while calls that came in maxCallBytesPerSocket are being answered, a socket is not read'],
  maxQueuedPerThread: ['server/callLimits', '100 messages wait in a thread; the next is QUEUE_FULL'],
  maxToolOutputBytes: ['runs/toolFiles', 'JSON of exactly maxToolOutputBytes is in the event, of one byte more is a file'],
  maxToolCallsPerStep: ['server/agentLimits', 'a model call may ask for 128 tool calls, and not for one more'],
  maxMessageBytes: ['server/agentLimits', 'a message holds a MiB, and not one byte more'],
  maxRuns: ['runs/queueLimits', 'more runs than maxRuns wait in order, and say their place'],
  maxRunsPerPrincipal: ['runs/queueLimits', 'a principal with all of its room in use waits; others do not wait for it'],
  maxFileBytes: ['server/files', 'a file of exactly maxFileBytes is kept, one byte more is FILE_TOO_LARGE'],
  maxFileBytesPerPrincipal: ['server/files', 'a principal keeps as many bytes as maxFileBytesPerPrincipal, and not one more'],
  maxAttachmentsPerMessage: ['server/files', 'a message has ten attachments, and not eleven'],
  maxFileTransfers: ['server/files', 'while as many files travel as allowed, one more is SERVER_FULL, and one that ends makes room'],
  maxFileTransfersPerPrincipal: ['server/files', 'a principal with all of its transfers under way is SERVER_FULL; others are not'],
  maxExportsPerPrincipal: ['server/threadExport', 'a principal exports one thread at a time; others are not kept from it'],
  uploadTimeoutMs: ['server/files', 'an upload that takes too long is ended, and nothing of it is left'],
  maxToolCalls: ['runs/bounds', 'a run makes maxToolCalls tool calls; the next step that asks for more fails it with CALL_LIMIT'],
  maxDepth: ['runs/bounds', 'child runs hang maxDepth deep; a call that would go deeper fails with DEPTH_LIMIT'],
  maxChildRuns: ['runs/bounds', 'a root run has maxChildRuns under it; a call for more fails with CALL_LIMIT'],
  maxParallelAgents: ['runs/bounds', 'a message asks maxParallelAgents agents at once, and not one more'],
  maxHandoffs: ['runs/bounds', 'agents that hand over in a circle end with HANDOFF_LIMIT'],
  maxIdenticalFailures: ['runs/bounds', 'the same call that failed maxIdenticalFailures times ends the run with REPEATED_FAILURE'],
  approvalTimeoutMs: ['runs/approvals', 'that nobody decides expires after a day'],
  clientToolTimeoutMs: ['runs/clientTools', 'a client-side call that nobody answers expires after an hour'],
  maxMemoryEntries: ['runs/memory', 'a principal keeps maxMemoryEntries values, and not one more'],
  maxMemoryValueBytes: ['runs/memory', 'a value has at most maxMemoryValueBytes as JSON'],
  maxSteps: ['runs/queueLimits', 'a run that needs more than maxSteps model calls fails with STEP_LIMIT, its tools done'],
  maxAttempts: ['runs/recovery', 'after three attempts, with INTERRUPTED'],
  stepTimeoutMs: ['runs/queueLimits', 'a step that takes too long fails the run with STEP_TIMEOUT; its text is kept'],
  runTimeoutMs: ['runs/queueLimits', 'a run that takes too long fails with RUN_TIMEOUT, also between steps'],
  toolTimeoutMs: ['server/agentLimits', 'a tool has a minute'],
  guardTimeoutMs: ['runs/guards', 'a guard has half a minute, unless it says otherwise'],
  maxHeldBytes: ['runs/outputGuards', 'text without sentences is held up to maxHeldBytes, and looked at when there is one byte more'],
  toolWorkerGraceMs: [
    'runs/toolWorkers',
    'a tool that does not stop when its call took too long is ended with its thread, after the grace',
  ],
  maxToolWorkerBytes: ['runs/toolWorkers', 'one that needs more memory than maxToolWorkerBytes fails, and the others live'],
  maxCachedToolResults: ['runs/toolCache', 'maxCachedToolResults are kept, and the one that was not used for longest goes'],
  cancelGraceMs: ['runs/cancel', 'a tool holds the run for the grace; then its outcome is unknown and its late result is dropped'],
  disconnectGraceMs: ['runs/disconnect', 'a run that nobody ever watched is cancelled when the grace after its send is over'],
  drainMs: ['server/agentLimits', 'a closing server leaves a run that does not finish in time open, and closes'],
  maxSharesPerThread: ['authority/sharing', 'a thread has maxSharesPerThread shares, and not one more'],
  guestTtlMs: ['authority/sharing', 'the token of a guest holds for guestTtlMs, and the link gives another'],
  maxAuditedRefusalsPerAddress: ['server/auditTrail', 'of the refusals of one address ten a minute are told, and the others counted'],
  maxAuditedRefusals: ['server/auditTrail', 'of the refusals of all addresses a hundred a minute are told, and the others counted'],
  receiptTtlMs: ['server/idempotency', 'a receipt is kept for its time, and then forgotten'],
  maxWaitMs: ['server/callLimits', 'a wait is at most a minute, and ends when its time is up'],
  maxWaitsPerPrincipal: [
    'server/callLimits',
    'a principal has maxWaitsPerPrincipal calls that wait for runs, over all of its connections, and one that ends makes room',
  ],
  maxPasswordHashes: ['server/auth/passwords', 'has maxPasswordHashes at work and maxWaitingPasswords in line; the next is SERVER_FULL'],
  maxWaitingPasswords: ['server/auth/passwords', 'has maxPasswordHashes at work and maxWaitingPasswords in line; the next is SERVER_FULL'],
  maxLoginsPerUser: ['server/auth/passwords', 'a user has maxLoginsPerUser logins, and a new one ends the oldest'],
  maxUsedTokensPerLogin: [
    'server/auth/passwords',
    'of used tokens maxUsedTokensPerLogin are remembered; an older one is refused and ends nothing',
  ],
  pingIntervalMs: ['server/keepAlive', 'a quiet socket is pinged, and lives while it answers'],
  pongTimeoutMs: ['server/keepAlive', 'a socket that answers no ping is cut'],
  idleTimeoutMs: ['server/keepAlive', 'a socket without a request or a watch for too long is closed with 4000'],
  authTimeoutMs: ['server/authentication', 'that promised a token and does not send it is closed with 4408'],
  ticketTtlMs: ['server/tickets', 'a ticket is good for thirty seconds'],
  maxTickets: ['server/tickets', 'with as many tickets as allowed, one more is SERVER_FULL until one is used'],
  maxTicketsPerPrincipal: ['server/tickets', 'a principal with all of its tickets loses the oldest'],
  maxBufferedBytesPerSocket: ['server/backPressure', 'the budget of a socket is an option'],
  maxBufferedBytes: [
    'server/backPressure',
    'past the budget of the process a stalled socket holds one frame, and readers that keep up are served',
  ],
  slowReaderTimeoutMs: ['server/backPressure', 'a reader that takes nothing for too long is closed with 4409, and resumes exactly'],
  requestTimeoutMs: [
    'server/requestTime',
    'a call that takes longer than requestTimeoutMs fails with TIMEOUT; waits and subscriptions have times of their own',
  ],
  handshakesPerMinute: ['server/limits/handshakes', 'of one address are 200 a minute; then 429 says when, and others are not kept out'],
  maxTrackedAddresses: ['server/limits/handshakes', 'no more than maxTrackedAddresses are counted, and the first is forgotten'],
  failedLoginsPerName: ['server/limits/failedLogins', 'of one name are ten in a quarter of an hour, from wherever they come'],
  failedLoginsPerAddress: [
    'server/limits/failedLogins',
    'from one address are ten in a quarter of an hour, for whatever names; IPv6 counts by /64',
  ],
  failedLoginWindowMs: ['server/limits/failedLogins', 'of one name are ten in a quarter of an hour, from wherever they come'],
  maxConnections: ['server/limits/connections', 'in all are as many as maxConnections; one more is closed with 1013'],
  maxConnectionsPerAddress: [
    'server/limits/connections',
    'from one address are 100, of whomever; only what a trusted proxy says is an address',
  ],
  maxConnectionsPerPrincipal: [
    'server/limits/connections',
    'of one principal are 20; one more is closed with 4429, and one that ends makes room',
  ],
  maxConnectionsPerTenant: ['server/limits/connections', 'of a tenant are as many as maxConnectionsPerTenant'],
  maxUnauthenticatedSockets: [
    'server/limits/connections',
    'that have not said who they are are as many as maxUnauthenticatedSockets: one more ends the one that waits for longest',
  ],
  messagesPerMinute: ['server/limits/messages', 'a user sends 10 a minute, and then has to wait for the rest of it'],
  messagesPerHour: ['server/limits/messages', 'a user sends 100 an hour'],
  commandsPerMinute: ['server/limits/commands', 'a principal gives as many commands as %s, and then has to wait for the rest of it'],
  commandsPerHour: ['server/limits/commands', 'a principal gives as many commands as %s, and then has to wait for the rest of it'],
  tokensPerDay: ['server/limits/dayBudget', 'a principal that has used up its %s sends again after midnight, UTC'],
  costPerDay: ['server/limits/dayBudget', 'a principal that has used up its %s sends again after midnight, UTC'],
  messagesPerMinutePerTenant: ['server/limits/messages', 'the principals of a tenant share its %s'],
  messagesPerHourPerTenant: ['server/limits/messages', 'the principals of a tenant share its %s'],
  maxThreadsPerPrincipal: [
    'server/limits/messages',
    'a principal has maxThreadsPerPrincipal, however they are made, and one that is deleted makes room',
  ],
};

test.each(Object.entries(TESTS))('%s has a test at the limit', (_limit, [file, name]) => {
  const source = readFileSync(new URL(`../${file}.test.ts`, import.meta.url), 'utf8');
  expect(source).toContain(`'${name}'`);
});

/** Limits that bound more than one thing. */
test.each<[Limit, ...(typeof TESTS)[Limit]]>([
  [
    'maxPageBytes',
    'server/callLimits',
    'a page of runs, of approvals and of steps has as many as its bytes hold, and the pages after it the others',
  ],
  [
    'failedLoginsPerName',
    'server/auth/sharingByName',
    'where users and keys are all there is, one who is not there is refused, and only so many are tried',
  ],
])('%s has another', (_limit, file, name) => {
  expect(readFileSync(new URL(`../${file}.test.ts`, import.meta.url), 'utf8')).toContain(`'${name}'`);
});

test('no limit is without a row', () => {
  expect(Object.keys(TESTS).sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort());
});

test('the limits that the issue and the protocol name have these defaults', () => {
  expect(DEFAULT_LIMITS).toMatchObject({
    maxTextCodePoints: 10_000,
    maxMetadataBytes: 16 * 1024,
    maxMetadataDepth: 5,
    maxTitleCodePoints: 200,
    maxPageSize: 1_000,
    maxFrameBytes: 256 * 1024,
    maxSubscriptionsPerSocket: 100,
    maxQueuedPerThread: 100,
    maxToolOutputBytes: 64 * 1024,
    maxSteps: 25,
    maxAttempts: 3,
    toolTimeoutMs: 60_000,
    cancelGraceMs: 10_000,
    disconnectGraceMs: 30_000,
    receiptTtlMs: 24 * 60 * 60_000,
    pingIntervalMs: 30_000,
    pongTimeoutMs: 10_000,
    idleTimeoutMs: 10 * 60_000,
    failedLoginsPerName: 10,
    failedLoginWindowMs: 15 * 60_000,
    maxConnectionsPerPrincipal: 20,
    maxConnectionsPerAddress: 100,
    messagesPerMinute: 10,
    messagesPerHour: 100,
    requestTimeoutMs: 30_000,
  });
  expect(DEFAULT_TIERS.premium).toEqual({ messagesPerMinute: 60, messagesPerHour: 1_000 });
});
