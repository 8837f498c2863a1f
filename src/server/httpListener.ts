import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Limits } from '../protocol/limits.ts';
import { readCertificate, type TlsOptions } from './certificate.ts';
import { pipelinedRequests } from './pipelinedRequests.ts';

/** Beyond what an upload may take, which its route ends by itself: for bodies that nobody reads. */
const REQUEST_SLACK_MS = 30_000;

/**
 * The HTTP server, or the HTTPS one where there is a certificate. Whoever sends its headers too slowly, or too many bytes of them, gets 408 or
 * 431 and is cut off. Throws `CONFIG_INVALID` for a certificate that cannot be used.
 */
export function httpListener(
  { limits, tls }: { readonly limits: Limits; readonly tls: TlsOptions | undefined },
  handler: RequestListener,
): Server {
  const requestTimeout = limitMs(limits.uploadTimeoutMs + REQUEST_SLACK_MS);
  const headersTimeout = limitMs(limits.headersTimeoutMs);
  const options = {
    maxHeaderSize: Math.min(limits.maxHeaderBytes, MAX_INTEGER),
    requestTimeout,
    headersTimeout: requestTimeout === 0 ? headersTimeout : Math.min(headersTimeout, requestTimeout),
    keepAliveTimeout: limitMs(limits.keepAliveTimeoutMs),
    connectionsCheckingInterval: Math.max(20, Math.min(1_000, limits.headersTimeoutMs / 4)),
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
  const listener = pipelinedRequests(handler, limits.maxPipelinedRequests);
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createSecureServer({ ...options, ...readCertificate(tls), handshakeTimeout: headersTimeout }, listener);
  // Node leaves out those beyond it without a word; with one more, the server sees that there are too many.
  server.maxHeadersCount = Math.min(limits.maxHeaders + 1, MAX_INTEGER);
  return server;
}

const MAX_INTEGER = 2 ** 31 - 1;

/** For Node 0 is no limit. */
function limitMs(limit: number): number {
  return Number.isFinite(limit) ? Math.max(1, Math.ceil(limit)) : 0;
}
