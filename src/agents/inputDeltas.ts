import { newId } from '../db/ids.ts';
import type { HeldRun } from '../db/operations/startRun.ts';
import type { RunStore } from '../db/runStore.ts';

/**
 * Arguments as a model writes them: `tool.input.delta` events, before there is a call. What comes while one is being committed goes into the
 * next, so that a fast model costs one event a commit. The ids are those that the calls get.
 */
export class InputDeltas {
  readonly #store: RunStore;
  readonly #held: HeldRun;
  readonly #ids: string[] = [];
  readonly #unsaid = new Map<number, { readonly tool: string; text: string }>();
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(store: RunStore, held: HeldRun) {
    this.#store = store;
    this.#held = held;
  }

  /** The id of the call at a place of `finish.toolCalls`. */
  idAt(index: number): string {
    this.#ids[index] ??= newId('call');
    return this.#ids[index];
  }

  add(index: number, tool: string, delta: string): void {
    const unsaid = this.#unsaid.get(index);
    if (unsaid === undefined) this.#unsaid.set(index, { tool, text: delta });
    else unsaid.text += delta;
    this.#writing ??= this.#write();
  }

  /** Resolves when all of it is committed; rejects when it could not be. */
  async committed(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #write(): Promise<void> {
    try {
      while (this.#unsaid.size > 0) {
        const drafts = [...this.#unsaid].map(([index, { tool, text }]) => ({
          type: 'tool.input.delta' as const,
          runId: this.#held.id,
          callId: this.idAt(index),
          tool,
          delta: text,
        }));
        this.#unsaid.clear();
        await Promise.all(drafts.map((draft) => this.#store.append(this.#held, draft)));
      }
    } catch (cause) {
      this.#failure = cause;
    } finally {
      this.#writing = undefined;
    }
  }
}
