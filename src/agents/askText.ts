import type { Clock } from '../protocol/clock.ts';
import type { Usage } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { estimateUsage } from './estimateUsage.ts';
import type { Model, ModelCaller, ModelRequest } from './model.ts';
import { withTimeout } from './withTimeout.ts';

export interface Question {
  readonly instructions: string;
  readonly text: string;
  readonly caller: ModelCaller;
  /** The answer is cut here, and the model is asked no further. In UTF-16 units. */
  readonly maxLength: number;
  readonly timeoutMs: number;
}

/**
 * Asks a model one question outside of any conversation, and returns its text, trimmed. Throws `MODEL_BAD_RESPONSE` for an answer without
 * any, what the model throws, and the signal's reason.
 */
export async function askText(
  model: Model,
  { instructions, text, caller, maxLength, timeoutMs }: Question,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly text: string; readonly usage: Usage }> {
  const request: ModelRequest = { instructions, messages: [{ role: 'user', text }], tools: [], options: {} };
  const what = `A call of the model ${model.name}`;
  return withTimeout({ clock, signal }, { timeoutMs, code: 'MODEL_TIMEOUT', what }, async (timed) => {
    const said = { text: '', reasoning: '' };
    let usage: Usage | undefined;
    for await (const chunk of model.stream(request, { signal: timed, caller })) {
      timed.throwIfAborted();
      if (chunk.type === 'text') said.text += chunk.delta;
      if (chunk.type === 'reasoning') said.reasoning += chunk.delta;
      if (chunk.type === 'finish') usage = chunk.usage;
      if (chunk.type === 'finish' || said.text.length > maxLength) break;
    }
    const answer = said.text.slice(0, maxLength).toWellFormed().trim();
    if (answer === '') throw new VerbatimError('MODEL_BAD_RESPONSE', `The model ${model.name} answered with no text.`);
    return { text: answer, usage: usage ?? estimateUsage(request, said) };
  });
}
