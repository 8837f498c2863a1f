import type { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { AnyTool } from '../../src/agents/defineTool.ts';
import type { Model } from '../../src/agents/model.ts';
import type { ErrorInfo } from '../../src/protocol/errorCodes.ts';
import type { Json } from '../../src/protocol/json.ts';
import type { Principal } from '../../src/protocol/principal.ts';
import { createTestServer, type TestServerOptions } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog } from './runSupport.ts';

/** Calls the agent's first tool with the message as its input, and then says `ok`. */
export const askingModel: Model = {
  name: 'asking',
  async *stream({ messages, tools }) {
    const last = messages.at(-1);
    if (last?.role === 'user') {
      yield { type: 'finish', finish: 'tool_calls', toolCalls: [{ tool: tools[0]?.name ?? '', arguments: last.text }] };
      return;
    }
    yield { type: 'text', delta: 'ok' };
    yield { type: 'finish', finish: 'stop', toolCalls: [] };
  },
};

export const askingAgent = (tool: AnyTool, options: { readonly contextInput?: z.ZodType } = {}) =>
  defineAgent({ description: '', model: askingModel, tools: [tool] as readonly AnyTool[] as never, ...(options as object) });

export interface Asked {
  readonly output: Json | undefined;
  readonly error: ErrorInfo | undefined;
  readonly events: Awaited<ReturnType<typeof eventsOf>>;
}

/** A server whose agents call one tool each. */
export async function serveTool(tool: AnyTool, options: Partial<TestServerOptions> = {}) {
  const agents = { bot: askingAgent(tool), other: askingAgent(tool) };
  const server = await createTestServer({ agents, ...options });
  const send = (input: Json, { principal, ...to }: { principal?: Principal; agent?: string; threadId?: string; context?: Json } = {}) =>
    (principal === undefined ? server : server.as(principal)).client().send({ agent: 'bot', text: JSON.stringify(input), ...to } as never);
  return {
    server,
    send,
    /** What came of one call. */
    async ask(input: Json = {}, to: Parameters<typeof send>[1] = {}): Promise<Asked> {
      const events = await eventsOf(await send(input, to));
      if (to.threadId === undefined) expectSoundLog(events);
      const end = events.findLast((event) => event.type === 'tool.completed' || event.type === 'tool.failed');
      return {
        output: end?.type === 'tool.completed' ? end.output : undefined,
        error: end?.type === 'tool.failed' ? end.error : undefined,
        events,
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
