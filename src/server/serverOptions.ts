import type { IncomingMessage } from 'node:http';
import type { Agents } from '../agents/agent.ts';
import type { CacheLayer } from '../agents/toolPolicy.ts';
import type { Budget } from '../protocol/budget.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Roles } from '../protocol/roles.ts';
import type { Tiers } from '../protocol/tiers.ts';
import type { Prices } from '../protocol/usage.ts';
import type { AuthMethod } from './auth/authMethod.ts';
import type { CookieOptions } from './auth/cookie.ts';
import type { TlsOptions } from './certificate.ts';
import type { Duplicates } from './limits/connectionPlaces.ts';
import type { McpEndpoint } from './mcpEndpoint.ts';
import type { RetentionOptions } from './retentionOptions.ts';
import type { LogLevels } from './telemetry/logLevels.ts';
import type { MetricsOption } from './telemetry/metricsOption.ts';
import type { OnError } from './telemetry/onError.ts';
import type { TitleOptions } from './titleOptions.ts';

/**
 * Says who is calling. Gets the token of the `Authorization: Bearer` or `X-API-Key` header, of `connectionParams.token` or of the cookie, undefined
 * when there is none. Return undefined (or throw) for nobody: the socket closes with 4401, a request gets 401. What you throw is logged; a
 * `VerbatimError` that is `retryable`, such as `AUTH_UNAVAILABLE`, asks the caller to come again. Asked once for each socket, each request and each
 * newer token of a socket.
 */
export type Authenticate = (credentials: {
  readonly token: string | undefined;
  readonly request: IncomingMessage;
}) => Principal | undefined | Promise<Principal | undefined>;

/** Lines for the operator. A pino logger fits. */
export interface Logger {
  debug?(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ConnectionOptions {
  /**
   * When a principal connects by another client: `allow` (default), `replace` closes what its other clients have open (4410, which is final for
   * them), `refuse` closes the newcomer (4429). A client is one `createClient`, or one socket of a plain tRPC client.
   */
  readonly duplicates?: Duplicates;
}

export interface ServerOptions {
  readonly agents: Agents;
  /** `file:verbatim.db`, a path, or `:memory:` (default), which ends with the process. One server has a file at a time. */
  readonly database?: string;
  /** `NORMAL` (default) keeps every commit through a crash of the process, `FULL` through a power loss too. */
  readonly synchronous?: 'NORMAL' | 'FULL';
  /** Without it, and without `auth`, there is one principal, `local`, and the server listens on loopback only. */
  readonly authenticate?: Authenticate;
  /**
   * How callers are known: `[jwt({ ... }), apiKeys(), password(), custom(fn)]`, tried in order. `authenticate` is short for one `custom(fn)`. Give
   * one of the two.
   */
  readonly auth?: readonly AuthMethod[];
  /**
   * Takes the token from a cookie too, which `POST /auth/cookie` sets: for pages whose scripts are not to see it. Requests that carry it must come
   * from the server's own pages, or from those of `origins`. `true` takes the defaults. Default: none.
   */
  readonly cookie?: boolean | CookieOptions;
  /** Serves the web console at `/`. Default true. */
  readonly console?: boolean;
  /**
   * A folder with the application's own built page, which is served at `/` in the place of the console: its files, and its `index.html` for every
   * other path. Under the server's own content security policy: everything is a file of the folder. Default: none.
   */
  readonly page?: string;
  /** Decides who may do what, in the place of the server's own policy or around it. Default: owners, shares, tenants and administrators. */
  readonly policy?: Policy;
  /** Roles besides `user`, `premium` and `admin`, and what they give: `{ support: { threads: 'read' } }`. */
  readonly roles?: Roles;
  /** Web origins that may use the server, such as `https://app.example.com`, besides its own. Others are refused with 403. */
  readonly origins?: readonly string[];
  /**
   * Host names under which it may be reached, besides loopback: others are refused with 403. Without authentication, none but loopback when
   * nothing is said; with it, all.
   */
  readonly hosts?: readonly string[];
  /** Serves HTTPS and WSS with this certificate. Files are read anew when they change, and by `reloadCertificate`. */
  readonly tls?: TlsOptions;
  /**
   * `redirect` sends whoever came to the proxy by http to https, and refuses what is not only read, and WebSockets. Needs `trustedProxies`: the
   * outermost sets `X-Forwarded-Proto`.
   */
  readonly https?: 'redirect';
  /**
   * How long browsers keep to https for this host and those under it, in seconds: said over TLS, the server's own or that of a proxy that is
   * believed. Default: a year. 0 makes them forget it, `false` says nothing.
   */
  readonly hstsSeconds?: number | false;
  /**
   * Gives threads without a title one, after an answer, by a model: `true` takes the model of the agent that answered, when it does not depend
   * on the run. In the background; `threads.get` and `threads.list` show it once it is there. Default: none.
   */
  readonly titles?: TitleOptions | true;
  /**
   * Opens what the agents share, such as a pool of connections: awaited before any run is taken up. When it fails, so does `createServer`,
   * with the same error.
   */
  readonly onStart?: () => void | Promise<void>;
  /** Awaited once by `close`, after everything has stopped, if `onStart` had succeeded. Its failure is that of `close`. */
  readonly onStop?: () => void | Promise<void>;
  /** What each run may use: for everybody, or by who sends. The agent, and the send, may allow less. Default: no bound but the limits. */
  readonly budget?: Budget | ((principal: Principal) => Budget | undefined);
  readonly limits?: Partial<Limits>;
  /**
   * Limits that differ by tier: `{ premium: { messagesPerMinute: 60 }, trial: { messagesPerHour: 5 } }`. The tier is the principal's own, or `premium`
   * for who has that role, else `user`; a tier that is not here has `limits`. They hold for administrators too.
   */
  readonly tiers?: Tiers;
  readonly connections?: ConnectionOptions;
  /**
   * How many proxies are before the server, each of which adds to `X-Forwarded-For`: limits and logs then know who is behind them. Default 0: nobody is
   * believed. More than there are lets callers choose an address.
   */
  readonly trustedProxies?: number;
  /** How long things are kept, and how much. Default: events are folded after 30 days, and threads are kept. */
  readonly retention?: RetentionOptions;
  /** Threads for tools with `worker: true`, started when they are first needed. Default: one less than there are cores, and at least one. */
  readonly toolWorkers?: number;
  /** Where tools with a `cache` keep results besides memory, such as `new KeyvRedis(...)`: for several servers, and through a restart. */
  readonly toolCache?: CacheLayer;
  /** Serves the agents to MCP clients too: `mcpServer()` of `verbatim-agents/mcp`. */
  readonly mcp?: McpEndpoint;
  /** What models cost, by their names: the usage of runs then has a `cost`. Set when a call finishes; a change of prices changes nothing that was. */
  readonly prices?: Prices;
  /** Where lines go, such as a pino of your own. Default: JSON on stderr. Secrets and content are taken out of them before. */
  readonly logger?: Logger;
  /** How much is said: `{ level: 'info', modules: { run: 'debug' } }`. Default: warnings and errors. */
  readonly log?: LogLevels;
  /** Told of each error that is logged, with the ids of what it is about: for Sentry and the like. */
  readonly onError?: OnError;
  /**
   * `/metrics` for Prometheus. Default `true`: for this machine, unless the request came through a proxy, and for administrators. With a token:
   * for who has it, and for administrators. `false`: for nobody, and nothing is counted for it.
   */
  readonly metrics?: MetricsOption;
  /** For tests: time to be moved by hand. */
  readonly clock?: Clock;
}

export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };
