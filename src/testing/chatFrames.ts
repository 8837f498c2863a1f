import type { ModelServerQuirks } from './modelServerQuirks.ts';
import { argumentsOf, piecesOf, type ScriptedTurn, usageOf } from './script.ts';
import type { Frame, FrameOptions, TurnFrames } from './turnFrames.ts';

export const chatFrames: TurnFrames = {
  frames: chunksOf,
  document: completionOf,
  isEnd: (frame) => JSON.stringify(frame.choices).includes('"finish_reason":"'),
  endless(what, filler, isFirst) {
    const call = { index: 0, ...(isFirst ? { id: 'call_1', type: 'function' } : {}), function: { name: 'tool', arguments: filler } };
    const delta = what === 'text' ? { content: filler } : { tool_calls: [call] };
    return { object: 'chat.completion.chunk', choices: [{ index: 0, delta }] };
  },
  failure: (error) => ({ error }),
  done: '[DONE]',
};

/** The chunks in which a Chat Completions server streams a turn, up to and without `[DONE]`. */
function* chunksOf(turn: ScriptedTurn, options: FrameOptions): Generator<Frame> {
  const { quirks } = options;
  const frame = (choices: readonly Frame[], more: Frame = {}): Frame => ({
    id: options.id,
    object: 'chat.completion.chunk',
    model: options.model,
    choices,
    ...more,
  });
  const delta = (fields: Frame): Frame => frame([{ index: 0, delta: fields, finish_reason: null }]);

  yield delta({ role: 'assistant', content: '' });
  if (quirks.emptyChoices === true) yield frame([]);
  if (turn.reasoning !== undefined) yield delta(reasoningFields(turn.reasoning, quirks));
  for (const piece of piecesOf(turn)) {
    yield delta({ content: piece });
    if (quirks.emptyChoices === true) yield frame([]);
    if (quirks.noDelta === true) yield frame([{ index: 0, finish_reason: null }]);
  }
  if (quirks.refusal !== undefined) yield delta({ refusal: quirks.refusal });
  for (const entry of toolFragments(turn, quirks)) yield delta({ tool_calls: [entry] });

  const usage = usageOf(turn, options.inputLength);
  const reason = finishReason(turn, quirks);
  if (reason !== undefined) yield frame([{ index: 0, ...(quirks.noDelta === true ? {} : { delta: {} }), finish_reason: reason }]);
  if (options.includeUsage && quirks.noUsage !== true && usage !== undefined) {
    yield frame([], {
      usage: {
        prompt_tokens: usage.inputTokens,
        completion_tokens: usage.outputTokens,
        total_tokens: usage.inputTokens + usage.outputTokens,
        ...(usage.cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: usage.cachedTokens } }),
        ...(usage.reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: usage.reasoningTokens } }),
      },
    });
  }
}

/** The same turn as one document. */
function completionOf(turn: ScriptedTurn, options: FrameOptions): Frame {
  const usage = usageOf(turn, options.inputLength);
  const calls = [...toolFragments(turn, { ...options.quirks, wholeToolCalls: true })];
  const message = {
    role: 'assistant',
    content: piecesOf(turn).join(''),
    ...(turn.reasoning === undefined ? {} : reasoningFields(turn.reasoning, options.quirks)),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(options.quirks.refusal === undefined ? {} : { refusal: options.quirks.refusal }),
  };
  return {
    id: options.id,
    object: 'chat.completion',
    model: options.model,
    choices: [{ index: 0, message, finish_reason: finishReason(turn, options.quirks) ?? null }],
    ...(usage === undefined || options.quirks.noUsage === true
      ? {}
      : { usage: { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens } }),
  };
}

function reasoningFields(text: string, { reasoningField = 'reasoning_content' }: ModelServerQuirks): Frame {
  return reasoningField === 'both' ? { reasoning_content: text, reasoning: text } : { [reasoningField]: text };
}

function* toolFragments(turn: ScriptedTurn, quirks: ModelServerQuirks): Generator<Frame> {
  const calls = turn.toolCalls ?? [];
  for (const [place, call] of calls.entries()) {
    const text = argumentsOf(call);
    const cut = quirks.lengthInArguments === true && place === calls.length - 1 ? text.slice(0, Math.ceil(text.length / 2)) : text;
    const index = quirks.zeroToolIndex === true ? 0 : quirks.repeatedToolIndex === true ? Math.floor(place / 2) : place;
    const head = { ...(quirks.missingToolId === true ? {} : { id: `call_${place + 1}` }), type: 'function' };
    const where = quirks.missingToolIndex === true ? {} : { index };
    if (quirks.wholeToolCalls === true || quirks.argumentsAsObject === true) {
      const value: unknown = quirks.argumentsAsObject === true ? JSON.parse(cut) : cut;
      yield { ...where, ...head, function: { name: call.name, arguments: value } };
      continue;
    }
    yield { ...where, ...head, function: { name: call.name, arguments: '' } };
    for (let from = 0; from < cut.length; from += 4) {
      const piece = cut.slice(from, from + 4);
      if (quirks.repeatedToolHead === true) yield { ...where, ...head, function: { name: call.name, arguments: piece } };
      else yield { ...where, function: { arguments: piece } };
    }
  }
}

function finishReason(turn: ScriptedTurn, quirks: ModelServerQuirks): string | undefined {
  if (quirks.noFinishReason === true || turn.finish === 'incomplete') return undefined;
  if (quirks.lengthInArguments === true || turn.finish === 'length') return 'length';
  if (turn.finish === 'filtered') return 'content_filter';
  if (quirks.stopWithToolCalls === true || turn.finish === 'stop') return 'stop';
  return (turn.toolCalls ?? []).length > 0 ? 'tool_calls' : 'stop';
}
