import cors from '@fastify/cors';
import { callTRPCProcedure, getErrorShape, getTRPCErrorFromUnknown } from '@trpc/server';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import superjson from 'superjson';
import { newId } from '../db/ids.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Caller } from './auth/caller.ts';
import { callerOf } from './auth/callerOf.ts';
import { type FileOptions, fileRoutes } from './fileRoutes.ts';
import type { AppRouter } from './routers/router.ts';
import { nestsDeeper } from './socketEncoder.ts';
import { openSse } from './sseStream.ts';
import { CallOrigin } from './telemetry/callOrigin.ts';
import { loginFailure } from './telemetry/loginFailure.ts';
import { type OperatorRoutesOptions, operatorRoutes } from './telemetry/operatorRoutes.ts';
import { isTold } from './telemetry/tellCall.ts';
import { type Context, contextOf, contextOfNobody, toTrpcError } from './trpc.ts';
import { Watch } from './watch.ts';
import { TRPC_PATH, type WebSocketOptions } from './webSockets.ts';

export interface HttpOptions
  extends Omit<WebSocketOptions, 'server'>,
    Pick<FileOptions, 'files' | 'closing'>,
    Omit<OperatorRoutesOptions, 'apiPath'> {
  readonly epoch: string;
}

/** The HTTP side: the same router for queries and mutations, SSE for subscriptions, and a health check. */
export async function createHttpApp(options: HttpOptions): Promise<FastifyInstance> {
  const { router, limits, mayEnter, logger, observer } = options;
  const app = fastify({
    bodyLimit: limits.maxFrameBytes,
    forceCloseConnections: true,
    // Uploads are ended on time by their route; this is for bodies that nobody reads.
    requestTimeout: limits.uploadTimeoutMs,
    routerOptions: { maxParamLength: 4_096 },
    // Of URLs that no route is looked up for, which are answered like any other.
    frameworkErrors: (error, _request, reply) => void sendError(reply, router, httpError(error)),
  });
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Bearer');
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!mayEnter(request.raw))
      await sendError(reply, router, new VerbatimError('NOT_ALLOWED', 'This origin or host may not use this server.'));
  });
  await app.register(cors, { origin: true, credentials: true, methods: ['GET', 'POST', 'DELETE'], maxAge: 600 });
  app.setErrorHandler((error, { url }, reply) => {
    const cause = httpError(error);
    if (cause === error && !(error instanceof VerbatimError)) logger.error({ err: error, path: url.split('?', 1)[0] }, 'a request failed');
    return sendError(reply, router, cause);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendError(reply, router, new VerbatimError('NOT_FOUND', `There is nothing here. The API is at ${TRPC_PATH}.`)),
  );
  operatorRoutes(app, { ...options, apiPath: TRPC_PATH });
  await app.register(fileRoutes, options);
  for (const [path, procedure] of Object.entries(router._def.procedures)) {
    if (!isSubscription(procedure)) continue;
    app.get(`${TRPC_PATH}/${path}`, { exposeHeadRoute: false }, (request, reply) => serveSse(options, { path, request, reply }));
  }
  const plugin: FastifyTRPCPluginOptions<AppRouter> = {
    trpcOptions: {
      router,
      maxBatchSize: limits.maxBatchCalls,
      async createContext({ req }): Promise<Context> {
        const origin = new CallOrigin({ observer, transport: 'http', headers: req.headers });
        const { input } = req.query as { readonly input?: unknown };
        for (const json of [req.body, input]) {
          if (typeof json === 'string' && nestsDeeper(json, limits.maxFrameDepth)) throw tooDeep(limits.maxFrameDepth);
        }
        try {
          return contextOf(await callerOf(options, req.raw, 'http'), undefined, origin);
        } catch (cause) {
          loginFailure(observer, req, null);
          return contextOfNobody(cause, origin);
        }
      },
      onError({ error, path }) {
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
  const { router, limits, callers, budget, sweep, epoch, logger, observer } = options;
  let caller: Caller;
  try {
    // Node gives an answer its socket when those before it are done, which a watch may never be: what waits behind it would have no bound.
    if (reply.raw.socket === null) {
      throw new VerbatimError('BAD_INPUT', 'A watch does not wait behind other answers of its connection. Ask for it on one of its own.');
    }
    caller = await callerOf(options, request.raw, 'sse');
  } catch (cause) {
    loginFailure(observer, request, null);
    return sendError(reply, router, cause);
  }
  // Those that let a page of another origin read the answer: a hijacked reply does not send them itself.
  const headers = reply.getHeaders();
  const response = reply.hijack().raw;
  const stream = openSse({ response, headers, epoch, limits, budget });
  if (stream === undefined) return;
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
    stream.ended();
    abort.abort();
    watch?.tail.end();
  });
  try {
    const result: unknown = await callTRPCProcedure({
      router,
      path,
      getRawInput: async () => sseInput(request, limits.maxFrameDepth),
      ctx: contextOf(caller, undefined, origin),
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
      input = superjson.deserialize(JSON.parse(query.input));
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
