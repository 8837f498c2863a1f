import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTextType, matchesMediaType } from '../agents/mediaType.ts';
import type { StoredFile } from '../db/fileStore.ts';
import type { FileOptions } from './fileRoutes.ts';
import { startTimeLimit } from './timeLimit.ts';
import { isOver, whenOver } from './whenOver.ts';

/** What a browser may show in the page itself: nothing that can hold a script. */
const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp', 'audio/*', 'video/*'];
/** What is handed to a socket at once: one that takes this much in a minute is not stuck. */
const PIECE_BYTES = 64 * 1024;

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Answers with the bytes of a file, no faster than its reader takes them. Resolves when the answer is over, whoever ended it: a reader that
 * takes nothing for `slowReaderTimeoutMs` is cut off.
 */
export async function sendFile(options: FileOptions, file: StoredFile, { request, reply }: Exchange): Promise<void> {
  const { files, limits } = options;
  // It may have gone while it was asked who it is.
  if (isOver(reply.raw)) return void reply.hijack();
  const etag = `"${file.sha256}"`;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    // Kept, and asked about each time: whether the caller may have it can change.
    'cache-control': 'private, no-cache',
    'content-disposition': contentDisposition(matchesMediaType(file.type, SHOWN) ? 'inline' : 'attachment', file.name),
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-site',
    'x-content-type-options': 'nosniff',
  });
  if (request.headers['if-none-match'] === etag) {
    await reply.code(304).send();
    return;
  }
  const range = rangeOf(request, file.size, etag);
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.from}-${range.to - 1}/${file.size}`);
  const { from, to } = range ?? { from: 0, to: file.size };
  reply.header('content-length', to - from).type(isTextType(file.type) ? `${file.type}; charset=utf-8` : file.type);

  const stuck = (): void => void request.raw.socket.destroy();
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const chunk of files.read(file, { from, to })) {
      for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
        const stopTimer = startTimeLimit(options, limits.slowReaderTimeoutMs, stuck);
        try {
          yield chunk.subarray(at, at + PIECE_BYTES);
        } finally {
          stopTimer();
        }
      }
    }
  }
  const closed = new Promise<void>((resolve) => whenOver(reply.raw, resolve));
  void reply.send(Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES }));
  await closed;
}

/** The one range that is asked for; undefined for the whole. What cannot be met is answered with the whole, as the standard allows. */
function rangeOf({ headers }: FastifyRequest, size: number, etag: string): { readonly from: number; readonly to: number } | undefined {
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : undefined;
}

/** `content-disposition` with a name that every browser understands. */
function contentDisposition(kind: 'inline' | 'attachment', name: string | undefined): string {
  if (name === undefined) return kind;
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
