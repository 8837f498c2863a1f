import { type Clock, systemClock } from '../protocol/clock.ts';
import type { ApiContract, JsonApi, Receipt } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { createAuth } from './auth.ts';
import { type CallOptions, Calls } from './calls.ts';
import type { Client } from './client.ts';
import { clientClock } from './clientClock.ts';
import { Connection, type TokenSource } from './connection.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { createFiles } from './files.ts';
import { newKey } from './newKey.ts';
import { NoticeListeners } from './noticeListeners.ts';
import { createRun, type RunContext, type SentRun } from './run.ts';
import { createThread } from './thread.ts';
import type { Transport } from './transport.ts';
import { sseTransport, ticketSource } from './transportSse.ts';
import { createTrpc } from './transportTrpc.ts';
import { wsTransport } from './transportWs.ts';
import { Waits } from './waits.ts';
import type { WebSocketConstructor } from './webSocketLike.ts';

export interface ClientOptions {
  /** An origin of ws, wss, http or https; `/trpc` is added where there is no path. */
  readonly url: string;
  /**
   * Who is calling. A function is asked anew for each connection, with `refresh: true` some time before the last token expires, and when the server
   * refused it; if another is refused then, or the function throws, the client closes with `UNAUTHENTICATED`. What it answers with `undefined` is by
   * the browser's cookie: with `refresh: true` it is to be newer then. Never part of a URL.
   */
  readonly token?: TokenSource | undefined;
  /** `sse` for networks that let no WebSocket through. Default `ws`. */
  readonly transport?: 'ws' | 'sse' | undefined;
  /** How long a call is tried, reconnecting included, unless it says otherwise. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** How long one attempt to connect may take, the token included. Default 15,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** A silence of this length, while something is asked for, is broken by a ping. Default 15,000. */
  readonly pingIntervalMs?: number | undefined;
  /** The connection is given up when nothing at all arrives within this time after a ping. Default 15,000. */
  readonly pongTimeoutMs?: number | undefined;
  /** For `ws`, where there is no global one, or another is wanted. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** For `sse` and for files. Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
  /**
   * W3C `traceparent` of the caller's own trace, asked for each message that is sent: the run is then part of it, also after a restart of the
   * server. Undefined for none.
   */
  readonly traceparent?: (() => string | undefined) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests: 0 to 1, for the jitter of the backoff. */
  readonly random?: (() => number) | undefined;
}

/** Does no I/O: the client connects when it is first used. Throws `BAD_INPUT` for a URL it cannot use. */
export function createClient<Api extends ApiContract = JsonApi>(options: ClientOptions): Client<Api> {
  const { token, timeoutMs = 60_000, connectTimeoutMs = 15_000, clock = clientClock, random = Math.random } = options;
  const endpoint = parseEndpoint(options.url);
  const transport = createTransport(endpoint, options, clock);
  const backgroundClock = options.clock ?? systemClock;
  const connection = new Connection({ transport, token, clock, backgroundClock, random, connectTimeoutMs });
  const waits = new Waits();
  const calls = new Calls(connection, { address: endpoint.address, clock, random, timeoutMs, waits });
  const { files, close: closeFiles } = createFiles({ url: endpoint.files, token, fetch: fetchOf(options), calls, clock, timeoutMs });
  const context: RunContext = { connection, calls, clock, random };

  const noticeListeners = new NoticeListeners(context);

  // The edge: the contract says what the procedures take and answer.
  const query = (path: string) => (input?: object, callOptions?: CallOptions) => calls.query(path, input, callOptions) as Promise<never>;
  const command =
    (path: string) =>
    (input: object = {}, callOptions?: CallOptions) =>
      calls.command(path, input, callOptions) as Promise<never>;

  const traced = (message: object): object => {
    const traceparent = options.traceparent?.();
    return traceparent === undefined ? message : { traceparent, ...message };
  };

  return {
    async send(message: object, callOptions?: CallOptions): Promise<SentRun<never>> {
      const receipt = (await calls.command('messages.send', traced(message), callOptions)) as Receipt;
      return createRun(receipt.runId, context, receipt);
    },
    run: (runId) => createRun(runId, context),
    thread: (threadId) => createThread(threadId, context),
    threads: {
      create: command('threads.create'),
      get: query('threads.get'),
      list: query('threads.list'),
      update: command('threads.update'),
      delete: command('threads.delete'),
      messages: query('threads.messages'),
      fork: command('threads.fork'),
      share: command('threads.share'),
      unshare: command('threads.unshare'),
      shares: query('threads.shares'),
      claimShare: command('threads.claimShare'),
    },
    approvals: { list: query('approvals.list'), decide: command('approvals.decide') },
    files,
    on: (_event, listener) => noticeListeners.add(listener),
    messages: {
      async edit(message, callOptions) {
        const receipt = (await calls.command('messages.edit', traced(message), callOptions)) as Receipt;
        return createRun(receipt.runId, context, receipt);
      },
      async retry(message, callOptions) {
        const receipt = (await calls.command('messages.retry', traced(message), callOptions)) as Receipt;
        return createRun(receipt.runId, context, receipt);
      },
    },
    memory: { list: query('memory.list'), delete: command('memory.delete'), clear: command('memory.clear') },
    auth: createAuth({ url: endpoint.http, fetch: fetchOf(options), calls, clock, timeoutMs }),
    agents: { list: (callOptions) => query('agents.list')(undefined, callOptions) },
    connection: {
      get state() {
        return connection.state;
      },
      subscribe: (listener) => connection.subscribe(listener),
    },
    waits: {
      get state() {
        return waits.state;
      },
      subscribe: (listener) => waits.subscribe(listener),
    },
    trpc: createTrpc<Api>(connection, calls),
    close() {
      const error = new VerbatimError('CLIENT_CLOSED', 'The client was closed');
      closeFiles(error);
      return connection.stop(error);
    },
  };
}

function createTransport(endpoint: Endpoint, options: ClientOptions, clock: Clock): Transport {
  const { pingIntervalMs = 15_000, pongTimeoutMs = 15_000 } = options;
  // By it the server knows that connections are of one client: that one may be all that it wants of a principal.
  const clientId = newKey();
  if (options.transport === 'sse') {
    return sseTransport({ url: endpoint.http, clientId, fetch: fetchOf(options), clock });
  }
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined);
  if (WebSocket === undefined) {
    throw new VerbatimError('BAD_INPUT', 'There is no WebSocket here: give createClient a `WebSocket`, or use `transport: "sse"`');
  }
  const askTicket = ticketSource({ url: endpoint.http, clientId, fetch: fetchOf(options), clock });
  return wsTransport({ url: endpoint.ws, clientId, WebSocket, clock, pingIntervalMs, pongTimeoutMs, askTicket });
}

/** Not the bare global: browsers want it called on the window. */
function fetchOf(options: ClientOptions): typeof fetch {
  return options.fetch ?? ((...args) => fetch(...args));
}
