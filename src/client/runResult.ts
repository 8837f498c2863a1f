import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { AnyEvent, ChildOutcome, Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';

interface Ended {
  /**
   * The answer: the text of the run's last assistant message that has any and was not discarded. What a failed or cancelled run had
   * said so far; empty when it said nothing.
   */
  readonly text: string;
  readonly usage: Usage;
}

/** How a run ended. `status` says which of the fields are there. */
export type RunResult<Output = Json | undefined> =
  | (Ended & {
      readonly status: 'completed';
      readonly outcome: 'complete' | 'partial';
      /** Of an agent with `output`: its answer, checked. */
      readonly output: Output;
      /** Of a run that asked several agents at once: what became of each, and what it said. */
      readonly children?: readonly ChildResult[];
      readonly error?: undefined;
      readonly cancelledBy?: undefined;
    })
  | (Ended & {
      readonly status: 'failed';
      readonly error: ErrorInfo;
      readonly outcome?: undefined;
      readonly output?: undefined;
      readonly children?: undefined;
      readonly cancelledBy?: undefined;
    })
  | (Ended & {
      readonly status: 'cancelled';
      /** A principal's id, `disconnect` or `server`. */
      readonly cancelledBy: string;
      readonly error?: undefined;
      readonly outcome?: undefined;
      readonly output?: undefined;
      readonly children?: undefined;
    });

export type ChildResult = ChildOutcome & { readonly text: string };

/** Builds a run's result from its events, whole or with deltas left out, or from a snapshot and its terminal event. */
export class RunResultFold {
  readonly #runId: string;
  /** By run, then by message, in the order they began. */
  readonly #texts = new Map<string, Map<string, string>>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** The result, at the run's terminal event. */
  add(event: AnyEvent): RunResult | undefined {
    if (event.type === 'thread.snapshot') {
      this.#texts.clear();
      for (const { id, role, runId, status, text } of event.messages) {
        if (role === 'assistant' && runId !== undefined && status !== 'discarded') this.#of(runId).set(id, text);
      }
      return undefined;
    }
    const texts = this.#of(event.runId);
    switch (event.type) {
      case 'run.completed': {
        if (event.runId !== this.#runId) return undefined;
        const { usage, outcome, output, children } = event;
        return {
          status: 'completed',
          text: this.#textOf(this.#runId),
          usage,
          outcome,
          output,
          ...(children !== undefined && { children: children.map((child) => ({ ...child, text: this.#textOf(child.runId) })) }),
        };
      }
      case 'run.failed':
        if (event.runId !== this.#runId) return undefined;
        return { status: 'failed', text: this.#textOf(this.#runId), usage: event.usage, error: event.error };
      case 'run.cancelled':
        if (event.runId !== this.#runId) return undefined;
        return { status: 'cancelled', text: this.#textOf(this.#runId), usage: event.usage, cancelledBy: event.by };
      case 'text.delta':
        texts.set(event.messageId, (texts.get(event.messageId) ?? '') + event.delta);
        return undefined;
      case 'message.completed':
        texts.set(event.messageId, event.text);
        return undefined;
      case 'message.discarded':
        texts.delete(event.messageId);
        return undefined;
      default:
        return undefined;
    }
  }

  #of(runId: string): Map<string, string> {
    const known = this.#texts.get(runId);
    if (known !== undefined) return known;
    const texts = new Map<string, string>();
    this.#texts.set(runId, texts);
    return texts;
  }

  #textOf(runId: string): string {
    return [...(this.#texts.get(runId)?.values() ?? [])].findLast((text) => text !== '') ?? '';
  }
}
