import type { Json } from '../../protocol/json.ts';
import type { ModelChunk } from '../model.ts';

type HostedTool = Extract<ModelChunk, { type: 'hosted_tool' }>;

/** What is told of a tool that the provider carried out. Of data beyond `maxBytes` only its size is. */
export function hostedTool(tool: Omit<HostedTool, 'type' | 'data'>, data: unknown, maxBytes: number): HostedTool {
  const text = JSON.stringify(data) ?? 'null';
  const bytes = Buffer.byteLength(text);
  return { type: 'hosted_tool', ...tool, data: bytes > maxBytes ? { bytes } : (JSON.parse(text) as Json) };
}
