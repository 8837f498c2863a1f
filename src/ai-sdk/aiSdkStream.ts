import type {
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
} from '@ai-sdk/provider';
import type { ModelChunk } from '../agents/model.ts';
import { hostedTool } from '../agents/models/hostedTool.ts';
import type { ModelCallLimits } from '../agents/models/modelCallLimits.ts';
import { isWholeObject, toolCallsTooLarge } from '../agents/models/toolCallAssembly.ts';
import type { Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import { aiSdkFailure, notAnAnswer } from './aiSdkFailure.ts';
import { type KeptItem, keptState } from './aiSdkState.ts';

type Finish = Extract<ModelChunk, { type: 'finish' }>['finish'];

/** A part of the answer, from its beginning on. */
interface OpenPart {
  readonly type: 'reasoning' | 'text' | 'call' | 'hosted_call' | 'hosted_result';
  readonly id: string;
  readonly tool: string;
  /** The text of reasoning; the arguments of a call, as far as they are written. */
  text: string;
  /** Of a call: all of its arguments are there. */
  whole: boolean;
  /** Of a hosted tool: what it took or gave. */
  data: Json;
  isError: boolean;
  metadata: SharedV3ProviderMetadata | undefined;
}

/** Folds the stream of an AI SDK model into what a model yields. Throws `MODEL_*` for an error in the stream. */
export class AiSdkStream {
  readonly #limits: ModelCallLimits;
  readonly #stateOf: string;
  readonly #parts: OpenPart[] = [];
  #bytes = 0;
  #finish: LanguageModelV3FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(limits: ModelCallLimits, stateOf: string) {
    this.#limits = limits;
    this.#stateOf = stateOf;
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  push(part: LanguageModelV3StreamPart): ModelChunk[] {
    switch (part.type) {
      case 'text-start':
      case 'text-delta':
      case 'text-end':
        return this.#said('text', part);
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#said('reasoning', part);
      case 'tool-input-start':
        if (part.providerExecuted !== true) this.#open('call', part.id, { tool: part.toolName, metadata: part.providerMetadata });
        return [];
      case 'tool-input-delta': {
        const call = this.#find('call', part.id);
        return call === undefined ? [] : this.#written(call, part.delta);
      }
      case 'tool-call':
        return part.providerExecuted === true ? this.#hostedCall(part) : this.#call(part);
      case 'tool-result':
        return part.preliminary === true ? [] : this.#hostedResult(part);
      case 'finish':
        this.#finish = part.finishReason;
        this.#usage = usageOf(part.usage);
        return [];
      case 'error':
        throw aiSdkFailure(part.error);
      default:
        return [];
    }
  }

  end(): ModelChunk[] {
    const reason = finishOf(this.#finish);
    if (reason === 'incomplete' && this.#parts.length === 0) throw notAnAnswer();
    const isCut = reason === 'length' || reason === 'incomplete';
    // Some providers end a call properly that the limit of tokens cut.
    const isMade = (part: OpenPart): boolean => part.type === 'call' && part.whole && (!isCut || isWholeObject(part.text));
    const made = reason === 'filtered' ? [] : this.#parts.filter(isMade);
    const providerState = reason === 'filtered' ? undefined : this.#kept(made);
    const chunks = this.#unanswered().map(({ id, tool }) => this.#hosted({ id, tool, status: 'failed' }, null));
    const toolCalls = made.map(({ tool, text }) => ({ tool, arguments: text.trim() === '' ? '{}' : text }));
    return [
      ...chunks,
      {
        type: 'finish',
        finish:
          toolCalls.length > 0 && reason === 'stop' ? 'tool_calls' : reason === 'tool_calls' && toolCalls.length === 0 ? 'stop' : reason,
        toolCalls,
        ...(this.#usage !== undefined && { usage: this.#usage }),
        ...(providerState !== undefined && { providerState }),
      },
    ];
  }

  #said(
    type: 'text' | 'reasoning',
    part: { readonly id: string; readonly delta?: string; readonly providerMetadata?: SharedV3ProviderMetadata | undefined },
  ): ModelChunk[] {
    const open = this.#find(type, part.id) ?? this.#open(type, part.id, {});
    open.metadata = merged(open.metadata, part.providerMetadata);
    const { delta = '' } = part;
    if (delta === '') return [];
    // Text is counted by whoever stores it.
    if (type === 'reasoning') open.text += delta;
    return [{ type, delta }];
  }

  #written(call: OpenPart, delta: string): ModelChunk[] {
    if (delta === '') return [];
    this.#count(Buffer.byteLength(delta));
    call.text += delta;
    const index = this.#parts.filter(({ type }) => type === 'call').indexOf(call);
    return [{ type: 'tool_input', index, tool: call.tool, delta }];
  }

  #call(part: Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>): ModelChunk[] {
    const call = this.#find('call', part.toolCallId) ?? this.#open('call', part.toolCallId, { tool: part.toolName });
    if (call.whole) return [];
    call.whole = true;
    call.metadata = merged(call.metadata, part.providerMetadata);
    const chunks = part.input.startsWith(call.text) ? this.#written(call, part.input.slice(call.text.length)) : [];
    call.text = part.input;
    return chunks;
  }

  #hostedCall(part: Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>): ModelChunk[] {
    const { toolCallId: id, toolName: tool } = part;
    this.#count(Buffer.byteLength(part.input));
    const data = parsed(part.input);
    this.#open('hosted_call', id, { tool, data, metadata: part.providerMetadata });
    return [this.#hosted({ id, tool, status: 'called' }, data)];
  }

  #hostedResult(part: Extract<LanguageModelV3StreamPart, { type: 'tool-result' }>): ModelChunk[] {
    const { toolCallId: id, toolName: tool, isError = false } = part;
    const text = JSON.stringify(part.result);
    this.#count(Buffer.byteLength(text));
    const data = parsed(text);
    this.#open('hosted_result', id, { tool, data, isError, metadata: part.providerMetadata });
    return [this.#hosted({ id, tool, status: isError ? 'failed' : 'completed' }, data)];
  }

  #hosted(
    tool: { readonly id: string; readonly tool: string; readonly status: 'called' | 'completed' | 'failed' },
    data: Json,
  ): ModelChunk {
    return hostedTool(tool, data, this.#limits.maxHostedToolBytes);
  }

  /** Hosted tools whose outcome never came. */
  #unanswered(): OpenPart[] {
    return this.#parts.filter(({ type, id }) => type === 'hosted_call' && this.#find('hosted_result', id) === undefined);
  }

  #kept(made: readonly OpenPart[]) {
    const unanswered = this.#unanswered();
    const items = this.#parts.map((part): KeptItem => {
      const { type, id, tool, text, data, isError } = part;
      const metadata = part.metadata === undefined ? {} : { metadata: part.metadata };
      if (type === 'reasoning') return text === '' && part.metadata === undefined ? { type: 'gap' } : { type, text, ...metadata };
      if (type === 'text') return { type, ...metadata };
      if (type === 'call') return made.includes(part) ? { type, place: made.indexOf(part), ...metadata } : { type: 'gap' };
      if (type === 'hosted_result') return { type, id, tool, output: data, isError, ...metadata };
      // Providers refuse a call without its result.
      return unanswered.includes(part) ? { type: 'gap' } : { type, id, tool, input: data, ...metadata };
    });
    return keptState(items, { provider: this.#stateOf, maxBytes: this.#limits.maxProviderStateBytes });
  }

  #find(type: OpenPart['type'], id: string): OpenPart | undefined {
    return this.#parts.findLast((part) => part.type === type && part.id === id);
  }

  #open(type: OpenPart['type'], id: string, given: Partial<Pick<OpenPart, 'tool' | 'data' | 'isError' | 'metadata'>>): OpenPart {
    // 32 for the part itself: a million empty ones are not free.
    this.#count(32);
    const part = { type, id, tool: '', text: '', whole: false, data: null, isError: false, metadata: undefined, ...given };
    this.#parts.push(part);
    return part;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxToolCallBytes) throw toolCallsTooLarge();
  }
}

function finishOf(finish: LanguageModelV3FinishReason | undefined): Finish {
  switch (finish?.unified) {
    case 'stop':
      return 'stop';
    case 'tool-calls':
      return 'tool_calls';
    case 'length':
      return 'length';
    case 'content-filter':
      return 'filtered';
    case 'error':
      throw notAnAnswer(finish.raw);
    case 'other':
      // A reason that the adapter does not know is one all the same.
      return finish.raw === undefined ? 'incomplete' : 'stop';
    case undefined:
      return 'incomplete';
  }
}

function usageOf({ inputTokens, outputTokens }: LanguageModelV3Usage): Usage | undefined {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return undefined;
  return {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    ...(inputTokens.cacheRead !== undefined && { cachedTokens: inputTokens.cacheRead }),
    ...(outputTokens.reasoning !== undefined && { reasoningTokens: outputTokens.reasoning }),
  };
}

function merged(a: SharedV3ProviderMetadata | undefined, b: SharedV3ProviderMetadata | undefined): SharedV3ProviderMetadata | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, { ...a[name], ...b[name] }]));
}

/** As it was written, where that is no JSON. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // The reader sees what the model wrote.
  }
}
