import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ScriptedTurn } from '../../src/testing/script.ts';

/** As much of Anthropic's Messages API as one streamed answer takes: what a scripted turn says. */
export async function startAnthropicServer({ script }: { readonly script: readonly ScriptedTurn[] }) {
  const requests: unknown[] = [];
  let openConnections = 0;
  const server = createServer(async (request, response) => {
    const turn = script[requests.length];
    requests.push(await json(request));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (turn !== undefined) await say(response, turn);
    response.end();
  });
  server.on('connection', (socket) => {
    openConnections++;
    socket.once('close', () => openConnections--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get openConnections() {
      return openConnections;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function say(response: ServerResponse, { text = '', toolCalls = [], until }: ScriptedTurn): Promise<void> {
  const send = (event: { readonly type: string; readonly [field: string]: unknown }): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const usage = { input_tokens: 10, output_tokens: 1 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  send({ type: 'message_start', message });
  const blocks = [
    ...(text === '' ? [] : [{ content_block: { type: 'text', text: '' }, delta: { type: 'text_delta', text } }]),
    ...toolCalls.map(({ name, input = {} }, index) => ({
      content_block: { type: 'tool_use', id: `toolu_${index}`, name, input: {} },
      delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    })),
  ];
  for (const [index, { content_block, delta }] of blocks.entries()) {
    send({ type: 'content_block_start', index, content_block });
    send({ type: 'content_block_delta', index, delta });
    if (until !== undefined) await until;
    send({ type: 'content_block_stop', index });
  }
  const stop_reason = toolCalls.length === 0 ? 'end_turn' : 'tool_use';
  send({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } });
  send({ type: 'message_stop' });
}
