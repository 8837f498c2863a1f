import { createHash } from 'node:crypto';
import type { FileRef } from '../protocol/file.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { FileRemoval } from './fileRemoval.ts';
import { type FileWriter, fileTooLarge, type NewFile } from './fileStore.ts';
import type { GroupCommit } from './groupCommit.ts';
import { sealFile } from './operations/keepFile.ts';

/** Every chunk of a file but its last has this size. Files that are stored rely on it. */
export const CHUNK_BYTES = 256 * 1024;

/** One chunk of all files being written goes into a commit: a hundred uploads at once must not make one that runs wait for. */
const turns = new WeakMap<GroupCommit, Promise<unknown>>();

export class ChunkWriter implements FileWriter {
  readonly #commit: GroupCommit;
  readonly #removal: FileRemoval;
  readonly #id: string;
  readonly #key: number;
  readonly #file: NewFile;
  readonly #hash = createHash('sha256');
  readonly #chunk: Buffer;
  #held = 0;
  #number = 0;
  #size = 0;
  #ended = false;

  constructor(opts: {
    readonly commit: GroupCommit;
    readonly removal: FileRemoval;
    readonly id: string;
    readonly key: number;
    readonly file: NewFile;
  }) {
    this.#commit = opts.commit;
    this.#removal = opts.removal;
    this.#id = opts.id;
    this.#key = opts.key;
    this.#file = opts.file;
    this.#chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, opts.file.size ?? CHUNK_BYTES));
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { size: promised = Number.POSITIVE_INFINITY, limits } = this.#file;
    this.#size += bytes.byteLength;
    if (this.#size > limits.maxFileBytes) throw fileTooLarge(limits.maxFileBytes);
    if (this.#size > promised) throw wrongSize(promised);
    this.#hash.update(bytes);
    for (let from = 0; from < bytes.byteLength; ) {
      const part = bytes.subarray(from, from + this.#chunk.byteLength - this.#held);
      this.#chunk.set(part, this.#held);
      this.#held += part.byteLength;
      from += part.byteLength;
      if (this.#held === CHUNK_BYTES) await this.#writeChunk();
    }
  }

  finish(): Promise<FileRef> {
    return this.#seal(true);
  }

  seal(): Promise<FileRef> {
    return this.#seal(false);
  }

  discard(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#removal.release(this.#id);
    void this.#removal.remove([this.#key]);
  }

  async #seal(complete: boolean): Promise<FileRef> {
    const { name, type, limits, size: promised = this.#size } = this.#file;
    if (this.#size !== promised) throw wrongSize(promised);
    if (this.#held > 0) await this.#writeChunk();
    const sealed = { key: this.#key, id: this.#id, size: this.#size, sha256: this.#hash.digest('hex'), complete };
    await this.#commit.run((tx) => sealFile(tx, sealed, limits.maxFileBytesPerPrincipal));
    this.#ended = true;
    if (complete) this.#removal.release(this.#id);
    return { id: this.#id, type, size: this.#size, ...(name !== undefined && { name }) };
  }

  async #writeChunk(): Promise<void> {
    const bytes = this.#chunk.subarray(0, this.#held);
    const turn = (turns.get(this.#commit) ?? Promise.resolve()).then(() =>
      this.#commit.run((tx) => tx.queries.files.addChunk(this.#key, this.#number, bytes)),
    );
    turns.set(
      this.#commit,
      // Whoever comes next does not care how this one went.
      turn.catch(() => undefined),
    );
    await turn;
    this.#number++;
    this.#held = 0;
  }
}

function wrongSize(promised: number): VerbatimError {
  return new VerbatimError('BAD_INPUT', `The file was to have ${promised} bytes, and has not.`);
}
