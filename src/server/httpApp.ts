import cors from '@fastify/cors';
import { callTRPCProcedure, getErrorShape, getTRPCErrorFromUnknown } from '@trpc/server';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { newId } from '../db/ids.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Caller } from './auth/caller.ts';
import { callerOf } from './auth/callerOf.ts';
import { cookieRoutes } from './auth/cookieRoutes.ts';
import { BatchBudget } from './batchBudget.ts';
import { bodyDeadline } from './bodyDeadline.ts';
import type { TlsOptions } from './certificate.ts';
import { consoleRoutes } from './consoleRoutes.ts';
import { edgeHeaders } from './edgeHeaders.ts';
import { type ExportOptions, exportRoute } from './exportRoute.ts';
import { type FileOptions, fileRoutes } from './fileRoutes.ts';
import { hasTooManyHeaders, tooManyHeaders } from './headerCount.ts';
import { httpListener } from './httpListener.ts';
import { httpsRedirect } from './httpsRedirect.ts';
import { clientIdOf } from './limits/clientId.ts';
import type { Place } from './limits/connectionPlaces.ts';
import { RATE_LIMIT_HEADERS, rateLimitHeaders } from './limits/rateLimitHeaders.ts';
import { oauthRoutes } from './oauthRoutes.ts';
import { claimedOrigin, FOREIGN_ORIGIN } from './originCheck.ts';
import { pageRoutes } from './pageRoutes.ts';
import { readInput } from './readInput.ts';
import { remoteAddress } from './remoteAddress.ts';
import type { AppRouter } from './routers/router.ts';
import { nestsDeeper } from './socketEncoder.ts';
import { openSse } from './sseStream.ts';
import { CallOrigin } from './telemetry/callOrigin.ts';
import { loginFailure } from './telemetry/loginFailure.ts';
import { type OperatorRoutesOptions, operatorRoutes } from './telemetry/operatorRoutes.ts';
import { isTold } from './telemetry/tellCall.ts';
import { type Context, contextOf, contextOfNobody, toTrpcError, verbatimErrorOf } from './trpc.ts';
import { Watch } from './watch.ts';
import { TRPC_PATH, type WebSocketOptions } from './webSockets.ts';
import { isOver, whenOver } from './whenOver.ts';

export interface HttpOptions
  extends Omit<WebSocketOptions, 'server'>,
    Pick<FileOptions, 'files' | 'closing' | 'limitsOf' | 'assertRoom'>,
    Pick<ExportOptions, 'store'>,
    Omit<OperatorRoutesOptions, 'apiPath'> {
  readonly epoch: string;
  readonly tls: TlsOptions | undefined;
  readonly hstsSeconds: number | false;
  /** Whether the web console is served. */
  readonly console: boolean;
  readonly page: string | undefined;
  /** Aborts when the server begins to close. */
  readonly draining: AbortSignal;
}

/** The HTTP side: the same router for queries and mutations, SSE for subscriptions, and a health check. */
export async function createHttpApp(options: HttpOptions): Promise<FastifyInstance> {
  const { router, limits, mayEnter, logger, observer } = options;
  const app = fastify({
    serverFactory: (handler) => httpListener(options, handler),
    bodyLimit: limits.maxFrameBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4_096 },
    // Of URLs that no route is looked up for, which are answered like any other.
    frameworkErrors: (error, _request, reply) => void sendError(reply, router, httpError(error)),
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    // tRPC's answers bring a status of their own.
    const status = payload instanceof Response ? payload.status : reply.statusCode;
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    // The next request is for another server, or for the next one here.
    if (options.draining.aborted) reply.header('connection', 'close');
  });
  // Before anything is registered: a route keeps the handlers that there were when it was made.
  app.setErrorHandler((error, { url, raw, routeOptions }, reply) => {
    const cause = httpError(error);
    options.audit.refused({ action: routeOptions.url ?? 'connect', caller: undefined, address: remoteAddress(raw), error: cause });
    if (cause === error && !(error instanceof VerbatimError)) logger.error({ err: error, path: url.split('?', 1)[0] }, 'a request failed');
    return sendError(reply, router, cause);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendError(reply, router, new VerbatimError('NOT_FOUND', `There is nothing here. The API is at ${TRPC_PATH}.`)),
  );
  await edgeHeaders(app, options);
  const refuse = (reply: FastifyReply, error: VerbatimError) => sendError(reply, router, error);
  app.addHook('onRequest', async (request, reply) => {
    if (hasTooManyHeaders(request.raw, limits)) await refuse(reply, tooManyHeaders(limits));
    // Fetch, which tRPC's adapter makes a request of, has no such method.
    else if (request.method === 'TRACE') await refuse(reply, new VerbatimError('BAD_INPUT', 'TRACE is not served.'));
  });
  bodyDeadline(app, { ...options, refuse });
  app.addHook('onRequest', async (request, reply) => {
    if (!mayEnter(request.raw)) {
      const error = new VerbatimError('NOT_ALLOWED', 'This origin or host may not use this server.');
      const details = claimedOrigin(request.raw);
      options.audit.refused({ action: 'connect', caller: undefined, address: remoteAddress(request.raw), error, details });
      logger.debug(details, FOREIGN_ORIGIN);
      await sendError(reply, router, error);
    }
  });
  if (options.httpsOnly) httpsRedirect(app, { ...options, refuse });
  await app.register(cors, {
    delegator: (request, done) =>
      done(null, {
        origin: mayEnter(request.raw) === 'other',
        credentials: true,
        methods: ['GET', 'POST', 'DELETE'],
        maxAge: 600,
        exposedHeaders: [...RATE_LIMIT_HEADERS],
      }),
  });
  operatorRoutes(app, { ...options, apiPath: TRPC_PATH });
  await app.register(fileRoutes, options);
  await app.register(oauthRoutes, options);
  await app.register(cookieRoutes, options);
  await app.register(exportRoute, options);
  if (options.page !== undefined) await app.register(pageRoutes, { folder: options.page });
  else if (options.console) await app.register(consoleRoutes);
  for (const [path, procedure] of Object.entries(router._def.procedures)) {
    if (!isSubscription(procedure)) continue;
    app.get(`${TRPC_PATH}/${path}`, { exposeHeadRoute: false }, (request, reply) => serveSse(options, { path, request, reply }));
  }
  const plugin: FastifyTRPCPluginOptions<AppRouter> = {
    trpcOptions: {
      router,
      maxBatchSize: limits.maxBatchCalls,
      async createContext({ req, res, info }): Promise<Context> {
        const { requestTimeoutMs } = limits;
        const origin = new CallOrigin({ observer, transport: 'http', headers: req.headers });
        const { input } = req.query as { readonly input?: unknown };
        for (const json of [req.body, input]) {
          if (typeof json === 'string' && nestsDeeper(json, limits.maxFrameDepth)) throw tooDeep(limits.maxFrameDepth);
        }
        try {
          const caller = await callerOf(options, req.raw, 'http');
          // A call may last, and no longer than its caller may.
          const left = options.callers.enter(caller);
          whenOver(res.raw, left);
          const batch = info.calls.length > 1 ? new BatchBudget(limits.maxBatchBytes) : undefined;
          return contextOf(caller, undefined, { requestTimeoutMs, commands: options.commands, origin, batch });
        } catch (cause) {
          loginFailure(observer, { request: req, params: null, cause });
          return contextOfNobody(cause, remoteAddress(req.raw), { requestTimeoutMs, origin });
        }
      },
      responseMeta: ({ errors }) => ({ headers: Object.assign({}, ...errors.map((error) => rateLimitHeaders(verbatimErrorOf(error)))) }),
      onError({ error, path, ctx, req, input }) {
        options.audit.refused({ action: path ?? 'connect', caller: ctx?.caller, address: remoteAddress(req.raw), error, input });
        if (error.code === 'INTERNAL_SERVER_ERROR' && !isTold(error)) logger.error({ err: error.cause ?? error, path }, 'a call failed');
      },
    },
  };
  await app.register(fastifyTRPCPlugin, { prefix: TRPC_PATH, ...plugin });
  return app;
}

function isSubscription(procedure: unknown): boolean {
  return (procedure as { readonly _def?: { readonly type?: string } })._def?.type === 'subscription';
}

/** The frames of `httpSubscriptionLink`, written by the same tail as on a socket: tRPC's own SSE has no way past its iterators. */
async function serveSse(
  options: HttpOptions,
  { path, request, reply }: { readonly path: string; readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<void> {
  const { router, limits, callers, places, budget, sweep, epoch, logger, audit, observer } = options;
  let caller: Caller;
  let place: Place | undefined;
  let replaced = (): void => {};
  try {
    // Node gives an answer its socket when those before it are done, which a watch may never be: what waits behind it would have no bound.
    if (reply.raw.socket === null) {
      throw new VerbatimError('BAD_INPUT', 'A watch does not wait behind other answers of its connection. Ask for it on one of its own.');
    }
    caller = await callerOf(options, request.raw, 'sse');
    place = places.take({ address: caller.address, onWaitedTooLong: () => {}, onReplaced: () => replaced() });
    const clientId = clientIdOf(request.raw);
    place.claim({ principal: caller.principal, clientId, isPart: clientId !== undefined });
  } catch (cause) {
    place?.leave();
    audit.refused({ action: path, caller: undefined, address: remoteAddress(request.raw), error: cause });
    loginFailure(observer, { request, params: null, cause });
    return sendError(reply, router, cause);
  }
  // It may have gone while it was asked who it is: nothing would say so later.
  if (isOver(reply.raw)) {
    reply.hijack();
    return place.leave();
  }
  // Those that let a page of another origin read the answer: a hijacked reply does not send them itself.
  const headers = reply.getHeaders();
  const response = reply.hijack().raw;
  const stream = openSse({ response, headers, epoch, limits, budget });
  if (stream === undefined) return place.leave();
  replaced = () =>
    stream.fail(errorShape(router, new VerbatimError('REPLACED', 'Another of your clients took the place of this one.'), path));
  sweep.add(stream);
  const connectionId = newId('conn');
  observer.connectionOpened({ id: connectionId, transport: 'sse' });
  const origin = new CallOrigin({ observer, transport: 'sse', headers: request.headers, connectionId });
  const left = callers.enter(caller);
  const abort = new AbortController();
  let watch: Watch | undefined;
  response.once('close', () => {
    sweep.remove(stream);
    observer.connectionClosed({ id: connectionId, transport: 'sse', code: undefined });
    left();
    place.leave();
    stream.ended();
    abort.abort();
    watch?.tail.end();
  });
  let input: unknown;
  try {
    const result: unknown = await callTRPCProcedure({
      router,
      path,
      getRawInput: async () => {
        input ??= sseInput(request, limits.maxFrameDepth);
        return input;
      },
      ctx: contextOf(caller, undefined, { requestTimeoutMs: limits.requestTimeoutMs, origin }),
      type: 'subscription',
      signal: abort.signal,
      batchIndex: 0,
    });
    if (!(result instanceof Watch)) throw new Error(`${path} returned no watch`);
    watch = result;
    if (abort.signal.aborted) return watch.tail.end();
    await watch.tail.run(stream);
    stream.complete();
  } catch (cause) {
    const error = toTrpcError(cause);
    audit.refused({ action: path, caller, address: caller.address, error, input });
    if (error.code === 'INTERNAL_SERVER_ERROR' && !isTold(error)) logger.error({ err: error.cause ?? error, path }, 'a watch failed');
    stream.fail(errorShape(router, error, path));
  }
}

/** The input of a subscription: `?input=` as superjson, and where the client stands by header or by query. */
function sseInput(request: FastifyRequest, maxDepth: number): unknown {
  const query = request.query as Readonly<Record<string, unknown>>;
  const lastEventId = request.headers['last-event-id'] ?? query.lastEventId;
  let input: unknown = {};
  if (typeof query.input === 'string') {
    if (nestsDeeper(query.input, maxDepth)) throw tooDeep(maxDepth);
    try {
      input = readInput(JSON.parse(query.input));
    } catch (cause) {
      throw toTrpcError(new VerbatimError('BAD_INPUT', 'The query parameter `input` is not valid superjson.', { cause }));
    }
  }
  return typeof lastEventId === 'string' && lastEventId !== '' && typeof input === 'object' ? { ...input, lastEventId } : input;
}

function tooDeep(maxDepth: number) {
  return toTrpcError(new VerbatimError('BAD_INPUT', `This request nests deeper than ${maxDepth} levels.`));
}

function errorShape(router: AppRouter, cause: unknown, path: string | undefined) {
  const error = getTRPCErrorFromUnknown(toTrpcError(cause));
  return getErrorShape({ config: router._def._config, error, type: 'unknown', path, input: undefined, ctx: undefined });
}

async function sendError(reply: FastifyReply, router: AppRouter, cause: unknown): Promise<void> {
  const shape = errorShape(router, cause, undefined);
  await reply
    .code(shape.data.httpStatus)
    .headers(cause instanceof VerbatimError ? rateLimitHeaders(cause) : {})
    .header('content-type', 'application/json')
    .send(JSON.stringify({ error: { json: shape } }));
}

/** Fastify refuses bodies before tRPC sees them. */
function httpError(error: unknown): unknown {
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (statusCode === 413) return new VerbatimError('FRAME_TOO_BIG', 'The request is too large.', { cause: code });
  if (statusCode !== undefined && statusCode < 500)
    return new VerbatimError('BAD_INPUT', 'The request could not be read.', { cause: error });
  return error;
}
