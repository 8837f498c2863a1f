import type { FileInfo, FileRef } from '../protocol/file.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Page } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Command } from './operations/command.ts';

export interface NewFile {
  /** Whose it is; or the key of the thread with which it goes, and whose owner's it is. */
  readonly of: { readonly principal: Principal } | { readonly thread: number };
  readonly name: string | undefined;
  readonly type: string;
  /** Bytes that it will have, where that is known: what does not fit is refused before any of them. */
  readonly size?: number | undefined;
  readonly limits: Pick<Limits, 'maxFileBytes' | 'maxFileBytesPerPrincipal'>;
}

/** A file whose bytes are coming. Nobody else sees it before its end. Whoever began it ends it, by one of the last three. */
export interface FileWriter {
  /**
   * Resolves when more may be written: what is called a chunk is then durable, and no more than one is held. Throws `FILE_TOO_LARGE`. One call
   * at a time; the bytes are copied.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** All of it is there, and may be seen and referred to. Throws `QUOTA_EXCEEDED` when it is too much for its owner. */
  finish(): Promise<FileRef>;
  /** As `finish`, but nobody sees it before the event of the call whose output it is. `settle` must follow. */
  seal(): Promise<FileRef>;
  /** Gives it up: nothing of it is left, a little later. Harmless after the others. */
  discard(): void;
}

export interface StoredFile extends FileInfo {
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Files in chunks: none is ever held whole. Every call that names a file for somebody names the caller too, and refuses with `NOT_FOUND` what
 * that one may not have, has not all of its bytes, or was deleted.
 */
export interface FileStore {
  begin(file: NewFile): Promise<FileWriter>;
  /** To its owner, and to who may read a thread in which something refers to it. */
  get(principal: Principal, fileId: string): Promise<StoredFile>;
  /** As the server itself: what a message refers to. Whoever sent that could have it. */
  referred(fileId: string): Promise<StoredFile>;
  /** Its bytes from `from` up to `to`, chunk by chunk. Throws `NOT_FOUND` midway when it is deleted meanwhile. */
  read(file: StoredFile, range?: { readonly from: number; readonly to: number }): AsyncIterable<Uint8Array>;
  /** Newest first. */
  list(principal: Principal, page: { readonly limit: number; readonly pageToken: string | undefined }): Promise<Page<FileInfo>>;
  /** Messages and calls that refer to it go on saying what it was. */
  delete(command: Command, fileId: string): Promise<{ readonly fileId: string }>;
  /** To be called once what came of a sealed file is known: it is removed unless an event tells of it. */
  settle(fileId: string): void;
  /** Removes what a crash left. Files that are being written are not touched. */
  removeLeftovers(): Promise<void>;
}

export function fileTooLarge(maxFileBytes: number): VerbatimError {
  return new VerbatimError('FILE_TOO_LARGE', `A file may have at most ${maxFileBytes} bytes.`, {
    details: { limit: 'maxFileBytes', max: maxFileBytes },
  });
}
