import type { GroupCommit } from './groupCommit.ts';
import type { Queries } from './queries.ts';

/** Removes the bytes of files that nobody sees any more, a chunk a commit, so that no run waits for all of them. */
export class FileRemoval {
  readonly #queries: Queries;
  readonly #commit: GroupCommit;
  /** Ids of files that are being written, or wait for the event that tells of them. */
  readonly #held = new Set<string>();
  readonly #keys: number[] = [];
  #working: Promise<void> | undefined;

  constructor({ queries, commit }: { readonly queries: Queries; readonly commit: GroupCommit }) {
    this.#queries = queries;
    this.#commit = commit;
  }

  hold(fileId: string): void {
    this.#held.add(fileId);
  }

  release(fileId: string): void {
    this.#held.delete(fileId);
  }

  /** Resolves when they are gone, or when nothing can be removed now: then the next start does it. Need not be awaited. */
  remove(keys: readonly number[]): Promise<void> {
    this.#keys.push(...keys);
    this.#working ??= this.#work();
    return this.#working;
  }

  /** Lets go of a file, and removes it unless it is complete by now. */
  async settle(fileId: string): Promise<void> {
    this.release(fileId);
    try {
      // Not read at once: whoever says how a run ended may do so when the database is closed.
      const file = await this.#commit.run((tx) => tx.queries.files.byId(fileId));
      if (file !== undefined && !file.complete) await this.remove([file.key]);
    } catch {
      // As in `#work`.
    }
  }

  removeLeftovers(): Promise<void> {
    return this.remove(this.#queries.files.incomplete().flatMap(({ key, id }) => (this.#held.has(id) ? [] : [key])));
  }

  async #work(): Promise<void> {
    // Not before `remove` has noted that it works.
    await Promise.resolve();
    try {
      for (let key = this.#keys.pop(); key !== undefined; key = this.#keys.pop()) {
        const file = key;
        while (!(await this.#commit.run((tx) => tx.queries.files.removePart(file))));
      }
    } catch {
      // The server closes, or the disk is full or broken. What is left is invisible, and goes at the next start.
      this.#keys.length = 0;
    } finally {
      this.#working = undefined;
    }
  }
}
