import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseMediaType, SNIFFED_BYTES, sniffMediaType } from '../agents/mediaType.ts';
import { type FileWriter, fileTooLarge } from '../db/fileStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { fileName } from './fileName.ts';
import type { FileOptions } from './fileRoutes.ts';

/**
 * Takes the body of a request into the store, no faster than that takes it. Throws `FILE_TOO_LARGE`, `FILE_TYPE_REFUSED`, `BAD_INPUT` for a body
 * that was cut off and `TIMEOUT` for one that takes too long; nothing is then left of it. What still comes of a body that was refused is
 * thrown away for as long as it might have taken, so that its sender reads why: many do so only when they have sent everything.
 */
export async function receiveFile(
  options: FileOptions,
  principal: Principal,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FileRef> {
  const { raw } = request;
  const { clock, limits } = options;
  const late = new AbortController();
  let answered = false;
  let refuse: (error: VerbatimError) => void = () => {};
  const tooLate = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  endBodyIn(raw, clock, limits.uploadTimeoutMs, () => {
    const error = new VerbatimError('TIMEOUT', `The upload took longer than ${limits.uploadTimeoutMs} ms.`);
    late.abort(error);
    if (answered) raw.destroy();
    else refuse(error);
  });
  try {
    return await Promise.race([storeBody(options, principal, request, late.signal), tooLate]);
  } catch (cause) {
    if (late.signal.aborted) reply.header('connection', 'close');
    else raw.resume();
    throw cause;
  } finally {
    answered = true;
  }
}

async function storeBody({ files, limits }: FileOptions, principal: Principal, { raw, query }: FastifyRequest, late: AbortSignal) {
  const size = sizeOf(raw);
  let writer: FileWriter | undefined;
  try {
    // What cannot fit is not read.
    if (size !== undefined && size > limits.maxFileBytes) throw fileTooLarge(limits.maxFileBytes);
    const body = raw.iterator({ destroyOnReturn: false });
    const head: Buffer[] = [];
    for (let bytes = 0; bytes < SNIFFED_BYTES; ) {
      const next = await body.next();
      if (next.done === true) break;
      head.push(next.value);
      bytes += next.value.byteLength;
    }
    const type = await sniffMediaType(Buffer.concat(head).subarray(0, SNIFFED_BYTES), parseMediaType(raw.headers['content-type']));
    if (type === undefined) {
      throw new VerbatimError('FILE_TYPE_REFUSED', 'The bytes of this file are not of the type that it was sent as.');
    }
    const { name } = query as { readonly name?: unknown };
    writer = await files.begin({ of: { principalId: principal.id }, name: fileName(name), type, size, limits });
    for (const piece of head) await writer.write(piece);
    for await (const piece of body) await writer.write(piece);
    late.throwIfAborted();
    return await writer.finish();
  } catch (cause) {
    writer?.discard();
    throw cause instanceof VerbatimError || !raw.destroyed ? cause : new VerbatimError('BAD_INPUT', 'The upload was cut off.', { cause });
  }
}

/** Calls `late` unless the body, or its connection, has ended by then. */
function endBodyIn(raw: IncomingMessage, clock: Clock, timeoutMs: number, late: () => void): void {
  const { socket } = raw;
  const stopTimer = clock.after(timeoutMs, () => {
    done();
    late();
  });
  function done(): void {
    stopTimer();
    raw.off('end', done);
    socket.off('close', done);
  }
  raw.once('end', done);
  socket.once('close', done);
}

function sizeOf(raw: IncomingMessage): number | undefined {
  const { 'content-length': length } = raw.headers;
  return length === undefined ? undefined : Number(length);
}
