import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { callerOf } from './auth/callerOf.ts';
import type { Callers } from './auth/callers.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { exportThread } from './threadExport.ts';
import { startTimeLimit } from './timeLimit.ts';
import { isOver, whenOver } from './whenOver.ts';

export interface ExportOptions {
  readonly store: Pick<Store, 'threads' | 'runs' | 'log'>;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  readonly limits: Limits;
  readonly authenticator: Authenticator;
  readonly callers: Callers;
  readonly handshakes: Handshakes;
}

/** `GET /threads/{id}/export`: a thread as one JSON document, no faster than its reader takes it. */
export async function exportRoute(app: FastifyInstance, options: ExportOptions): Promise<void> {
  const { store, clock, limits, callers } = options;
  const exporting = new Map<string, number>();
  app.get<{ Params: { id: string } }>('/threads/:id/export', { exposeHeadRoute: false }, async (request, reply) => {
    const caller = await callerOf(options, request.raw, 'http');
    const owner = ownerOf(caller.principal);
    const threadId = request.params.id;
    const own = exporting.get(owner) ?? 0;
    if (own >= limits.maxExportsPerPrincipal) {
      const details = { limit: 'maxExportsPerPrincipal' };
      throw new VerbatimError('SERVER_FULL', 'You are exporting threads already. Wait for their end.', { details });
    }
    exporting.set(owner, own + 1);
    const cut = (): void => void reply.raw.destroy();
    const left = callers.enter(caller);
    const release = caller.hold({ lookAgain: async () => void (await store.threads.keyOf(caller.principal, threadId)), fail: cut });
    try {
      const pieces = exportThread(store, { principal: () => caller.principal, threadId, at: clock.now() });
      // Before the answer begins: what may not be read is an error.
      const first = await pieces.next();
      if (isOver(reply.raw)) return reply.hijack();
      async function* timed(): AsyncGenerator<string> {
        for (let piece = first; !piece.done; piece = await pieces.next()) {
          const stopTimer = startTimeLimit(options, limits.slowReaderTimeoutMs, cut);
          try {
            yield piece.value;
          } finally {
            stopTimer();
          }
        }
      }
      reply.type('application/json; charset=utf-8').headers({
        'content-disposition': `attachment; filename="${threadId.replace(/[^\w-]/g, '')}.json"`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const closed = new Promise<void>((resolve) => whenOver(reply.raw, resolve));
      void reply.send(Readable.from(timed(), { objectMode: false }));
      await closed;
      return reply;
    } finally {
      const rest = (exporting.get(owner) ?? 1) - 1;
      if (rest === 0) exporting.delete(owner);
      else exporting.set(owner, rest);
      release();
      left();
    }
  });
}
