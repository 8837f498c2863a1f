import type { FastifyInstance } from 'fastify';
import type { FileStore, StoredFile } from '../db/fileStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import { ownerOf } from '../protocol/principal.ts';
import type { LimitsOf } from '../protocol/tiers.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Caller, Hold } from './auth/caller.ts';
import { callerOf } from './auth/callerOf.ts';
import type { Callers } from './auth/callers.ts';
import type { Handshakes } from './limits/handshakes.ts';
import { receiveFile } from './receiveFile.ts';
import { sendFile } from './sendFile.ts';
import { beforeUploadDeadline } from './uploadDeadline.ts';

export const FILES_PATH = '/files';

export interface FileOptions {
  readonly files: FileStore;
  readonly clock: Clock;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  readonly limits: Limits;
  readonly limitsOf: LimitsOf;
  readonly authenticator: Authenticator;
  readonly callers: Callers;
  readonly handshakes: Handshakes;
  /** Throws `STORAGE_FULL`. */
  readonly assertRoom: () => void;
}

/** `POST /files` and `GET /files/{id}`: the bytes of files, which no tRPC call carries. */
export async function fileRoutes(app: FastifyInstance, options: FileOptions): Promise<void> {
  const { limits, limitsOf, callers } = options;
  const transfers = new Map<string, number>();
  let all = 0;

  /** Ends what is under way with the caller's authority. */
  async function whileAllowed<T>(caller: Caller, hold: Hold, work: () => Promise<T>): Promise<T> {
    const left = callers.enter(caller);
    const release = caller.hold(hold);
    try {
      return await work();
    } finally {
      release();
      left();
    }
  }

  /** Each holds a chunk, so there is a bound to how many there are. */
  async function transfer<T>(principal: Principal, work: () => Promise<T>): Promise<T> {
    const id = ownerOf(principal);
    const own = transfers.get(id) ?? 0;
    if (all >= limits.maxFileTransfers || own >= limitsOf(principal).maxFileTransfersPerPrincipal) {
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
      const caller = await callerOf(options, request.raw, 'http');
      const { principal } = caller;
      options.assertRoom();
      const cut = (): void => void request.raw.destroy();
      return transfer(principal, () =>
        whileAllowed(caller, { fail: cut }, () => receiveFile({ ...options, limits: limitsOf(principal) }, { principal, request, late })),
      );
    });
    return reply.code(201).send(file);
  });
  app.get<{ Params: { id: string } }>(`${FILES_PATH}/:id`, { exposeHeadRoute: false }, async (request, reply) => {
    const caller = await callerOf(options, request.raw, 'http');
    const { principal } = caller;
    const lookUp = (): Promise<StoredFile> => options.files.get(caller.principal, request.params.id);
    const file = await lookUp();
    const hold: Hold = { lookAgain: async () => void (await lookUp()), fail: () => void request.raw.socket.destroy() };
    await transfer(principal, () => whileAllowed(caller, hold, () => sendFile(options, file, { request, reply })));
    return reply;
  });
}
