import type { FinishReason, Usage } from './event.ts';
import type { JsonObject } from './json.ts';
import type { Message } from './message.ts';

/** One model call of a run. */
export interface RunStep {
  /** 1, 2, 3, ... through all attempts. */
  readonly number: number;
  readonly attempt: number;
  /** The agent that spoke. */
  readonly agent?: string;
  /** The one that answered, or the one that is asked. */
  readonly model: string;
  readonly messageId: string;
  /** Of its `message.started`. */
  readonly seq: number;
  readonly options: { readonly temperature?: number; readonly maxOutputTokens?: number };
  /** What it said was withdrawn. */
  readonly discarded?: boolean;
  readonly finish?: FinishReason;
  /** With the cost, where the model has a price. */
  readonly usage?: Usage;
  readonly startedAt: number;
  /** When its first text was committed: unknown without any, and once its events are folded. */
  readonly firstTokenAt?: number;
  readonly endedAt?: number;
}

/** What was sent to the model at a step. */
export interface SentStep extends RunStep {
  readonly instructions: string;
  readonly tools: readonly SentTool[];
  /** The transcript that the request was made from. */
  readonly messages: readonly Message[];
  /** There were more before these: an answer has only so many bytes. */
  readonly earlier?: boolean;
  /** The agent's `history` is not `all`: of what was before the run, the model was sent the end, or a summary. */
  readonly shortened?: boolean;
  /** What the model was told after the messages. */
  readonly note?: string;
}

export interface SentTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly strict?: boolean;
}
