import type {
  LanguageModelV3,
  LanguageModelV3ReasoningPart,
  LanguageModelV3TextPart,
  LanguageModelV3ToolCallPart,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderMetadata,
} from '@ai-sdk/provider';
import { inAnswerOrder, type KeptPart } from '../agents/models/answerOrder.ts';
import { type AnswerTurn, argumentsObject } from '../agents/models/conversationTurns.ts';
import { isRecord } from '../agents/models/looseJson.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { ProviderState } from '../protocol/providerState.ts';

export type AnswerPart =
  | LanguageModelV3TextPart
  | LanguageModelV3ReasoningPart
  | LanguageModelV3ToolCallPart
  | LanguageModelV3ToolResultPart;

/**
 * A part of an answer as it is kept. Of texts and calls there is only the place, for they are in the transcript. `metadata` is the
 * provider's own: signatures, redacted reasoning.
 */
export type KeptItem = { readonly metadata?: SharedV3ProviderMetadata | undefined } & (
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'text' }
  | { readonly type: 'call'; readonly place: number }
  | { readonly type: 'hosted_call'; readonly id: string; readonly tool: string; readonly input: Json }
  | { readonly type: 'hosted_result'; readonly id: string; readonly tool: string; readonly output: Json; readonly isError: boolean }
  | { readonly type: 'gap' }
);

/** Signatures are of use to the model that made them, and to no other. */
export function aiSdkStateOf(model: Pick<LanguageModelV3, 'provider' | 'modelId'>): string {
  return `ai-sdk/${model.provider}/${model.modelId}`;
}

/**
 * What goes back to the provider at the next step. Undefined when there is nothing that it would want, or more than `maxBytes`: reasoning
 * without a signature is wanted only by providers that take it back with the calls it led to.
 */
export function keptState(items: readonly KeptItem[], { provider, maxBytes }: { readonly provider: string; readonly maxBytes: number }) {
  const hasCalls = items.some(({ type }) => type === 'call');
  const isWanted = items.some(
    ({ type, metadata }) => metadata !== undefined || type === 'hosted_call' || (type === 'reasoning' && hasCalls),
  );
  if (!isWanted) return undefined;
  const text = JSON.stringify({ provider, items });
  return Buffer.byteLength(text) > maxBytes ? undefined : (JSON.parse(text) as ProviderState);
}

/** An answer as part of a prompt; `state` is what was kept of it. */
export function answerParts(turn: AnswerTurn, state: ProviderState | undefined): AnswerPart[] {
  const kept = (state?.items ?? []).filter(isItem);
  const textItem = kept.findLast((item) => item.type === 'text' && isRecord(item.metadata)) ?? {};
  const text: AnswerPart | undefined = turn.text.trim() === '' ? undefined : { type: 'text', text: turn.text, ...optionsOf(textItem) };
  const calls = turn.toolCalls.map(({ callId, tool, input }, place): AnswerPart => {
    const item = kept.find((item) => item.type === 'call' && item.place === place) ?? {};
    return { type: 'tool-call', toolCallId: callId, toolName: toolName(tool), input: argumentsObject(input), ...optionsOf(item) };
  });
  return inAnswerOrder(kept.map(partOf), { text, calls });
}

/** Google's tools begin with a letter or an underscore; a model may have called one that does not. */
export function toolName(name: string): string {
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`.slice(0, 64);
}

function partOf(item: JsonObject): KeptPart<AnswerPart> {
  const { type, place, id, tool, text } = item;
  if (type === 'reasoning' && typeof text === 'string') return { kind: 'reasoning', part: { type, text, ...optionsOf(item) } };
  if (type === 'text') return { kind: 'text' };
  if (type === 'call' && typeof place === 'number') return { kind: 'call', place };
  if (typeof id !== 'string' || typeof tool !== 'string') return { kind: 'gap' };
  const call = { toolCallId: id, toolName: tool, ...optionsOf(item) };
  if (type === 'hosted_call') return { kind: 'other', part: { type: 'tool-call', ...call, input: item.input, providerExecuted: true } };
  const output = { type: item.isError === true ? ('error-json' as const) : ('json' as const), value: asValue(item.output) };
  return { kind: 'other', part: { type: 'tool-result', ...call, output } };
}

function optionsOf({ metadata }: { readonly metadata?: Json | undefined }): { readonly providerOptions?: SharedV3ProviderMetadata } {
  // It is what the provider gave, as it gave it.
  return isRecord(metadata) ? { providerOptions: metadata as SharedV3ProviderMetadata } : {};
}

function isItem(item: Json): item is JsonObject {
  return isRecord(item);
}

type JsonValue = Extract<LanguageModelV3ToolResultPart['output'], { type: 'json' }>['value'];

/** The same values, as a type that may be written to. */
export function asValue(value: Json | undefined): JsonValue {
  return (value ?? null) as JsonValue;
}
