import type { Usage } from '../../protocol/event.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ModelChunk, RequestedCall } from '../model.ts';
import { hostedTool } from './hostedTool.ts';
import { count, field, isRecord, nonEmpty } from './looseJson.ts';
import { failureInStream } from './modelFailure.ts';
import type { WireAnswerOptions } from './openaiWire.ts';
import { keptItems } from './responsesState.ts';
import type { AnswerStream } from './streamedAnswer.ts';
import { toolCallsTooLarge } from './toolCallAssembly.ts';

type Finish = Extract<ModelChunk, { type: 'finish' }>['finish'];

/** One item of the answer's output, from its first event on. */
interface OpenItem {
  readonly type: string;
  /** Of a function call: its place among them. */
  readonly place: number;
  name: string;
  arguments: string;
  /** As the server gave it when it was done. */
  done: Record<string, unknown> | undefined;
  /** Some of its text has come as deltas. */
  said: boolean;
}

/** Tools that the provider carries out by itself, and the names they are told by. */
const HOSTED: Readonly<Record<string, string>> = {
  web_search_call: 'web_search',
  file_search_call: 'file_search',
  code_interpreter_call: 'code_interpreter',
  image_generation_call: 'image_generation',
  mcp_call: 'mcp',
};

/**
 * Folds the events of one answer of the Responses API into what a model yields. What a server leaves out of its events is taken from the
 * items that are done, or from the whole response at the end.
 */
export class ResponsesStream implements AnswerStream {
  readonly #options: WireAnswerOptions;
  readonly #items = new Map<number | string, OpenItem>();
  #bytes = 0;
  #calls = 0;
  #finish: Exclude<Finish, 'tool_calls'> | undefined;
  #refused = false;
  #usage: Usage | undefined;
  #begun = false;
  #summaries = 0;

  constructor(options: WireAnswerOptions) {
    this.#options = options;
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  get begun(): boolean {
    return this.#begun;
  }

  push(event: unknown): ModelChunk[] {
    if (!isRecord(event)) throw notAnAnswer(event);
    if (event.type === 'error' || (event.error !== undefined && event.error !== null)) throw failureInStream(event.error ?? event);
    this.#begun = true;
    const chunks: ModelChunk[] = [];
    // An answer that was not streamed is the response itself.
    if (event.object === 'response') this.#response(event, chunks);
    else this.#event(event, chunks);
    return chunks;
  }

  end(): ModelChunk[] {
    const items = [...this.#items.values()];
    const filtered = this.#finish === 'filtered' || (this.#refused && this.#finish === 'stop');
    const isWhole = (item: OpenItem): boolean => item.type === 'function_call' && item.done !== undefined && item.name !== '';
    const toolCalls: RequestedCall[] = filtered
      ? []
      : items.filter(isWhole).map((item) => ({ tool: item.name, arguments: item.arguments.trim() === '' ? '{}' : item.arguments }));
    const finish = filtered ? 'filtered' : (this.#finish ?? 'incomplete');
    const output = items.map((item) => (item.type === 'function_call' && !isWhole(item) ? undefined : item.done));
    const { model, maxProviderStateBytes: maxBytes } = this.#options;
    const providerState = filtered ? undefined : keptItems(output, { model, maxBytes });
    return [
      {
        type: 'finish',
        finish: toolCalls.length > 0 && finish === 'stop' ? 'tool_calls' : finish,
        toolCalls,
        ...(this.#usage !== undefined && { usage: this.#usage }),
        ...(providerState !== undefined && { providerState }),
      },
    ];
  }

  #event(event: Record<string, unknown>, chunks: ModelChunk[]): void {
    const delta = nonEmpty(event.delta);
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        this.#refused ||= event.type === 'response.refusal.delta';
        this.#itemOf(event, 'message', chunks).said = true;
        if (delta !== undefined) chunks.push({ type: 'text', delta });
        return;
      case 'response.reasoning_summary_part.added':
        // Each part is a paragraph.
        if (this.#summaries++ > 0) chunks.push({ type: 'reasoning', delta: '\n\n' });
        return;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        this.#itemOf(event, 'reasoning', chunks).said = true;
        if (delta !== undefined) chunks.push({ type: 'reasoning', delta });
        return;
      case 'response.function_call_arguments.delta': {
        const item = this.#itemOf(event, 'function_call', chunks);
        if (delta !== undefined) this.#written(item, delta, chunks);
        return;
      }
      case 'response.output_item.added':
        this.#itemOf(event, 'unknown', chunks);
        return;
      case 'response.output_item.done':
        if (isRecord(event.item)) this.#done(this.#itemOf(event, 'unknown', chunks), event.item, chunks);
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#response(event.response, chunks);
    }
  }

  #response(response: unknown, chunks: ModelChunk[]): void {
    const output = field(response, 'output');
    // Ids change between events behind some proxies; a server that counts its items is taken at its count.
    const isCounted = [...this.#items.keys()].every((key) => typeof key === 'number');
    for (const [place, item] of (Array.isArray(output) ? output : []).entries()) {
      if (isRecord(item)) this.#done(this.#itemOf(isCounted ? { output_index: place, item } : { item }, 'unknown', chunks), item, chunks);
    }
    this.#usage = usageOf(field(response, 'usage')) ?? this.#usage;
    const status = field(response, 'status');
    if (status === 'failed') throw failureInStream(field(response, 'error') ?? undefined);
    const reason = field(field(response, 'incomplete_details'), 'reason');
    this.#finish =
      status === 'completed' ? 'stop' : reason === 'max_output_tokens' ? 'length' : reason === 'content_filter' ? 'filtered' : 'incomplete';
  }

  /** The item that an event is about; it begins with the first one. */
  #itemOf(event: Record<string, unknown>, type: string, chunks: ModelChunk[]): OpenItem {
    const key = count(event.output_index) ?? nonEmpty(event.item_id) ?? nonEmpty(field(event.item, 'id')) ?? this.#items.size;
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    // 32 for the item itself: a million empty ones are not free.
    this.#count(32);
    const itemType = nonEmpty(field(event.item, 'type')) ?? type;
    const place = itemType === 'function_call' ? this.#calls++ : 0;
    const item: OpenItem = { type: itemType, place, name: '', arguments: '', done: undefined, said: false };
    this.#items.set(key, item);
    item.name = nonEmpty(field(event.item, 'name')) ?? '';
    const hosted = HOSTED[itemType];
    const id = nonEmpty(field(event.item, 'id')) ?? String(key);
    if (hosted !== undefined) {
      chunks.push(hostedTool({ id, tool: hosted, status: 'called' }, dataOf(event.item), this.#options.maxHostedToolBytes));
    }
    return item;
  }

  #written(item: OpenItem, delta: string, chunks: ModelChunk[]): void {
    this.#count(Buffer.byteLength(delta));
    item.arguments += delta;
    if (item.name !== '' && delta !== '') chunks.push({ type: 'tool_input', index: item.place, tool: item.name, delta });
  }

  #done(item: OpenItem, value: Record<string, unknown>, chunks: ModelChunk[]): void {
    if (item.done !== undefined) return;
    item.done = value;
    if (item.type === 'function_call') {
      item.name ||= nonEmpty(value.name) ?? '';
      const whole = typeof value.arguments === 'string' ? value.arguments : item.arguments;
      // Cut short by the limit of tokens, it is not whole.
      if (value.status === 'incomplete') item.done = undefined;
      else if (whole.startsWith(item.arguments)) this.#written(item, whole.slice(item.arguments.length), chunks);
      item.arguments = whole;
    } else if (item.type === 'message' && !item.said) {
      for (const part of Array.isArray(value.content) ? value.content : []) {
        const text = nonEmpty(field(part, 'text')) ?? nonEmpty(field(part, 'refusal'));
        this.#refused ||= field(part, 'type') === 'refusal';
        if (text !== undefined) chunks.push({ type: 'text', delta: text });
      }
    } else if (item.type === 'reasoning' && !item.said) {
      const parts = Array.isArray(value.summary) ? value.summary : [];
      const text = parts.map((part) => nonEmpty(field(part, 'text')) ?? '').join('\n\n');
      if (text !== '') chunks.push({ type: 'reasoning', delta: text });
    }
    const hosted = HOSTED[item.type];
    if (hosted === undefined) return;
    const status = value.status === 'failed' || value.status === 'incomplete' || isRecord(value.error) ? 'failed' : 'completed';
    const id = nonEmpty(value.id) ?? '';
    chunks.push(hostedTool({ id, tool: hosted, status }, dataOf(value), this.#options.maxHostedToolBytes));
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#options.maxToolCallBytes) throw toolCallsTooLarge();
  }
}

/** What an item of a hosted tool says, without what names it, and without an image. */
function dataOf(item: unknown): unknown {
  if (!isRecord(item)) return {};
  const { id: _id, type: _type, status: _status, result: _result, ...data } = item;
  return data;
}

function usageOf(value: unknown): Usage | undefined {
  const inputTokens = count(field(value, 'input_tokens'));
  const outputTokens = count(field(value, 'output_tokens'));
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const cachedTokens = count(field(field(value, 'input_tokens_details'), 'cached_tokens'));
  const reasoningTokens = count(field(field(value, 'output_tokens_details'), 'reasoning_tokens'));
  return {
    inputTokens,
    outputTokens,
    ...(cachedTokens !== undefined && { cachedTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  };
}

function notAnAnswer(cause: unknown): VerbatimError {
  return new VerbatimError('MODEL_BAD_RESPONSE', 'The model sent something that is not an answer.', { cause });
}
