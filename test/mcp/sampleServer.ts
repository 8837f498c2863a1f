import { spawn } from 'node:child_process';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';

/** What a test wants to know of the server, or decide for it. */
export interface SampleHooks {
  /** Names of calls as they begin. */
  onCall?: (tool: string, meta: Readonly<Record<string, unknown>> | undefined, args: unknown) => void;
  onCancelled?: (tool: string) => void;
  /** Added to the tools there are. */
  extra?: readonly Tool[];
  listChanged?: boolean;
  /** Called for each list. */
  onList?: () => void;
  pageSize?: number;
}

const object = (properties: Record<string, object> = {}, required = Object.keys(properties)): Tool['inputSchema'] => ({
  type: 'object',
  properties,
  required,
});
const number = { type: 'number' };
const string = { type: 'string' };

export const SAMPLE_TOOLS: readonly Tool[] = [
  {
    name: 'add',
    description: 'Adds two numbers',
    inputSchema: { $schema: 'https://json-schema.org/draft/2020-12/schema', ...object({ a: number, b: number }) },
    outputSchema: object({ sum: number }),
    annotations: { readOnlyHint: true },
  },
  { name: 'echo', title: 'Says it again', inputSchema: object({ text: string }) },
  { name: 'picture', inputSchema: object() },
  { name: 'report', inputSchema: object() },
  { name: 'fail', inputSchema: object() },
  { name: 'lie', inputSchema: object(), outputSchema: object({ sum: number }) },
  { name: 'slow', inputSchema: object() },
  { name: 'destroy', inputSchema: object(), annotations: { destructiveHint: true } },
  { name: 'set', inputSchema: object({ key: string }), annotations: { idempotentHint: true } },
  { name: 'large', inputSchema: object({ bytes: number }) },
  { name: 'env', inputSchema: object() },
  { name: 'pids', inputSchema: object() },
  { name: 'die', inputSchema: object() },
  { name: 'set_and_die', inputSchema: object(), annotations: { idempotentHint: true } },
];

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] });

/** A server by the official SDK, with tools that do what tools do, and what they should not. */
export function sampleServer(hooks: SampleHooks = {}): Server {
  const server = new Server(
    { name: 'sample', version: '1' },
    { capabilities: { tools: { listChanged: hooks.listChanged ?? true } }, instructions: 'Add before you echo.' },
  );
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    hooks.onList?.();
    const tools = [...SAMPLE_TOOLS, ...(hooks.extra ?? [])];
    const from = Number(params?.cursor ?? 0);
    const end = from + (hooks.pageSize ?? tools.length);
    return { tools: tools.slice(from, end), ...(end < tools.length && { nextCursor: String(end) }) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    hooks.onCall?.(params.name, extra._meta, params.arguments);
    const args = params.arguments ?? {};
    switch (params.name) {
      case 'add': {
        const sum = Number(args.a) + Number(args.b);
        return { ...text(JSON.stringify({ sum })), structuredContent: { sum } };
      }
      case 'echo':
      case 'destroy':
      case 'remove':
      case 'set':
        return text(String(args.text ?? args.key ?? 'done'));
      case 'picture':
        return {
          content: [
            { type: 'text', text: 'A red dot' },
            { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
          ],
        };
      case 'report':
        return {
          content: [
            { type: 'text', text: 'Two files:' },
            { type: 'resource_link', name: 'plan', uri: 'docs:plan' },
            { type: 'resource', resource: { uri: 'docs:note', text: 'a note' } },
            { type: 'image', mimeType: 'image/png', data: 'AAAA' },
            { type: 'resource', resource: { uri: 'docs:a/b.bin', blob: 'AAAA' } },
          ],
        };
      case 'fail':
        return { ...text('The title is missing.\n  Give one.'), isError: true };
      case 'lie':
        return { ...text('{}'), structuredContent: { sum: 'many' } };
      case 'slow': {
        const progressToken = extra._meta?.progressToken;
        if (progressToken !== undefined) {
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress: 1, total: 2, message: 'half' },
          });
        }
        return new Promise((resolve) => {
          extra.signal.addEventListener('abort', () => {
            hooks.onCancelled?.(params.name);
            resolve(text('stopped'));
          });
        });
      }
      case 'large':
        return text('x'.repeat(Number(args.bytes)));
      case 'env':
        return { ...text(''), structuredContent: { ...process.env } };
      case 'pids': {
        const grandchild = spawn('sleep', ['1000'], { stdio: 'ignore' });
        return { ...text(''), structuredContent: { pids: [process.pid, grandchild.pid] } };
      }
      case 'die':
      case 'set_and_die':
        return process.kill(process.pid, 'SIGKILL') && text('');
      default:
        throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name}`);
    }
  });
  return server;
}
