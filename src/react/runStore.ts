import type { Client } from '../client/client.ts';
import { emptyThread, type RunState, reduceThread } from '../client/reducer.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { AnyEvent } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import type { RunInfo } from '../protocol/procedures.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { asVerbatimError } from './asVerbatimError.ts';
import { Live } from './live.ts';

export interface RunView {
  readonly info: RunInfo | undefined;
  readonly run: RunState | undefined;
  readonly messages: readonly Message[];
  readonly runs: { readonly [runId: string]: RunState };
  /** Why it cannot be read. */
  readonly error: VerbatimError | undefined;
}

export const UNREAD_RUN: RunView = { info: undefined, run: undefined, messages: [], runs: {}, error: undefined };

/** A run, from its first event to its last. */
export class RunStore {
  readonly live: Live<RunView>;
  readonly #client: Client<ApiContract>;
  readonly #runId: string;
  /** The run alone, read as if it were its thread. */
  #thread = emptyThread;
  #info: RunInfo | undefined;
  #error: VerbatimError | undefined;

  constructor(client: Client<ApiContract>, runId: string) {
    this.#client = client;
    this.#runId = runId;
    this.live = new Live({ view: () => this.#view(), read: (signal) => void this.#read(signal) }, UNREAD_RUN);
  }

  async #read(signal: AbortSignal): Promise<void> {
    const run = this.#client.run(this.#runId);
    try {
      this.#info = await run.info({ signal });
      this.live.changed();
      // The edge: a run is folded by what every Api has in common.
      for await (const event of run.events({ signal })) this.#fold(event as AnyEvent);
      if (signal.aborted) return;
      this.#info = await run.info({ signal });
    } catch (cause) {
      if (signal.aborted) return;
      this.#error = asVerbatimError(cause);
    }
    this.live.changed();
  }

  #fold(event: AnyEvent): void {
    // A run begins anywhere in its thread.
    if (this.#thread.seq === 0) this.#thread = { ...emptyThread, seq: (event.firstSeq ?? event.seq) - 1 };
    this.#thread = reduceThread(this.#thread, event);
    this.live.changed();
  }

  #view(): RunView {
    const { runs, messages } = this.#thread;
    const run = runs[this.#runId];
    return {
      info: this.#info,
      run,
      messages: (run?.parentRunId === undefined ? messages : run.messages).filter(({ status }) => status !== 'discarded'),
      runs,
      error: this.#error,
    };
  }
}
