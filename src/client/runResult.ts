import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { AnyEvent, ChildOutcome, Usage } from '../protocol/event.ts';
import type { FileRef } from '../protocol/file.ts';
import type { Json } from '../protocol/json.ts';

interface Ended {
  /**
   * The answer: the text of the run's last assistant message that has any and was not discarded. What a failed or cancelled run had
   * said so far; empty when it said nothing.
   */
  readonly text: string;
  readonly usage: Usage;
  /** What its tools gave back as files, those of runs under it too. Absent when there are none. */
  readonly files?: readonly FileRef[];
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
  /** By call. */
  readonly #files = new Map<string, FileRef>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** The result, at the run's terminal event. */
  add(event: AnyEvent): RunResult | undefined {
    if (event.type === 'thread.snapshot') {
      this.#texts.clear();
      this.#files.clear();
      for (const message of event.messages) {
        const { id, role, runId, status, text } = message;
        if (role !== 'assistant' || runId === undefined || status === 'discarded') continue;
        this.#of(runId).set(id, text);
        for (const { callId, file } of message.toolCalls) if (file !== undefined) this.#files.set(callId, file);
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
          ...this.#said(),
          usage,
          outcome,
          output,
          ...(children !== undefined && { children: children.map((child) => ({ ...child, text: this.#textOf(child.runId) })) }),
        };
      }
      case 'run.failed':
        if (event.runId !== this.#runId) return undefined;
        return { status: 'failed', ...this.#said(), usage: event.usage, error: event.error };
      case 'run.cancelled':
        if (event.runId !== this.#runId) return undefined;
        return { status: 'cancelled', ...this.#said(), usage: event.usage, cancelledBy: event.by };
      case 'text.delta':
        texts.set(event.messageId, (texts.get(event.messageId) ?? '') + event.delta);
        return undefined;
      case 'message.completed':
        texts.set(event.messageId, event.text);
        return undefined;
      case 'message.discarded':
        texts.delete(event.messageId);
        return undefined;
      case 'tool.file':
        this.#files.set(event.callId, event.file);
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

  #said(): Pick<Ended, 'text' | 'files'> {
    return { text: this.#textOf(this.#runId), ...(this.#files.size > 0 && { files: [...this.#files.values()] }) };
  }

  #textOf(runId: string): string {
    return [...(this.#texts.get(runId)?.values() ?? [])].findLast((text) => text !== '') ?? '';
  }
}
