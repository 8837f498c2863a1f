import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
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
  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    // Only where it is known: told over http it means nothing, and on a machine without a certificate it locks people out.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async ({ raw }, reply) => {
    if (hstsSeconds !== false && schemeOf(raw, trustedProxies) === 'https') {
      reply.raw.setHeader('strict-transport-security', `max-age=${hstsSeconds}; includeSubDomains`);
    }
    // Answers are one caller's; a route whose answers keep says so.
    reply.raw.setHeader('cache-control', 'no-store');
  });
}
