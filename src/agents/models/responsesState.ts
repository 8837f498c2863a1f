import type { ResponseInputItem } from 'openai/resources/responses/responses';
import type { Json, JsonObject } from '../../protocol/json.ts';
import type { ProviderState } from '../../protocol/providerState.ts';
import { inAnswerOrder, type KeptPart } from './answerOrder.ts';
import { type AnswerTurn, argumentsObject } from './conversationTurns.ts';
import { isRecord } from './looseJson.ts';

/** Items of hosted tools that the provider takes back as it gave them. Others are left out with the reasoning before them. */
const SENT_BACK: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'mcp_list_tools',
  'mcp_call',
]);

/** Encrypted reasoning is of use to the model that wrote it, and to no other. */
export const responsesStateOf = (model: string): string => `openai-responses/${model}`;

/**
 * What is kept of the output of an answer: its reasoning and what hosted tools did, word for word, and of texts and calls only their places,
 * for they are in the transcript. Undefined when there is nothing to send back, or more than `maxBytes`.
 */
export function keptItems(output: readonly unknown[], { model, maxBytes }: { readonly model: string; readonly maxBytes: number }) {
  const items: JsonObject[] = [];
  let calls = 0;
  for (const item of output) {
    if (!isRecord(item)) items.push({ type: 'left_out' });
    else if (item.type === 'message') items.push({ type: 'message', ...(typeof item.phase === 'string' && { phase: item.phase }) });
    else if (item.type === 'function_call') items.push({ type: 'function_call', place: calls++ });
    // Without its encrypted content there is nothing in it that the provider could read.
    else if (item.type === 'reasoning' ? typeof item.encrypted_content === 'string' : SENT_BACK.has(String(item.type))) {
      const { status: _, ...kept } = item;
      items.push({ ...(kept as JsonObject), ...(item.type !== 'reasoning' && { status: 'completed' }) });
    } else items.push({ type: 'left_out' });
  }
  if (!items.some((item) => item.type === 'reasoning' || SENT_BACK.has(String(item.type)))) return undefined;
  const state: ProviderState = { provider: responsesStateOf(model), items };
  return Buffer.byteLength(JSON.stringify(state)) > maxBytes ? undefined : state;
}

/** An answer as input, with what was kept of it. */
export function answerItems(
  turn: AnswerTurn,
  { model, withState }: { readonly model: string; readonly withState: boolean },
): ResponseInputItem[] {
  const { providerState } = turn;
  const kept = withState && providerState?.provider === responsesStateOf(model) ? providerState.items.filter(isObject) : [];
  const phase = kept.find((item) => item.type === 'message')?.phase;
  const text: ResponseInputItem | undefined =
    turn.text.trim() === '' ? undefined : { role: 'assistant', content: turn.text, ...(isPhase(phase) && { phase }) };
  const calls = turn.toolCalls.map(
    ({ callId, tool, input }): ResponseInputItem => ({
      type: 'function_call',
      call_id: callId,
      name: tool,
      arguments: JSON.stringify(argumentsObject(input)),
    }),
  );
  return inAnswerOrder(kept.map(partOf), { text, calls });
}

function partOf(item: JsonObject): KeptPart<ResponseInputItem> {
  if (item.type === 'reasoning') return { kind: 'reasoning', part: asInput(item) };
  if (item.type === 'message') return { kind: 'text' };
  if (item.type === 'function_call' && typeof item.place === 'number') return { kind: 'call', place: item.place };
  return SENT_BACK.has(String(item.type)) ? { kind: 'other', part: asInput(item) } : { kind: 'gap' };
}

/** It is the provider's own, and what it must look like is for the provider to check. */
function asInput(item: JsonObject): ResponseInputItem {
  return item as unknown as ResponseInputItem;
}

function isPhase(value: unknown): value is 'commentary' | 'final_answer' {
  return value === 'commentary' || value === 'final_answer';
}

function isObject(item: Json): item is JsonObject {
  return isRecord(item);
}
