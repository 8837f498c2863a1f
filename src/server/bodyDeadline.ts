import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Observer } from '../protocol/observer.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { FILES_PATH } from './fileRoutes.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { endBodyIn } from './uploadDeadline.ts';

interface BodyDeadlineOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  readonly handshakes: Handshakes;
  readonly observer: Observer;
  readonly refuse: (reply: FastifyReply, error: VerbatimError) => Promise<void>;
}

/**
 * Answers `TIMEOUT` to a request whose body has not come in time, and ends its connection. Uploads have their own limit. Before it is known
 * whose they are, one address has so many under way; one more is `RATE_LIMITED`, and thrown away.
 */
export function bodyDeadline(app: FastifyInstance, { limits, clock, closing, handshakes, observer, refuse }: BodyDeadlineOptions): void {
  app.addHook('onRequest', async ({ raw, routeOptions }, reply) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
    if ((length === undefined || length === '0') && encoding === undefined) return;
    try {
      handshakes.bodies.enter(raw, reply.raw);
    } catch (cause) {
      if (!(cause instanceof VerbatimError)) throw cause;
      observer.refused('maxBodiesPerAddress');
      await refuse(reply, cause);
    }
    if (routeOptions.url === FILES_PATH && !reply.sent) return;
    endBodyIn(raw, { clock, closing }, limits.bodyTimeoutMs, () => {
      if (reply.sent) return raw.destroy();
      reply.header('connection', 'close');
      reply.raw.once('finish', () => raw.destroy());
      void refuse(reply, new VerbatimError('TIMEOUT', `The body of the request took longer than ${limits.bodyTimeoutMs} ms.`));
    });
  });
}
