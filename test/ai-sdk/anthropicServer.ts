import { anthropicProblems } from '../agents/providerRules/anthropicRules.ts';
import { type SseServer, startSseServer } from './sseServer.ts';

type Block = Readonly<Record<string, unknown>>;
type Event = Readonly<Record<string, unknown>>;

/** A server of Anthropic's Messages API that streams, and refuses what the real one would. */
export function startAnthropicServer(script: Parameters<typeof startSseServer>[0]): Promise<SseServer> {
  return startSseServer(script, {
    nameEvents: true,
    refuse({ url, headers, body }) {
      const problems =
        url === '/v1/messages' && headers['x-api-key'] === 'sk-secret' ? anthropicProblems(body) : [`There is no ${url} for this key`];
      return problems.length === 0 ? undefined : { status: 400, body: anthropicError('invalid_request_error', problems.join('; ')) };
    },
  });
}

export const anthropicError = (type: string, message = 'Scripted'): Event => ({ type: 'error', error: { type, message } });

export const thinking = (text: string, signature: string): Block => ({ type: 'thinking', thinking: text, signature });
export const text = (said: string): Block => ({ type: 'text', text: said });
export const toolUse = (id: string, name: string, input: object): Block => ({ type: 'tool_use', id, name, input });

export interface MessageEnd {
  readonly stop?: string;
  readonly usage?: Readonly<Record<string, number>>;
}

/** The events of one message, each block in pieces. */
export function messageEvents(blocks: readonly Block[], { stop = 'end_turn', usage = {} }: MessageEnd = {}): Event[] {
  const { output_tokens = 7, ...input } = usage;
  return [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 11, output_tokens: 1, ...input },
      },
    },
    { type: 'ping' },
    ...blocks.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: beginOf(block) },
      ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens } },
    { type: 'message_stop' },
  ];
}

function beginOf(block: Block): Block {
  switch (block.type) {
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'text':
      return { type: 'text', text: '' };
    case 'tool_use':
    case 'server_tool_use':
      return { ...block, input: {} };
    default:
      return block;
  }
}

function deltasOf(block: Block): Block[] {
  switch (block.type) {
    case 'thinking':
      return [
        ...pieces(block.thinking).map((part) => ({ type: 'thinking_delta', thinking: part })),
        { type: 'signature_delta', signature: block.signature },
      ];
    case 'text':
      return pieces(block.text).map((part) => ({ type: 'text_delta', text: part }));
    case 'tool_use':
    case 'server_tool_use':
      return pieces(JSON.stringify(block.input)).map((part) => ({ type: 'input_json_delta', partial_json: part }));
    default:
      return [];
  }
}

function pieces(value: unknown): string[] {
  return String(value).match(/[\s\S]{1,5}/g) ?? [];
}
