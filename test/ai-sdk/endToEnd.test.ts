import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import { defineAgent, defineTool, type InferApi, type Model } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { recordsOf } from '../agents/providerRules/problems.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { messageEvents, startAnthropicServer, text, thinking, toolUse } from './anthropicServer.ts';
import { googleChunks, startGoogleServer } from './googleServer.ts';

checkLeaks();

const lookup = defineTool({
  name: 'lookup',
  description: 'Finds an order',
  input: z.object({ id: z.string() }),
  output: z.object({ status: z.string() }),
  execute: async ({ id }) => ({ status: `order ${id} is on its way` }),
});

/** One run with a tool call, over a real socket: what the reader saw. */
async function runOnce(model: Model) {
  const agents = { support: defineAgent({ description: 'Answers', model, instructions: 'Be brief.', tools: [lookup] }) };
  await using server = await createTestServer({ agents });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'support', text: 'Where is order 42?' });
  const outputs: string[] = [];
  let reasoning = '';
  for await (const event of run) {
    if (event.type === 'tool.completed' && event.tool === 'lookup') outputs.push(event.output.status);
    if (event.type === 'reasoning.delta') reasoning += event.delta;
  }
  const { text, usage, status } = await run.result();
  return { text, usage, status, outputs, reasoning };
}

const SEEN = {
  text: 'On its way.',
  status: 'completed',
  outputs: ['order 42 is on its way', 'order 43 is on its way'],
  reasoning: 'Let me see.',
};

test('a run by Anthropic calls its tools, and its second step carries the signature of the thinking back', async () => {
  const calls = [toolUse('toolu_1', 'lookup', { id: '42' }), toolUse('toolu_2', 'lookup', { id: '43' })];
  const usage = { input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 5 };
  await using server = await startAnthropicServer([
    { events: messageEvents([thinking('Let me see.', 'sig-1'), ...calls], { stop: 'tool_use', usage }) },
    { events: messageEvents([text('On its way.')], { usage }) },
  ]);
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
  const providerOptions = { anthropic: { thinking: { type: 'enabled', budgetTokens: 1_024 } } };
  const seen = await runOnce(fromAiSdk(anthropic('claude-sonnet-4-5'), { providerOptions }));
  expect(seen).toMatchObject({ ...SEEN, usage: { inputTokens: 220, outputTokens: 10, cachedTokens: 200 } });
  const [, second] = server.requests;
  expect(second?.body.messages).toMatchObject([
    { role: 'user', content: [{ text: 'Where is order 42?' }] },
    {
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'Let me see.', signature: 'sig-1' }, { type: 'tool_use' }, { type: 'tool_use' }],
    },
    { role: 'user', content: [{ type: 'tool_result' }, { type: 'tool_result' }] },
  ]);
});

test('a run by Google calls its tools, and its second step carries the signature of the thought back', async () => {
  const call = (id: string) => ({ functionCall: { name: 'lookup', args: { id } } });
  await using server = await startGoogleServer([
    { events: googleChunks([{ text: 'Let me see.', thought: true }, { ...call('42'), thoughtSignature: 'sig-1' }, call('43')]) },
    { events: googleChunks([{ text: 'On its way.' }], { usage: { thoughtsTokenCount: 3 } }) },
  ]);
  const google = createGoogleGenerativeAI({ baseURL: `${server.url}/v1beta`, apiKey: 'sk-secret' });
  const seen = await runOnce(fromAiSdk(google('gemini-3-pro-preview')));
  expect(seen).toMatchObject({ ...SEEN, usage: { inputTokens: 22, reasoningTokens: 3 } });
  const [, answer, results] = recordsOf(server.requests[1]?.body.contents);
  expect(recordsOf(answer?.parts).map((part) => part.thoughtSignature)).toEqual([undefined, 'sig-1', undefined]);
  expect(recordsOf(results?.parts)).toMatchObject([{ functionResponse: { name: 'lookup' } }, { functionResponse: { name: 'lookup' } }]);
});
