import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import { schemeOf } from './scheme.ts';

/** The console's scripts, styles, pictures and calls come from the server itself; nothing runs inline, and nobody frames it. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'media-src': ["'self'", 'blob:'],
    // `'self'` covers the WebSocket of the same host.
    'connect-src': ["'self'"],
    'manifest-src': ["'self'"],
    'worker-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  },
};

/** A year: what the preload lists ask for. */
export const DEFAULT_HSTS_SECONDS = 31_536_000;

interface EdgeOptions {
  readonly trustedProxies: number;
  /** `false`: it is not said. */
  readonly hstsSeconds: number | false;
}

/** The headers by which browsers keep other pages and networks away from answers. A route's own go before them. */
export async function edgeHeaders(app: FastifyInstance, { trustedProxies, hstsSeconds }: EdgeOptions): Promise<void> {
  const strict = Object.entries(strictHeaders());
  app.addHook('onRequest', async ({ raw }, reply) => {
    for (const [name, value] of strict) if (value !== undefined) reply.raw.setHeader(name, value);
    if (hstsSeconds !== false && schemeOf(raw, trustedProxies) === 'https') {
      reply.raw.setHeader('strict-transport-security', `max-age=${hstsSeconds}; includeSubDomains`);
    }
    // Answers are one caller's; a route whose answers keep says so.
    reply.raw.setHeader('cache-control', 'no-store');
  });
}

/** Helmet's. They are the same for every answer, and it makes them anew for each one: 60 us of a request. */
function strictHeaders(): OutgoingHttpHeaders {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const set = helmet({
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    // Only where it is known: told over http it means nothing, and on a machine without a certificate it locks people out.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  set(response.req, response, () => {});
  return response.getHeaders();
}
