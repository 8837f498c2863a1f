import { expect } from 'vitest';
import type { Model, ModelChunk, ModelRequest } from '../../../src/agents/model.ts';

export const HELLO: ModelRequest = { instructions: '', messages: [{ role: 'user', text: 'Hello' }], tools: [], options: {} };

export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly chunks: readonly ModelChunk[];
  readonly end: Extract<ModelChunk, { type: 'finish' }>;
}

/** Makes one call and takes all of it. Fails when `finish` is missing, comes twice, or is not last. */
export async function callModel(model: Model, request = HELLO, signal = new AbortController().signal): Promise<Answer> {
  const chunks: ModelChunk[] = [];
  for await (const chunk of model.stream(request, { signal })) chunks.push(chunk);
  return answerOf(chunks);
}

export function answerOf(chunks: readonly ModelChunk[]): Answer {
  const end = chunks.at(-1);
  if (end?.type !== 'finish') throw new Error('The last chunk is no finish');
  let text = '';
  let reasoning = '';
  for (const chunk of chunks.slice(0, -1)) {
    if (chunk.type === 'finish') throw new Error('There is a finish before the last chunk');
    if ('delta' in chunk && chunk.delta === '') throw new Error('There is an empty delta');
    if (chunk.type === 'text') text += chunk.delta;
    if (chunk.type === 'reasoning') reasoning += chunk.delta;
  }
  return { text, reasoning, chunks, end };
}

/** The arguments of every call, as they were written, at the place that the call has at the end. */
export function expectWritten(chunks: readonly ModelChunk[], end: Answer['end']): void {
  const written = new Map<number, { tool: string; text: string }>();
  for (const chunk of chunks) {
    if (chunk.type !== 'tool_input') continue;
    const call = written.get(chunk.index) ?? { tool: chunk.tool, text: '' };
    written.set(chunk.index, { tool: chunk.tool, text: call.text + chunk.delta });
  }
  for (const [place, { tool, arguments: text }] of end.toolCalls.entries()) {
    // A call without arguments has none that are written.
    const said = written.get(place) ?? { tool, text: '{}' };
    expect([said.tool, said.text]).toEqual([tool, text]);
  }
}

/** What a call threw, with the text that came before it. */
export async function failureOf(model: Model, signal = new AbortController().signal): Promise<{ error: unknown; text: string }> {
  let text = '';
  try {
    for await (const chunk of model.stream(HELLO, { signal })) if (chunk.type === 'text') text += chunk.delta;
  } catch (error) {
    return { error, text };
  }
  throw new Error(`The call did not fail: ${text}`);
}
