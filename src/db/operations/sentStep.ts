import type { Queries } from '../queries.ts';
import { type TranscriptMessage, transcript } from './transcript.ts';

/** One model call as it was made: the transcript up to `seq`, and the instructions and tools by their hash. */
export interface SentStep {
  readonly number: number;
  readonly attempt: number;
  readonly seq: number;
  readonly model: string;
  readonly messageId: string;
  readonly instructions: string;
  /** JSON text. */
  readonly tools: string;
  readonly options: { readonly temperature?: number; readonly maxOutputTokens?: number };
  readonly messages: readonly TranscriptMessage[];
  /** What the model was told after them. */
  readonly note?: string;
}

export function sentSteps(queries: Queries, runId: string): SentStep[] {
  const run = queries.runs.byId(runId);
  if (run === undefined) return [];
  return queries.steps.ofRun(run.key).map(({ step, messageId }) => ({
    number: step.number,
    attempt: step.attempt,
    seq: step.seq,
    model: step.model,
    messageId,
    instructions: queries.steps.prompt(step.instructions) ?? '',
    tools: queries.steps.prompt(step.tools) ?? '[]',
    options: step.options,
    messages: transcript(queries, run, step.seq),
    ...(step.note !== null && { note: step.note }),
  }));
}
