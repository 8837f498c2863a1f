import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { AnyEvent, Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';

/** How a run ended. */
export interface RunResult {
  readonly status: 'completed' | 'failed' | 'cancelled';
  /**
   * The answer: the text of the run's last assistant message that has any and was not discarded. What a failed or cancelled run had
   * said so far; empty when it said nothing.
   */
  readonly text: string;
  readonly usage: Usage;
  /** Of a failed run. */
  readonly error?: ErrorInfo;
  /** Of a completed run. */
  readonly outcome?: 'complete' | 'partial';
  readonly output?: Json;
  /** Who cancelled it. */
  readonly cancelledBy?: string;
}

/** Builds a run's result from its events, whole or with deltas left out, or from a snapshot and its terminal event. */
export class RunResultFold {
  readonly #runId: string;
  /** By message, in the order they began. */
  readonly #texts = new Map<string, string>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** The result, at the run's terminal event. */
  add(event: AnyEvent): RunResult | undefined {
    if (event.type === 'thread.snapshot') {
      this.#texts.clear();
      for (const { id, role, runId, status, text } of event.messages) {
        if (role === 'assistant' && runId === this.#runId && status !== 'discarded') this.#texts.set(id, text);
      }
      return undefined;
    }
    if (event.runId !== this.#runId) return undefined;
    switch (event.type) {
      case 'run.completed':
        return this.#result({
          status: 'completed',
          usage: event.usage,
          outcome: event.outcome,
          ...(event.output !== undefined && { output: event.output }),
        });
      case 'run.failed':
        return this.#result({ status: 'failed', usage: event.usage, error: event.error });
      case 'run.cancelled':
        return this.#result({ status: 'cancelled', usage: event.usage, cancelledBy: event.by });
      case 'text.delta':
        this.#texts.set(event.messageId, (this.#texts.get(event.messageId) ?? '') + event.delta);
        return undefined;
      case 'message.completed':
        this.#texts.set(event.messageId, event.text);
        return undefined;
      case 'message.discarded':
        this.#texts.delete(event.messageId);
        return undefined;
      default:
        return undefined;
    }
  }

  #result(ending: Omit<RunResult, 'text'>): RunResult {
    return { text: [...this.#texts.values()].findLast((text) => text !== '') ?? '', ...ending };
  }
}
