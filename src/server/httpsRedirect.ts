import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { schemeOf } from './scheme.ts';

interface RedirectOptions {
  readonly trustedProxies: number;
  readonly refuse: (reply: FastifyReply, error: VerbatimError) => Promise<void>;
}

/**
 * Sends whoever came to the proxy by http to https, and refuses what is not only read: its token has travelled in the clear already, and
 * a client that is sent on would never learn of it.
 */
export function httpsRedirect(app: FastifyInstance, { trustedProxies, refuse }: RedirectOptions): void {
  app.addHook('onRequest', async ({ raw, method, host, url }, reply) => {
    if (!cameByHttp(raw, trustedProxies)) return;
    if (method !== 'GET' && method !== 'HEAD') return refuse(reply, new VerbatimError('NOT_ALLOWED', 'Use https.'));
    // Another form of target names a host of its own.
    if (!url.startsWith('/')) return refuse(reply, new VerbatimError('NOT_ALLOWED', 'Use https.'));
    await reply.header('cache-control', 'no-store').redirect(`https://${host}${url}`, 308);
  });
}

/** Whether a trusted proxy says so: what comes from within, such as a probe, has no such header. */
export function cameByHttp(request: IncomingMessage, trustedProxies: number): boolean {
  return schemeOf(request, trustedProxies) === 'http';
}
