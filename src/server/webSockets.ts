import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { newId } from '../db/ids.ts';
import type { Clock } from '../protocol/clock.ts';
import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Observer } from '../protocol/observer.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AuditTrail } from './auditTrail.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { Caller } from './auth/caller.ts';
import type { Callers } from './auth/callers.ts';
import { Connection } from './connection.ts';
import { hasTooManyHeaders } from './headerCount.ts';
import { cameByHttp } from './httpsRedirect.ts';
import { clientIdOf } from './limits/clientId.ts';
import type { CommandRate } from './limits/commandRate.ts';
import type { ConnectionPlaces, Place } from './limits/connectionPlaces.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { rateLimitHeaders } from './limits/rateLimitHeaders.ts';
import { claimedOrigin, FOREIGN_ORIGIN, type OriginCheck } from './originCheck.ts';
import type { Budget } from './outbox.ts';
import { remoteAddress } from './remoteAddress.ts';
import type { AppRouter } from './routers/router.ts';
import { socketEncoder } from './socketEncoder.ts';
import type { Sweep } from './sweep.ts';
import { CallOrigin } from './telemetry/callOrigin.ts';
import { loginFailure } from './telemetry/loginFailure.ts';
import type { ModuleLog } from './telemetry/logs.ts';
import { isTold } from './telemetry/tellCall.ts';
import { type Context, contextOf, toTrpcError } from './trpc.ts';

/** Where both transports are served. */
export const TRPC_PATH = '/trpc';

export interface WebSocketOptions {
  readonly server: Server;
  readonly router: AppRouter;
  readonly limits: Limits;
  readonly authenticator: Authenticator;
  readonly callers: Callers;
  readonly handshakes: Handshakes;
  readonly places: ConnectionPlaces;
  readonly commands: CommandRate;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly mayEnter: OriginCheck;
  /** Proxies in front, as far as their headers are believed. */
  readonly trustedProxies: number;
  /** Whether what came to the proxy by http is turned away. */
  readonly httpsOnly: boolean;
  readonly budget: Budget;
  readonly sweep: Sweep;
  readonly logger: ModuleLog;
  readonly observer: Observer;
}

export interface WebSockets {
  readonly connections: number;
  /** Refuses new sockets, and sends those away for which nothing is under way: the others may see their runs end. */
  drain(): void;
  /** Refuses new sockets and closes those there are with 1001; what does not go is cut after a moment. */
  close(): Promise<void>;
}

/** How long a closing server waits for the other ends to close too. */
const CLOSE_TIMEOUT_MS = 500;

/** Serves the router on the upgrades of an HTTP server. */
export function serveWebSockets(options: WebSocketOptions): WebSockets {
  const { server, limits, mayEnter, handshakes, logger, observer } = options;
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.maxFrameBytes, clientTracking: true });
  const { accept, isIdle } = createAccept(options);
  let closing = false;

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (closing) return refuse(socket, '503 Service Unavailable\r\nRetry-After: 1');
    if (path !== TRPC_PATH && path !== `${TRPC_PATH}/`) return refuse(socket, '404 Not Found');
    if (hasTooManyHeaders(request, limits)) return refuse(socket, '431 Request Header Fields Too Large');
    if (!mayEnter(request) || (options.httpsOnly && cameByHttp(request, options.trustedProxies))) {
      const error = new VerbatimError('NOT_ALLOWED', 'This origin or host may not use this server.');
      const details = claimedOrigin(request);
      options.audit.refused({ action: 'connect', caller: undefined, address: remoteAddress(request), error, details });
      logger.debug(details, FOREIGN_ORIGIN);
      observer.refused('FOREIGN_ORIGIN');
      return refuse(socket, '403 Forbidden');
    }
    const refused = await handshakes.refusal(remoteAddress(request));
    if (refused !== undefined) {
      observer.refused('handshakesPerMinute');
      return refuse(socket, '429 Too Many Requests', rateLimitHeaders(refused));
    }
    if (closing) return refuse(socket, '503 Service Unavailable');
    // An HTTP server gives its sockets as duplex streams; they are the sockets themselves.
    wss.handleUpgrade(request, socket, head, (ws) => accept(ws, socket as Socket, request));
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => {});
    upgrade(request, socket, head).catch((cause) => {
      logger.error({ err: cause }, 'an upgrade failed');
      socket.destroy();
    });
  };
  server.on('upgrade', onUpgrade);
  return {
    get connections() {
      return wss.clients.size;
    },
    drain() {
      closing = true;
      for (const ws of wss.clients) if (isIdle(ws)) ws.close(CLOSE_CODES.GOING_AWAY, 'GOING_AWAY');
    },
    async close() {
      closing = true;
      const gone = [...wss.clients].map((ws) => new Promise((resolve) => ws.once('close', resolve)));
      for (const ws of wss.clients) ws.close(CLOSE_CODES.GOING_AWAY, 'GOING_AWAY');
      const timer = setTimeout(() => {
        for (const ws of wss.clients) ws.terminate();
      }, CLOSE_TIMEOUT_MS);
      await Promise.all(gone);
      clearTimeout(timer);
      server.off('upgrade', onUpgrade);
      wss.close();
    },
  };
}

function refuse(socket: Duplex, status: string, headers: Readonly<Record<string, string>> = {}): void {
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${more.join('')}\r\n`);
}

function createAccept({
  router,
  limits,
  authenticator,
  callers,
  places,
  commands,
  audit,
  clock,
  budget,
  sweep,
  logger,
  observer,
}: WebSocketOptions) {
  const connections = new WeakMap<WebSocket, Connection>();
  const taken = new WeakMap<WebSocket, Place>();
  /** By their upgrades: those whose first frame is to say who they are. */
  const awaiting = new WeakMap<IncomingMessage, Connection>();
  const serve = getWSConnectionHandler<AppRouter>({
    router,
    wss: new WebSocketServer({ noServer: true }),
    maxBatchSize: limits.maxBatchCalls,
    experimental_encoder: socketEncoder(limits.maxFrameDepth),
    async createContext({ req, res, info }): Promise<Context> {
      const connection = connections.get(res);
      awaiting.delete(req);
      try {
        const identity = await authenticator.identify(req, info.connectionParams);
        taken.get(res)?.claim({ principal: identity.principal, clientId: clientIdOf(req), isPart: true });
        const caller = new Caller({
          identity,
          request: req,
          clock,
          address: remoteAddress(req),
          transport: 'ws',
          onEnd: ({ code }) =>
            code === 'NOT_ALLOWED'
              ? connection?.closeSoon(CLOSE_CODES.NOT_ALLOWED, 'NOT_ALLOWED')
              : connection?.closeSoon(CLOSE_CODES.UNAUTHENTICATED, 'UNAUTHENTICATED'),
        });
        const left = callers.enter(caller);
        res.once('close', left);
        if (res.readyState !== res.OPEN) left();
        connection?.authenticated();
        const traceparent = info.connectionParams?.traceparent;
        const origin = new CallOrigin({ observer, transport: 'ws', headers: req.headers, connectionId: connection?.id, traceparent });
        return contextOf(caller, connection, { requestTimeoutMs: limits.requestTimeoutMs, commands, origin });
      } catch (cause) {
        loginFailure(observer, { request: req, params: info.connectionParams, cause });
        audit.refused({ action: 'connect', caller: undefined, address: remoteAddress(req), error: cause });
        // Before tRPC closes it without a code, which clients take for a broken connection.
        const reason = closeReasonOf(cause);
        connection?.close(CLOSE_CODES[reason], reason);
        throw toTrpcError(cause);
      }
    },
    onError({ error, path, req, ctx, input }) {
      // Without a path it was no call.
      if (path !== undefined) audit.refused({ action: path, caller: ctx?.caller, address: remoteAddress(req), error, input });
      // tRPC would close without a code, and whoever sends this would send it again.
      if (error.code === 'PARSE_ERROR') awaiting.get(req)?.close(CLOSE_CODES.BAD_REQUEST, 'BAD_REQUEST');
      // What is wrong with the frames themselves ends the socket, and is no failure of ours.
      if (error.code === 'INTERNAL_SERVER_ERROR' && !isOfPeer(error.cause) && !isTold(error))
        logger.error({ err: error.cause ?? error, path }, 'a call failed');
    },
  });
  const isIdle = (ws: WebSocket): boolean => connections.get(ws)?.isIdle ?? true;
  const accept = (ws: WebSocket, socket: Socket, request: IncomingMessage): void => {
    socket.setNoDelay(true);
    const id = newId('conn');
    const connection = new Connection({ id, ws, socket, limits, budget, nowMs: performance.now() });
    let place: Place;
    try {
      place = places.take({
        address: remoteAddress(request),
        onWaitedTooLong: () => connection.close(CLOSE_CODES.AUTH_TIMEOUT, 'AUTH_TIMEOUT'),
        onReplaced: () => connection.close(CLOSE_CODES.REPLACED, 'REPLACED'),
      });
    } catch (cause) {
      const reason = closeReasonOf(cause);
      ws.on('error', () => {});
      connection.close(CLOSE_CODES[reason], reason);
      connection.ended();
      // Nothing counts it: it must not stay for as long as its other end likes.
      const timer = setTimeout(() => ws.terminate(), CLOSE_TIMEOUT_MS);
      ws.once('close', () => clearTimeout(timer));
      return;
    }
    taken.set(ws, place);
    connections.set(ws, connection);
    awaiting.set(request, connection);
    sweep.add(connection);
    observer.connectionOpened({ id, transport: 'ws' });
    ws.on('message', (data, isBinary) => {
      connection.heard(performance.now(), isBinary || !isKeepAlive(data));
      connection.received();
    });
    ws.on('ping', () => connection.heard(performance.now(), false));
    ws.on('pong', () => connection.heard(performance.now(), false));
    ws.once('close', (code) => {
      sweep.remove(connection);
      place.leave();
      observer.connectionClosed({ id, transport: 'ws', code });
      connection.ended();
    });
    serve(ws, request);
  };
  return { accept, isIdle };
}

function closeReasonOf(cause: unknown): 'SERVER_FULL' | 'TOO_MANY_CONNECTIONS' | 'INTERNAL_ERROR' | 'UNAUTHENTICATED' {
  if (!(cause instanceof VerbatimError)) return 'UNAUTHENTICATED';
  if (cause.code === 'SERVER_FULL') return 'SERVER_FULL';
  if (cause.code === 'RATE_LIMITED') return 'TOO_MANY_CONNECTIONS';
  // Whether the token is good cannot be told at the moment.
  return cause.retryable ? 'INTERNAL_ERROR' : 'UNAUTHENTICATED';
}

/** An error that `ws` finds in what the other end sent: frames that are too large, not masked, not UTF-8. */
function isOfPeer(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('WS_ERR_');
}

function isKeepAlive(data: unknown): boolean {
  return Buffer.isBuffer(data) && data.length === 4 && (data.toString() === 'PING' || data.toString() === 'PONG');
}
