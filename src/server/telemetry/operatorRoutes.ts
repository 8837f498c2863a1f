import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Observer } from '../../protocol/observer.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface OperatorRoutesOptions {
  readonly observer: Observer;
  /** Undefined: there are none to see. */
  readonly metrics: Metrics | undefined;
  readonly readiness: Readiness;
  readonly isOperator: (request: FastifyRequest['raw']) => Promise<boolean>;
  /** Its requests are told by their procedures. */
  readonly apiPath: string;
}

/** `/healthz`: the process lives. `/readyz`: it should be given requests. `/metrics`: for operators. And each request, told to the observer. */
export function operatorRoutes(app: FastifyInstance, { observer, metrics, readiness, isOperator, apiPath }: OperatorRoutesOptions): void {
  app.addHook('onResponse', async ({ routeOptions, method }, reply) => {
    const route = routeOptions.url ?? 'none';
    if (route.startsWith(apiPath)) return;
    observer.requestEnded({ route, method: METHODS.has(method) ? method : 'other', status: reply.statusCode, ms: reply.elapsedTime });
  });
  for (const path of ['/healthz', '/health']) app.get(path, async () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    const reasons = await readiness.reasons();
    reply.header('cache-control', 'no-store').code(reasons.length === 0 ? 200 : 503);
    return {
      status: reasons.length === 0 ? 'ready' : 'not ready',
      ...(reasons.length > 0 && (await isOperator(request.raw)) && { reasons }),
    };
  });
  if (metrics === undefined) return;
  app.get('/metrics', async (request, reply) => {
    if (!(await isOperator(request.raw))) {
      if (request.headers.authorization !== undefined) observer.loginFailed('metrics');
      throw new VerbatimError('NOT_ALLOWED', 'Metrics are for operators. See `metrics` in the options of the server.');
    }
    reply.header('content-type', metrics.registry.contentType).header('cache-control', 'no-store');
    return metrics.registry.metrics();
  });
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS']);
