import { setTimeout as sleep } from 'node:timers/promises';
import type { Agents } from '../agents/agent.ts';
import type { Model } from '../agents/model.ts';
import { type Client, type ClientOptions, createClient as createSdkClient } from '../client/index.node.ts';
import { type OpenDatabase, openDatabase } from '../db/openDatabase.ts';
import type { ApiContract, JsonApi } from '../protocol/contract.ts';
import { LOCAL_PRINCIPAL, type Principal } from '../protocol/principal.ts';
import { UNBOUNDED_CALLERS } from '../protocol/tiers.ts';
import { custom } from '../server/auth/custom.ts';
import { checkOptions } from '../server/checkOptions.ts';
import { serverOver } from '../server/createServer.ts';
import { type ServerOptions, silentLogger } from '../server/serverOptions.ts';
import type { InternalServer, ServerStats, VerbatimServer } from '../server/verbatimServer.ts';

/** Says nothing, unless it is given a `logger` or `log`. */
export interface TestServerOptions extends ServerOptions {
  /** Models to use instead of the agents' own, by the agent's name. Scripted ones must have no steps left at the end. */
  readonly models?: { readonly [agent: string]: Model };
  /** Makes its clients. Default: the SDK's. */
  readonly createClient?: (options: ClientOptions) => Client<JsonApi>;
}

type TestClientOptions = Omit<ClientOptions, 'url' | 'token'>;

export interface ClientMaker {
  /** A client of the SDK, over a real socket. The server closes it when it is disposed. */
  client<Api extends ApiContract = JsonApi>(options?: TestClientOptions): Client<Api>;
  /** The token that names this caller, for clients other than the SDK. */
  readonly token: string;
}

export interface TestServer extends Omit<ClientMaker, 'token'>, AsyncDisposable {
  /** `http://127.0.0.1:port`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  readonly stats: ServerStats;
  /** Clients of somebody in particular. `client()` alone is the principal `local`, unless `authenticate` says otherwise. */
  as(principal: Principal | string): ClientMaker;
  /** As `VerbatimServer.fold`; `olderThanDays: 0` folds every run that has ended. */
  fold(options?: { readonly olderThanDays?: number }): Promise<number>;
  /** As `VerbatimServer.broadcast`. */
  broadcast: VerbatimServer['broadcast'];
  /**
   * Stops the server and starts another on the same data and port, as a deploy does: sockets close with 1001, runs that are open go on.
   * Options of `createServer` may change, such as the agents. `onStop` is called, then `onStart`.
   */
  restart(change?: Partial<TestServerOptions>): Promise<void>;
  /**
   * As `restart`, but the server ends as a crash ends it: what is not committed at this moment never is, no run is handed over, and the
   * next server resumes each with the reason `crash`. Work in this process is told by its signal, as a test cannot kill it. `onStop` is not
   * called, and what `onStart` opened stays open: a process would have taken it along.
   */
  crash(change?: Partial<TestServerOptions>): Promise<void>;
}

/** How often, and with what pause, a port is asked for that is taken. */
const PORT_TRIES = 20;
const PORT_PAUSE_MS = 100;

const TOKEN_PREFIX = 'test-principal:';

/**
 * A whole server for a test: real HTTP and WebSocket on a free port of 127.0.0.1, the database in memory unless `database` names a file.
 * What bounds callers by time and number (`messagesPerMinute`, `maxConnectionsPerAddress`, ...) is off, unless `limits` or `tiers` say otherwise: a test
 * is one caller that sends faster than people do. `await using` closes its clients and itself, and then throws if a scripted model has steps left over.
 */
export async function createTestServer(options: TestServerOptions): Promise<TestServer> {
  const { createClient = createSdkClient<JsonApi> } = options;
  let current = options;
  const inMemory = options.database === undefined || options.database === ':memory:';
  const open = (): OpenDatabase =>
    openDatabase({ file: current.database ?? ':memory:', synchronous: current.synchronous, clock: current.clock });
  let database = open();
  const clients = new Set<{ close(): Promise<void> }>();

  const start = async (port: number): Promise<{ readonly server: InternalServer; readonly url: string; readonly port: number }> => {
    const { models: _, createClient: __, ...own } = current;
    checkOptions(own);
    const limits = { ...UNBOUNDED_CALLERS, ...own.limits };
    const quiet = own.logger === undefined && own.log === undefined ? { logger: silentLogger } : {};
    const serverOptions = { ...own, ...quiet, limits, agents: withModels(current), ...testAuth(current) };
    const server = await serverOver(database, serverOptions, { closeDatabase: !inMemory });
    try {
      return { server, ...(await listenOn(server, port)) };
    } catch (cause) {
      await server.close({ drainMs: 0 });
      throw cause;
    }
  };
  let running = await start(0).catch(async (cause) => {
    await database.close();
    throw cause;
  });

  /** One after the other; what disposes the server waits for the last. */
  let changing: Promise<void> = Promise.resolve();
  function startAgain(end: () => Promise<void>, change: Partial<TestServerOptions>): Promise<void> {
    changing = settled(changing).then(async () => {
      await end();
      current = { ...current, ...change };
      if (!inMemory) database = open();
      running = await start(running.port);
    });
    return changing;
  }

  const maker = (token: string | undefined) => ({
    client<Api extends ApiContract = JsonApi>(clientOptions: TestClientOptions = {}): Client<Api> {
      // The edge: whoever asks says what the server's agents are.
      const client = createClient({ ...clientOptions, url: running.url, ...(token !== undefined && { token }) }) as unknown as Client<Api>;
      clients.add(client);
      return client;
    },
  });

  return {
    ...maker(undefined),
    get url() {
      return running.url;
    },
    get port() {
      return running.port;
    },
    get stats() {
      return running.server.stats;
    },
    as(principal) {
      const token = TOKEN_PREFIX + encodeURIComponent(JSON.stringify(typeof principal === 'string' ? { id: principal } : principal));
      return { ...maker(token), token };
    },
    fold: (options) => running.server.fold(options),
    broadcast: (notice, options) => running.server.broadcast(notice, options),
    restart: (change = {}) => startAgain(() => running.server.close({ drainMs: 0 }), change),
    crash: (change = {}) => startAgain(() => running.server.crash(), change),
    async [Symbol.asyncDispose]() {
      await settled(changing);
      await Promise.all([...clients].map((client) => client.close()));
      await running.server.close({ drainMs: 0 });
      if (inMemory) await database.close();
      for (const model of Object.values(current.models ?? {})) {
        if ('assertDone' in model && typeof model.assertDone === 'function') model.assertDone();
      }
    },
  };
}

const settled = (work: Promise<void>): Promise<void> => work.catch(() => {});

/** A port that it had before may be taken for a moment: the system gives free ones to whoever connects, also to those who try to reach it there. */
async function listenOn(server: InternalServer, port: number): Promise<{ readonly url: string; readonly port: number }> {
  for (let tries = 1; ; tries++) {
    try {
      return await server.listen({ port });
    } catch (cause) {
      if (port === 0 || tries === PORT_TRIES) throw cause;
      await sleep(PORT_PAUSE_MS);
    }
  }
}

function withModels({ agents, models = {} }: TestServerOptions): Agents {
  for (const name of Object.keys(models)) {
    if (agents[name]?.kind !== 'model') throw new TypeError(`models.${name} names no agent with a model.`);
  }
  return Object.fromEntries(
    Object.entries(agents).map(([name, agent]) => {
      const model = models[name];
      return [name, agent.kind === 'model' && model !== undefined ? { ...agent, model, modelOf: () => model } : agent];
    }),
  );
}

/** `as(...)` names its caller in the token; every other token is the application's. */
function testAuth({ auth, authenticate }: TestServerOptions): Pick<ServerOptions, 'auth'> {
  const named = custom(({ token }) =>
    token?.startsWith(TOKEN_PREFIX) ? JSON.parse(decodeURIComponent(token.slice(TOKEN_PREFIX.length))) : undefined,
  );
  return { auth: [named, ...(auth ?? [custom(authenticate ?? (() => LOCAL_PRINCIPAL))])] };
}
