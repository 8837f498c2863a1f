import type { ModelServerQuirks } from './modelServerQuirks.ts';
import { argumentsOf, piecesOf, type ScriptedTurn, usageOf } from './script.ts';
import type { Frame, FrameOptions, TurnFrames } from './turnFrames.ts';

/** One item of the output: as it begins, the deltas in between, and as it ends. */
interface Item {
  readonly begin: Frame;
  readonly deltas: readonly Frame[];
  readonly end: Frame;
}

/** The events in which the Responses API streams a turn: each output item from its beginning to its end, then the whole response. */
export const responsesFrames: TurnFrames = {
  *frames(turn, options) {
    const { quirks } = options;
    yield { type: 'response.created', response: { id: options.id, object: 'response', status: 'in_progress', output: [] } };
    const items = itemsOf(turn, options);
    for (const [place, item] of items.entries()) {
      const where = quirks.missingToolIndex === true ? {} : { output_index: place };
      const id = quirks.missingToolId === true ? {} : { item_id: item.begin.id };
      yield { type: 'response.output_item.added', ...where, item: item.begin };
      if (quirks.wholeToolCalls !== true) for (const delta of item.deltas) yield { ...delta, ...where, ...id };
      yield { type: 'response.output_item.done', ...where, item: item.end };
    }
    const response = wholeResponse(turn, options);
    if (response.status !== undefined) yield { type: `response.${String(response.status)}`, response };
  },
  document: (turn, options) => wholeResponse(turn, options),
  isEnd: (frame) => frame.type === 'response.completed' || frame.type === 'response.incomplete',
  endless(what, filler, isFirst) {
    if (what === 'text') return { type: 'response.output_text.delta', output_index: 0, delta: filler };
    if (isFirst) return { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', name: 'tool' } };
    return { type: 'response.function_call_arguments.delta', output_index: 0, delta: filler };
  },
  failure: ({ message, code }) => ({ type: 'error', message, code, param: null }),
  eventOf: (frame) => String(frame.type),
};

function wholeResponse(turn: ScriptedTurn, options: FrameOptions): Frame {
  const usage = usageOf(turn, options.inputLength);
  return {
    id: options.id,
    object: 'response',
    model: options.model,
    ...statusOf(turn, options.quirks),
    output: itemsOf(turn, options).map((item) => item.end),
    ...(usage !== undefined &&
      options.quirks.noUsage !== true && {
        usage: {
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
          total_tokens: usage.inputTokens + usage.outputTokens,
          ...(usage.cachedTokens !== undefined && { input_tokens_details: { cached_tokens: usage.cachedTokens } }),
          ...(usage.reasoningTokens !== undefined && { output_tokens_details: { reasoning_tokens: usage.reasoningTokens } }),
        },
      }),
  };
}

function statusOf(turn: ScriptedTurn, quirks: ModelServerQuirks): Frame {
  if (quirks.noFinishReason === true || turn.finish === 'incomplete') return {};
  const reason = quirks.lengthInArguments === true || turn.finish === 'length' ? 'max_output_tokens' : 'content_filter';
  if (reason === 'content_filter' && turn.finish !== 'filtered') return { status: 'completed' };
  return { status: 'incomplete', incomplete_details: { reason } };
}

function itemsOf(turn: ScriptedTurn, options: FrameOptions): Item[] {
  const { quirks } = options;
  const items: Item[] = [];
  if (turn.reasoning !== undefined) items.push(reasoningItem(turn.reasoning, options));
  for (const [place, { tool, data = {}, failed = false }] of (turn.hostedTools ?? []).entries()) {
    const head = { type: `${tool}_call`, id: `${options.id}_hosted_${place + 1}` };
    items.push({
      begin: { ...head, status: 'in_progress' },
      deltas: [{ type: `response.${tool}_call.in_progress` }],
      end: { ...head, status: failed ? 'failed' : 'completed', ...(typeof data === 'object' && data !== null && data) },
    });
  }
  const pieces = piecesOf(turn);
  if (pieces.length > 0 || quirks.refusal !== undefined) items.push(messageItem(pieces, quirks.refusal, options));
  const calls = turn.toolCalls ?? [];
  for (const [place, call] of calls.entries()) {
    const isCut = quirks.lengthInArguments === true && place === calls.length - 1;
    const text = isCut ? argumentsOf(call).slice(0, Math.ceil(argumentsOf(call).length / 2)) : argumentsOf(call);
    const head = { type: 'function_call', id: `${options.id}_fc_${place + 1}`, call_id: `call_${place + 1}`, name: call.name };
    items.push({
      begin: { ...head, arguments: '', status: 'in_progress' },
      deltas: inPieces(text).map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
      end: { ...head, arguments: text, status: isCut ? 'incomplete' : 'completed' },
    });
  }
  return items;
}

function reasoningItem(text: string, options: FrameOptions): Item {
  const head = { type: 'reasoning', id: `${options.id}_rs` };
  const encrypted = options.includeEncrypted ? { encrypted_content: `encrypted(${text})` } : {};
  return {
    begin: { ...head, summary: [] },
    deltas: [
      { type: 'response.reasoning_summary_part.added', summary_index: 0 },
      ...inPieces(text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', summary_index: 0, delta })),
    ],
    end: { ...head, summary: [{ type: 'summary_text', text }], ...encrypted },
  };
}

function messageItem(pieces: readonly string[], refusal: string | undefined, options: FrameOptions): Item {
  const head = { type: 'message', id: `${options.id}_msg`, role: 'assistant' };
  const content = refusal === undefined ? { type: 'output_text', text: pieces.join('') } : { type: 'refusal', refusal };
  const delta = `response.${refusal === undefined ? 'output_text' : 'refusal'}.delta`;
  return {
    begin: { ...head, status: 'in_progress', content: [] },
    deltas: (refusal === undefined ? pieces : [refusal]).map((piece) => ({ type: delta, content_index: 0, delta: piece })),
    end: { ...head, status: 'completed', content: [content] },
  };
}

function inPieces(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / 4) }, (_, place) => text.slice(place * 4, place * 4 + 4));
}
