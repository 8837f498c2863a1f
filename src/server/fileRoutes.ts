import type { FastifyInstance } from 'fastify';
import type { FileStore } from '../db/fileStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { identify } from './authentication.ts';
import { receiveFile } from './receiveFile.ts';
import { sendFile } from './sendFile.ts';
import type { Authenticate } from './serverOptions.ts';
import { beforeUploadDeadline } from './uploadDeadline.ts';

export const FILES_PATH = '/files';

export interface FileOptions {
  readonly files: FileStore;
  readonly clock: Clock;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  readonly limits: Limits;
  readonly authenticate: Authenticate | undefined;
}

/** `POST /files` and `GET /files/{id}`: the bytes of files, which no tRPC call carries. */
export async function fileRoutes(app: FastifyInstance, options: FileOptions): Promise<void> {
  const { limits, authenticate } = options;
  const transfers = new Map<string, number>();
  let all = 0;

  /** Each holds a chunk, so there is a bound to how many there are. */
  async function transfer<T>({ id }: Principal, work: () => Promise<T>): Promise<T> {
    const own = transfers.get(id) ?? 0;
    if (all >= limits.maxFileTransfers || own >= limits.maxFileTransfersPerPrincipal) {
      throw new VerbatimError('SERVER_FULL', 'Too many files are on their way. Try again in a moment.', {
        details: { limit: all >= limits.maxFileTransfers ? 'maxFileTransfers' : 'maxFileTransfersPerPrincipal' },
      });
    }
    all++;
    transfers.set(id, own + 1);
    try {
      return await work();
    } finally {
      all--;
      const left = (transfers.get(id) ?? 1) - 1;
      if (left === 0) transfers.delete(id);
      else transfers.set(id, left);
    }
  }

  // The body is what `receiveFile` reads: nobody else is to touch it, whatever it says it is.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.post(FILES_PATH, async (request, reply) => {
    const file = await beforeUploadDeadline({ ...options, request, reply }, async (late) => {
      const principal = await identify(authenticate, request.raw, null);
      return transfer(principal, () => receiveFile(options, { principalId: principal.id, request, late }));
    });
    return reply.code(201).send(file);
  });
  app.get<{ Params: { id: string } }>(`${FILES_PATH}/:id`, { exposeHeadRoute: false }, async (request, reply) => {
    const principal = await identify(authenticate, request.raw, null);
    const file = await options.files.get(principal.id, request.params.id);
    await transfer(principal, () => sendFile(options, file, { request, reply }));
    return reply;
  });
}
