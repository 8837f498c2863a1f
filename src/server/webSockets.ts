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
import type { Authenticator } from './auth/authenticator.ts';
import { Caller } from './auth/caller.ts';
import type { Callers } from './auth/callers.ts';
import { Connection } from './connection.ts';
import type { OriginCheck } from './originCheck.ts';
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
  readonly clock: Clock;
  readonly mayEnter: OriginCheck;
  readonly budget: Budget;
  readonly sweep: Sweep;
  readonly logger: ModuleLog;
  readonly observer: Observer;
}

export interface WebSockets {
  readonly connections: number;
  /** Refuses new sockets and closes those there are with 1001; what does not go is cut after a moment. */
  close(): Promise<void>;
}

/** How long a closing server waits for the other ends to close too. */
const CLOSE_TIMEOUT_MS = 500;

/** Serves the router on the upgrades of an HTTP server. */
export function serveWebSockets(options: WebSocketOptions): WebSockets {
  const { server, limits, mayEnter, observer } = options;
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.maxFrameBytes, clientTracking: true });
  const accept = createAccept(options);
  let closing = false;

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => {});
    const path = (request.url ?? '').split('?', 1)[0];
    if (closing) return refuse(socket, '503 Service Unavailable');
    if (path !== TRPC_PATH && path !== `${TRPC_PATH}/`) return refuse(socket, '404 Not Found');
    if (!mayEnter(request)) {
      observer.refused('FOREIGN_ORIGIN');
      return refuse(socket, '403 Forbidden');
    }
    // An HTTP server gives its sockets as duplex streams; they are the sockets themselves.
    wss.handleUpgrade(request, socket, head, (ws) => accept(ws, socket as Socket, request));
  };
  server.on('upgrade', onUpgrade);
  return {
    get connections() {
      return wss.clients.size;
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

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function createAccept({ router, limits, authenticator, callers, clock, budget, sweep, logger, observer }: WebSocketOptions) {
  const connections = new WeakMap<WebSocket, Connection>();
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
        const caller = new Caller({
          identity,
          clock,
          address: remoteAddress(req),
          transport: 'ws',
          onEnd: () => connection?.closeSoon(CLOSE_CODES.UNAUTHENTICATED, 'UNAUTHENTICATED'),
        });
        const left = callers.enter(caller);
        res.once('close', left);
        if (res.readyState !== res.OPEN) left();
        connection?.authenticated();
        const traceparent = info.connectionParams?.traceparent;
        const origin = new CallOrigin({ observer, transport: 'ws', headers: req.headers, connectionId: connection?.id, traceparent });
        return contextOf(caller, connection, origin);
      } catch (cause) {
        loginFailure(observer, req, info.connectionParams);
        // Before tRPC closes it without a code, which clients take for a broken connection.
        connection?.close(CLOSE_CODES.UNAUTHENTICATED, 'UNAUTHENTICATED');
        throw toTrpcError(cause);
      }
    },
    onError({ error, path, req }) {
      // tRPC would close without a code, and whoever sends this would send it again.
      if (error.code === 'PARSE_ERROR') awaiting.get(req)?.close(CLOSE_CODES.BAD_REQUEST, 'BAD_REQUEST');
      // What is wrong with the frames themselves ends the socket, and is no failure of ours.
      if (error.code === 'INTERNAL_SERVER_ERROR' && !isOfPeer(error.cause) && !isTold(error))
        logger.error({ err: error.cause ?? error, path }, 'a call failed');
    },
  });
  return (ws: WebSocket, socket: Socket, request: IncomingMessage): void => {
    socket.setNoDelay(true);
    const id = newId('conn');
    const connection = new Connection({ id, ws, socket, limits, budget, nowMs: performance.now() });
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
      observer.connectionClosed({ id, transport: 'ws', code });
      connection.ended();
    });
    serve(ws, request);
  };
}

/** An error that `ws` finds in what the other end sent: frames that are too large, not masked, not UTF-8. */
function isOfPeer(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('WS_ERR_');
}

function isKeepAlive(data: unknown): boolean {
  return Buffer.isBuffer(data) && data.length === 4 && (data.toString() === 'PING' || data.toString() === 'PONG');
}
