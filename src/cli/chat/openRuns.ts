import { type AnyEvent, isTerminalEvent } from '../../protocol/event.ts';

interface OpenRun {
  readonly parentRunId: string | undefined;
  isStarted: boolean;
}

/** The runs of a thread that have not ended, as its events tell. */
export class OpenRuns {
  readonly #runs = new Map<string, OpenRun>();
  readonly #messages = new Map<string, string>();
  #lastId: string | undefined;

  /** The run that answers now. Those after it wait in line. */
  get activeId(): string | undefined {
    for (const [runId, { parentRunId, isStarted }] of this.#runs) if (isStarted && parentRunId === undefined) return runId;
    return undefined;
  }

  /** The newest run that answers a message, over or not. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  /** How far it hangs under the one that answers: 0 for that itself. */
  depthOf(runId: string): number {
    let depth = 0;
    for (let run = this.#runs.get(runId); run?.parentRunId !== undefined; run = this.#runs.get(run.parentRunId)) depth += 1;
    return depth;
  }

  /** The message that it answers. */
  messageOf(runId: string): string | undefined {
    return this.#messages.get(runId);
  }

  know(runId: string, messageId: string): void {
    if (this.#messages.has(runId)) return;
    this.#messages.set(runId, messageId);
    this.#lastId = runId;
  }

  event(event: AnyEvent): void {
    if (event.type === 'message.received') this.know(event.runId, event.messageId);
    else if (event.type === 'run.queued' || event.type === 'run.started') {
      const isStarted = event.type === 'run.started';
      this.#runs.set(event.runId, { parentRunId: event.parentRunId, isStarted });
      if (event.parentRunId === undefined) this.#lastId = event.runId;
    } else if (isTerminalEvent(event)) {
      // Those under it are asked for their depth until it ends itself.
      if (this.#runs.get(event.runId)?.parentRunId === undefined) this.#forget(event.runId);
    }
  }

  restore(activeRunId: string | undefined): void {
    if (activeRunId === undefined) return;
    this.#runs.set(activeRunId, { parentRunId: undefined, isStarted: true });
    this.#lastId = activeRunId;
  }

  clear(): void {
    this.#runs.clear();
    this.#messages.clear();
    this.#lastId = undefined;
  }

  #forget(runId: string): void {
    for (const [id, { parentRunId }] of this.#runs) if (parentRunId === runId) this.#forget(id);
    this.#runs.delete(runId);
  }
}
