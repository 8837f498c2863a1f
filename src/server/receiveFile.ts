import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { fileName } from '../agents/fileName.ts';
import { parseMediaType, SNIFFED_BYTES, sniffMediaType } from '../agents/mediaType.ts';
import { type FileWriter, fileTooLarge } from '../db/fileStore.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { FileOptions } from './fileRoutes.ts';

export interface Upload {
  readonly principal: Principal;
  readonly request: FastifyRequest;
  /** Aborts when it has taken too long. */
  readonly late: AbortSignal;
}

/**
 * Takes the body of a request into the store, no faster than that takes it. Throws `FILE_TOO_LARGE`, `QUOTA_EXCEEDED`, `FILE_TYPE_REFUSED`, and `BAD_INPUT` for a body
 * that was cut off; nothing is then left of it.
 */
export async function receiveFile({ files, limits }: FileOptions, { principal, request, late }: Upload): Promise<FileRef> {
  const { raw, query } = request;
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
    writer = await files.begin({ of: { principal }, name: fileName(name), type, size, limits });
    for (const piece of head) await writer.write(piece);
    for await (const piece of body) await writer.write(piece);
    late.throwIfAborted();
    return await writer.finish();
  } catch (cause) {
    writer?.discard();
    if (cause instanceof VerbatimError || !raw.destroyed) throw cause;
    throw new VerbatimError('BAD_INPUT', 'The upload was cut off.', { cause });
  }
}

function sizeOf(raw: IncomingMessage): number | undefined {
  const { 'content-length': length } = raw.headers;
  return length === undefined ? undefined : Number(length);
}
