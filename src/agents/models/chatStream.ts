import type { Usage } from '../../protocol/event.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ModelChunk } from '../model.ts';
import { field, isRecord, nonEmpty, count as tokens } from './looseJson.ts';
import { failureInStream } from './modelFailure.ts';
import type { AnswerStream } from './streamedAnswer.ts';
import { ToolCallAssembly } from './toolCallAssembly.ts';

type Finish = Extract<ModelChunk, { type: 'finish' }>['finish'];

/**
 * Folds the chunks of one Chat Completions answer, as they were parsed, into what a model yields. What it means is decided from the
 * content, since servers disagree on nearly every field. Pure: no time, no network. Throws `MODEL_*` for an error sent in the stream.
 */
export class ChatStream implements AnswerStream {
  readonly #toolCalls: ToolCallAssembly;
  #reason: Exclude<Finish, 'tool_calls'> | undefined;
  #refused = false;
  #usage: Usage | undefined;
  #chunks = 0;

  constructor(options: { readonly maxToolCallBytes: number }) {
    this.#toolCalls = new ToolCallAssembly({ maxBytes: options.maxToolCallBytes });
  }

  get finished(): boolean {
    return this.#reason !== undefined;
  }

  get begun(): boolean {
    return this.#chunks > 0;
  }

  push(value: unknown): ModelChunk[] {
    if (!isRecord(value))
      throw new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause: value });
    if (value.error !== undefined && value.error !== null) throw failureInStream(value.error);
    this.#chunks++;
    this.#usage = usageOf(value.usage) ?? usageOf(field(value.x_groq, 'usage')) ?? this.#usage;
    const choice = Array.isArray(value.choices) ? value.choices.find(isRecord) : undefined;
    if (choice === undefined) return [];
    const chunks: ModelChunk[] = [];
    // A server that was asked to stream and did not has `message` in the place of `delta`.
    const delta = choice.delta ?? choice.message;
    if (isRecord(delta)) this.#delta(delta, chunks);
    this.#finishReason(choice.finish_reason);
    return chunks;
  }

  end(saidDone: boolean): ModelChunk[] {
    const cut = this.#reason === undefined || this.#reason === 'length' || this.#reason === 'incomplete';
    const filtered = this.#reason === 'filtered' || (this.#refused && this.#reason !== 'length');
    const toolCalls = filtered ? [] : cut ? this.#toolCalls.wholeCalls() : this.#toolCalls.calls();
    let finish: Finish = filtered ? 'filtered' : (this.#reason ?? 'incomplete');
    if (toolCalls.length > 0 && (finish === 'stop' || (this.#reason === undefined && saidDone))) finish = 'tool_calls';
    return [{ type: 'finish', finish, toolCalls, ...(this.#usage === undefined ? {} : { usage: this.#usage }) }];
  }

  #delta(delta: Record<string, unknown>, chunks: ModelChunk[]): void {
    // Where a server sends both, they are the same text.
    const reasoning = textOf(delta.reasoning_content) || textOf(delta.reasoning);
    if (reasoning !== '') chunks.push({ type: 'reasoning', delta: reasoning });
    const text = textOf(delta.content);
    if (text !== '') chunks.push({ type: 'text', delta: text });
    const refusal = textOf(delta.refusal);
    if (refusal !== '') {
      this.#refused = true;
      chunks.push({ type: 'text', delta: refusal });
    }
    if (!Array.isArray(delta.tool_calls)) return;
    for (const entry of delta.tool_calls) {
      if (!isRecord(entry)) continue;
      this.#toolCalls.add({
        index: typeof entry.index === 'number' ? entry.index : undefined,
        id: nonEmpty(entry.id),
        name: nonEmpty(field(entry.function, 'name')),
        arguments: argumentsOf(field(entry.function, 'arguments')),
      });
    }
    for (const written of this.#toolCalls.written()) chunks.push({ type: 'tool_input', ...written });
  }

  #finishReason(reason: unknown): void {
    if (typeof reason !== 'string' || reason === '' || this.#reason !== undefined) return;
    switch (reason) {
      case 'length':
      case 'max_tokens':
        this.#reason = 'length';
        return;
      case 'content_filter':
      case 'refusal':
      case 'safety':
        this.#reason = 'filtered';
        return;
      case 'abort':
        this.#reason = 'incomplete';
        return;
      case 'error':
        throw failureInStream(undefined);
      default:
        this.#reason = 'stop';
    }
  }
}

/** Text, or a list of parts with text in them. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.map((part) => nonEmpty(field(part, 'text')) ?? '').join('');
}

/** Some servers send the arguments as an object instead of as its JSON text. */
function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return isRecord(value) ? JSON.stringify(value) : '';
}

function usageOf(value: unknown): Usage | undefined {
  const inputTokens = tokens(field(value, 'prompt_tokens'));
  const outputTokens = tokens(field(value, 'completion_tokens'));
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const cachedTokens = tokens(field(field(value, 'prompt_tokens_details'), 'cached_tokens'));
  const reasoningTokens = tokens(field(field(value, 'completion_tokens_details'), 'reasoning_tokens'));
  return {
    inputTokens,
    outputTokens,
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
