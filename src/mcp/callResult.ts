import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js';
import { type ToolFileResult, toolFile } from '../agents/defineTool.ts';
import type { Json } from '../protocol/json.ts';

/**
 * What a tool call gave, as one of our tools gives it: the structured content where there is any, a lone file as a file with the text beside
 * it as its preview, and else the text. What cannot be held is named in the text. Throws what the server says went wrong.
 */
export function outputOf(result: CallToolResult): Json | ToolFileResult {
  const text = result.content.map(textOf).join('\n');
  // One line: what is told of an error is one.
  if (result.isError === true) throw new Error(text.replace(/\s*\n\s*/g, ' ') || 'The tool failed.');
  // Parsed from JSON, so it is JSON.
  if (result.structuredContent !== undefined) return result.structuredContent as Json;
  const files = result.content.flatMap(fileOf);
  const [file] = files;
  if (file === undefined || files.length > 1) return text;
  const preview = result.content
    .filter((block) => fileOf(block).length === 0)
    .map(textOf)
    .join('\n');
  return toolFile(file.bytes, { type: file.type, ...(file.name !== undefined && { name: file.name }), ...(preview !== '' && { preview }) });
}

interface File {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly name?: string;
}

function fileOf(block: ContentBlock): readonly File[] {
  if (block.type === 'image' || block.type === 'audio') return [{ bytes: Buffer.from(block.data, 'base64'), type: block.mimeType }];
  if (block.type !== 'resource' || !('blob' in block.resource)) return [];
  const { blob, mimeType = 'application/octet-stream', uri } = block.resource;
  const name = uri.split('/').at(-1);
  return [{ bytes: Buffer.from(blob, 'base64'), type: mimeType, ...(name !== undefined && name !== '' && { name }) }];
}

function textOf(block: ContentBlock): string {
  if (block.type === 'text') return block.text;
  if (block.type === 'resource' && 'text' in block.resource) return block.resource.text;
  if (block.type === 'resource_link') return `[${block.name}: ${block.uri}]`;
  return fileOf(block)
    .map(({ type, bytes }) => `[${type}, ${bytes.length} bytes]`)
    .join('');
}
