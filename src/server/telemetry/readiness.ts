import type { Limits } from '../../protocol/limits.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { LoopLag } from './loopLag.ts';

export interface ReadinessOptions {
  /** Writes to the database and resolves when that is durable. */
  readonly write: () => Promise<void>;
  readonly loopLag: LoopLag;
  readonly limits: Pick<Limits, 'readyLoopLagMs' | 'readyCommitMs'>;
}

/** An answer holds so long: whoever asks often makes no more writes. */
const CACHE_MS = 1_000;

/** Whether a server should be given requests. Migrations are done before there is one. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #draining = false;
  #looking: Promise<readonly string[]> | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #wasReady = true;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** As of the last time somebody asked. */
  get wasReady(): boolean {
    return this.#wasReady && !this.#draining;
  }

  /** It is not, from now on: it closes. */
  drain(): void {
    this.#draining = true;
  }

  /** Why it is not ready; empty when it is. */
  async reasons(): Promise<readonly string[]> {
    // Nothing is written to a store that closes.
    if (this.#draining) return ['The server is closing.'];
    const nowMs = performance.now();
    if (this.#looking === undefined || nowMs - this.#lookedMs >= CACHE_MS) {
      this.#lookedMs = nowMs;
      this.#looking = this.#look();
    }
    const reasons = await this.#looking;
    this.#wasReady = reasons.length === 0;
    return reasons;
  }

  async #look(): Promise<readonly string[]> {
    const { loopLag, limits } = this.#options;
    const reasons: string[] = [];
    const lagMs = Math.round(loopLag.recent());
    if (lagMs > limits.readyLoopLagMs)
      reasons.push(`The event loop stood still for ${lagMs} ms; at most ${limits.readyLoopLagMs} are fine.`);
    const writing = await this.#write();
    return writing === undefined ? reasons : [...reasons, writing];
  }

  async #write(): Promise<string | undefined> {
    const { write, limits } = this.#options;
    const beganMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limits.readyCommitMs).unref();
    });
    try {
      const writing = write();
      // Whoever asked may be gone when it fails at last.
      writing.catch(() => {});
      if ((await Promise.race([writing, late])) === 'late') return `A commit takes longer than ${limits.readyCommitMs} ms.`;
      const tookMs = performance.now() - beganMs;
      return tookMs > limits.readyCommitMs ? `A commit took ${Math.ceil(tookMs)} ms; at most ${limits.readyCommitMs} are fine.` : undefined;
    } catch (cause) {
      return `The database cannot be written: ${cause instanceof VerbatimError ? cause.code : 'it failed'}.`;
    } finally {
      clearTimeout(timer);
    }
  }
}
