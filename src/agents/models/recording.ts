import type { Json } from '../../protocol/json.ts';
import type { ModelChunk } from '../model.ts';

/**
 * An answer as JSON, to be replayed. Undefined for one that is not worth keeping: it was cut short or filtered, or tools were involved that may
 * not be. Which model spoke, and what it cost, was true of that call alone.
 */
export function recordingOf(chunks: readonly ModelChunk[], { withTools }: { readonly withTools: boolean }): Json | undefined {
  const last = chunks.at(-1);
  if (last?.type !== 'finish' || (last.finish !== 'stop' && last.finish !== 'tool_calls')) return undefined;
  if (!withTools && (last.toolCalls.length > 0 || chunks.some((chunk) => chunk.type === 'hosted_tool'))) return undefined;
  const kept = chunks.filter((chunk) => chunk.type !== 'switched').map((chunk) => (chunk.type === 'finish' ? withoutUsage(chunk) : chunk));
  return JSON.parse(JSON.stringify(kept));
}

/** The chunks of a recording. Undefined when it is none: a second layer may hold anything. */
export function replay(recording: Json | undefined): readonly ModelChunk[] | undefined {
  if (!Array.isArray(recording)) return undefined;
  const chunks: readonly unknown[] = recording;
  if (!chunks.every(isChunk)) return undefined;
  return chunks.at(-1)?.type === 'finish' ? chunks : undefined;
}

function withoutUsage({ usage: _, ...finish }: Extract<ModelChunk, { type: 'finish' }>): ModelChunk {
  return finish;
}

/** What is under our keys is ours: this tells it from what another version left there. */
function isChunk(value: unknown): value is ModelChunk {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  if (value.type === 'finish') return 'toolCalls' in value && Array.isArray(value.toolCalls);
  return value.type === 'hosted_tool' || (typeof value.type === 'string' && 'delta' in value && typeof value.delta === 'string');
}
