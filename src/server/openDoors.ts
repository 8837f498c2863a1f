import type { FastifyInstance } from 'fastify';
import type { AuditTrail } from './auditTrail.ts';
import { type Certificate, keepCertificate } from './certificate.ts';
import { DEFAULT_HSTS_SECONDS } from './edgeHeaders.ts';
import { createHttpApp } from './httpApp.ts';
import type { ConnectionPlaces } from './limits/connectionPlaces.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { mcpHost } from './mcpHost.ts';
import { originCheck } from './originCheck.ts';
import type { Budget } from './outbox.ts';
import { trustProxies } from './remoteAddress.ts';
import { appRouter } from './routers/router.ts';
import type { ServerOptions } from './serverOptions.ts';
import type { Services } from './services.ts';
import type { Sweep } from './sweep.ts';
import type { Telemetry } from './telemetry/openTelemetry.ts';
import { operatorCheck } from './telemetry/operators.ts';
import type { Readiness } from './telemetry/readiness.ts';
import { serveWebSockets, type WebSockets } from './webSockets.ts';

export interface DoorsOptions {
  readonly services: Services;
  readonly handshakes: Handshakes;
  readonly places: ConnectionPlaces;
  readonly audit: AuditTrail;
  readonly telemetry: Telemetry;
  readonly readiness: Readiness;
  readonly budget: Budget;
  readonly sweep: Sweep;
}

/** All ways in: HTTP, WebSockets and MCP, over one port. */
export interface Doors {
  readonly app: FastifyInstance;
  readonly sockets: WebSockets;
  readonly certificate: Certificate;
  readonly closeMcp: (() => Promise<void>) | undefined;
}

export async function openDoors(options: ServerOptions, parts: DoorsOptions): Promise<Doors> {
  const { services, telemetry, readiness, ...shared } = parts;
  const { authenticator, retention, store } = services;
  const { origins = [], hosts = [], trustedProxies = 0, tls } = options;
  const logger = telemetry.logs.of('server');
  const transport = {
    ...services,
    ...shared,
    router: appRouter(services),
    mayEnter: originCheck({ origins, hosts, open: authenticator.isOpen, trustedProxies }),
    trustedProxies,
    httpsOnly: options.https === 'redirect',
    logger,
    observer: telemetry.observer,
  };
  const app = await createHttpApp({
    ...transport,
    tls,
    hstsSeconds: options.hstsSeconds ?? DEFAULT_HSTS_SECONDS,
    console: options.console ?? true,
    page: options.page,
    files: store.files,
    epoch: store.log.epoch,
    assertRoom: () => retention.assertRoom(),
    metrics: telemetry.metrics,
    readiness,
    isOperator: operatorCheck({ ...options, authenticator }),
  });
  trustProxies(app.server, {
    hops: trustedProxies,
    onIgnored: () =>
      logger.warn({}, 'X-Forwarded-For is ignored: behind a proxy, set `trustedProxies`, or all of its callers share one address'),
  });
  const certificate = keepCertificate(app.server, { tls, logger });
  const sockets = serveWebSockets({ ...transport, server: app.server });
  const closeMcp = await options.mcp?.serve(mcpHost({ ...transport, app, services }));
  return { app, sockets, certificate, closeMcp };
}
