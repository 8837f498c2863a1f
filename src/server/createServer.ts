import { setMaxListeners } from 'node:events';
import { AgentRegistry } from '../agents/agentRegistry.ts';
import { Budgets } from '../agents/budgets.ts';
import { closeGuards } from '../agents/guard.ts';
import { loadTokenizerFor } from '../agents/tokenizerFor.ts';
import { openToolHost } from '../agents/toolHost.ts';
import { isToolThread } from '../agents/toolTask.ts';
import { newId } from '../db/ids.ts';
import { type OpenDatabase, openDatabase } from '../db/openDatabase.ts';
import { sqliteStore } from '../db/sqliteStore.ts';
import type { Budget as RunBudget } from '../protocol/budget.ts';
import { systemClock } from '../protocol/clock.ts';
import { createInputs } from '../protocol/inputs.ts';
import { mayBy } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import { DAY_MS } from '../protocol/time.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { Answers } from './answers.ts';
import { AuditTrail } from './auditTrail.ts';
import { openAuthority } from './auth/openAuthority.ts';
import { localBell } from './bell.ts';
import { checkOptions } from './checkOptions.ts';
import { checkPrices } from './checkPrices.ts';
import { settingsReport } from './config/settingsReport.ts';
import { countReaders } from './disconnectWatch.ts';
import { callerLimits } from './limits/callerLimits.ts';
import { CommandRate } from './limits/commandRate.ts';
import { Waits } from './limits/waits.ts';
import { Notices } from './live/notices.ts';
import { Presence } from './live/presence.ts';
import { modelsOf } from './modelsOf.ts';
import { type Doors, openDoors } from './openDoors.ts';
import { isLoopbackHost } from './originCheck.ts';
import { type Budget, flushOutboxes } from './outbox.ts';
import { RecentReadings } from './recentReadings.ts';
import { Retention } from './retention.ts';
import { RunEnds } from './runEnds.ts';
import { Scheduler } from './scheduler.ts';
import type { ServerOptions } from './serverOptions.ts';
import type { Services } from './services.ts';
import { startSweep } from './sweep.ts';
import { failureLog } from './telemetry/logs.ts';
import { openTelemetry } from './telemetry/openTelemetry.ts';
import { TitleWriter } from './titles.ts';
import type { InternalServer, ServerStats, VerbatimServer } from './verbatimServer.ts';

const DEFAULT_FOLD_DAYS = 30;

/**
 * Opens the database, takes up the runs that the last process left, and gets ready to listen. Throws `DATABASE_*`, each naming the file and
 * what to do.
 */
export async function createServer(options: ServerOptions): Promise<VerbatimServer> {
  if (isToolThread()) {
    const message = 'The module of a tool with `worker: true` starts a server. Put the tool into a module of its own, and name that one.';
    throw new VerbatimError('CONFIG_INVALID', message);
  }
  // Before a file is made, or brought to a newer version.
  checkOptions(options);
  const database = openDatabase({
    file: options.database ?? ':memory:',
    synchronous: options.synchronous,
    clock: options.clock,
  });
  try {
    return await serverOver(database, options, { closeDatabase: true });
  } catch (cause) {
    await database.close();
    throw cause;
  }
}

/**
 * As `createServer`, over a database that is open. Without `closeDatabase` it stays open when the server closes.
 *
 * @internal Left out of the package's types: those of a database do not stand on their own.
 */
export async function serverOver(
  database: OpenDatabase,
  options: ServerOptions,
  { closeDatabase }: { readonly closeDatabase: boolean },
): Promise<InternalServer> {
  const { agents, clock = systemClock } = options;
  const { limits, limitsOf, dayBudgetOf, handshakes, places } = callerLimits(options);
  const telemetry = openTelemetry(options, { limits, now: () => clock.now() });
  const { observer } = telemetry;
  const logger = telemetry.logs.of('server');
  options.mcp?.check(agents);
  if (database.copyBeforeUpgrade !== undefined) {
    logger.info({ copy: database.copyBeforeUpgrade }, 'upgraded the database; a copy from before is kept');
  }
  const toolHost = openToolHost({
    clock,
    limits,
    threads: options.toolWorkers,
    secondLayer: options.toolCache,
    observer,
    report: (cause, what) => logger.warn({ err: cause }, what),
  });
  const may = mayBy(options.policy, options.roles);
  const bell = localBell();
  const readers = countReaders();
  const store = sqliteStore({
    raw: database.raw,
    epoch: database.epoch,
    clock,
    onCommit(threads) {
      const committedMs = performance.now();
      bell.ring(threads);
      flushOutboxes();
      observer.delivered(performance.now() - committedMs);
    },
    observer,
    recordHighWater: database.recordHighWater,
    prices: checkPrices(options.prices),
    may,
    limitsOf,
    onErased: database.onErased,
  });
  const registry = new AgentRegistry(agents);
  const logFailure = failureLog(telemetry.logs.of('run'), telemetry.runs);
  const audit = new AuditTrail({ store, clock, limits, logger });
  const retention = new Retention({ store, clock, limits, logger }, options.retention);
  const titles = new TitleWriter({ titles: options.titles, registry, store, clock, limits, logger });
  const budgetOf = (principal: Principal): RunBudget | undefined =>
    typeof options.budget === 'function' ? options.budget(principal) : options.budget;
  const budgets = new Budgets({ store: store.runs, registry, prices: options.prices, dayBudget: dayBudgetOf });
  const scheduler = new Scheduler({
    store,
    clock,
    limits,
    limitsOf,
    registry,
    lease: newId('boot'),
    readers,
    logFailure,
    observer,
    onWaiting: () => answers.arm(),
    toolHost,
    budgets,
    may,
    onEnded: (run) => titles.runEnded(run),
    assertRoom: () => retention.assertRoom(),
  });
  const answers = new Answers({ store, clock, limits, registry, scheduler, logFailure });
  const draining = new AbortController();
  const closing = new AbortController();
  // Every call that waits listens to it: Node takes more than ten for a leak.
  setMaxListeners(0, closing.signal);
  const { authenticator, callers, guests } = openAuthority(options, { raw: database.raw, store, clock, limits, logger });
  const notices = new Notices(clock);
  const runEnds = new RunEnds({ store, bell });
  const services: Services = {
    agents,
    store,
    scheduler,
    answers,
    registry,
    bell,
    runEnds,
    waits: new Waits(limitsOf),
    commands: new CommandRate(clock, limitsOf),
    readers,
    limits,
    limitsOf,
    inputs: createInputs(limits),
    clock,
    callers,
    authenticator,
    budgetOf,
    dayBudgetOf,
    notices,
    presence: new Presence(clock),
    guests,
    may,
    roles: options.roles,
    retention,
    readings: new RecentReadings(),
    sampler: telemetry.sampler,
    settings: () => settingsReport(options, limits),
    draining: draining.signal,
    closing: closing.signal,
  };
  const budget: Budget = { maxBytes: limits.maxBufferedBytes, heldBytes: 0 };
  const sweep = startSweep(limits);
  const readiness = telemetry.watch({
    store,
    database,
    held: () => ({ ...stats(), streams: sweep.size - stats().connections, slowReaders: sweep.slow }),
  });
  let doors: Doors | undefined;
  const stats = (): ServerStats => ({
    connections: doors?.sockets.connections ?? 0,
    watches: readers.count,
    listeners: bell.listeners + runEnds.sharing,
    activeRuns: scheduler.activeRuns,
    heldLogs: store.heldLogs,
    bufferedBytes: budget.heldBytes,
  });
  void store.files.removeLeftovers();
  let started = false;

  async function stop(drainMs: number): Promise<void> {
    readiness.drain();
    draining.abort();
    doors?.certificate.close();
    answers.close();
    // It takes nothing new from here on: who has nothing under way comes back to the next one.
    const left = scheduler.close(drainMs);
    doors?.sockets.drain();
    await retention.close();
    await left;
    await toolHost.close();
    closing.abort();
    await doors?.closeMcp?.();
    await titles.close();
    await doors?.sockets.close();
    await doors?.app.close();
    callers.close();
    handshakes.close();
    await authenticator.close();
    sweep.close();
    telemetry.sampler.close();
    if (started) audit.stopped((await store.runs.open()).length);
    audit.close();
    store.close();
    telemetry.close();
    await Promise.all(modelsOf(options).map((model) => model.close?.()));
    await Promise.all(Object.values(agents).map((agent) => (agent.kind === 'model' ? closeGuards(agent.guards) : undefined)));
    if (closeDatabase) await database.close();
    if (started) await options.onStop?.();
  }

  try {
    doors = await openDoors(options, { services, handshakes, places, audit, telemetry, readiness, budget, sweep });
    await options.onStart?.();
    started = true;
    await loadTokenizerFor(Object.values(agents));
    await scheduler.recover();
    answers.arm();
    await audit.started({ authentication: !authenticator.isOpen, epoch: store.log.epoch }, options.limits);
    retention.start();
    telemetry.sample();
  } catch (cause) {
    await stop(0);
    throw cause;
  }

  const { app, certificate } = doors;
  let closed: Promise<void> | undefined;
  const server: InternalServer = {
    async listen({ port = 3000, host = '127.0.0.1' } = {}) {
      if (authenticator.isOpen && !isLoopbackHost(host)) {
        throw new VerbatimError(
          'CONFIG_INVALID',
          `Without authentication the server listens on loopback only, not on ${host}. Give createServer \`auth\` or \`authenticate\`, or use 127.0.0.1.`,
        );
      }
      await app.listen({ port, host });
      const address = app.server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      return { url: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`, port: bound };
    },
    get stats() {
      return stats();
    },
    async broadcast(notice, { to } = {}) {
      const thread = to !== undefined && 'thread' in to ? await store.threads.keyById(to.thread) : undefined;
      return notices.tell(notice, to, thread);
    },
    reloadCertificate: () => certificate.reload(),
    fold: ({ olderThanDays = DEFAULT_FOLD_DAYS } = {}) => store.upkeep.fold(clock.now() - olderThanDays * DAY_MS),
    close(closeOptions) {
      closed ??= stop(closeOptions?.drainMs ?? limits.drainMs);
      return closed;
    },
    crash() {
      store.abandon();
      // Nobody is told of a crash.
      started = false;
      return server.close({ drainMs: 0 });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  return server;
}
