import type { Store } from '../db/sqliteStore.ts';
import type { Bell } from './bell.ts';

interface Waited {
  readonly listeners: Set<() => void>;
  readonly unlisten: () => void;
}

/** Says when runs end: with one look at a run after each commit of its thread, however many wait for it. */
export class RunEnds {
  readonly #store: Pick<Store, 'runs'>;
  readonly #bell: Bell;
  readonly #waited = new Map<number, Waited>();
  /** Listeners that share the bell of another. */
  #sharing = 0;

  constructor({ store, bell }: { readonly store: Pick<Store, 'runs'>; readonly bell: Bell }) {
    this.#store = store;
    this.#bell = bell;
  }

  get sharing(): number {
    return this.#sharing;
  }

  /** Calls `listener` when the run has ended, has gone, or cannot be read, until the returned function is called. Of what was before: look yourself. */
  listen({ key, thread }: { readonly key: number; readonly thread: number }, listener: () => void): () => void {
    const waited = this.#waited.get(key) ?? this.#begin(key, thread);
    const own = (): void => listener();
    if (waited.listeners.size > 0) this.#sharing++;
    waited.listeners.add(own);
    return () => {
      if (!waited.listeners.delete(own)) return;
      if (waited.listeners.size > 0) this.#sharing--;
      else {
        waited.unlisten();
        this.#waited.delete(key);
      }
    };
  }

  #begin(key: number, thread: number): Waited {
    const listeners = new Set<() => void>();
    let looking = false;
    let again = false;
    const look = async (): Promise<void> => {
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      do {
        again = false;
        if (await this.#isOpen(key)) continue;
        for (const listener of [...listeners]) listener();
      } while (again && listeners.size > 0);
      looking = false;
    };
    const waited = { listeners, unlisten: this.#bell.listen(thread, () => void look()) };
    this.#waited.set(key, waited);
    return waited;
  }

  async #isOpen(key: number): Promise<boolean> {
    try {
      const run = await this.#store.runs.read(key);
      return run !== undefined && run.endedAt === null;
    } catch {
      // Whoever waits looks by itself, and says what is wrong.
      return false;
    }
  }
}
