import { expect, test } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const half = '\ud83d';

// A provider refuses a request that holds half of a character, and it was in every later request of the thread.
test('no half of a character reaches a model: from results, inputs, tasks, and what people say of calls', async () => {
  const cut = defineTool({
    name: 'cut',
    description: '',
    input: z.object({ q: z.string() }),
    output: z.object({ text: z.string(), path: z.string() }),
    execute: () => ({ text: `cut${half}`, path: 'C:\\ud83d\\new' }),
  });
  const ask = defineTool({ name: 'ask', description: '', input: z.object({}), output: z.string() });
  const child = scriptedModel([{ text: 'fine' }]);
  const model = scriptedModel([
    {
      toolCalls: [
        { name: 'cut', input: { q: `a${half}` } },
        { name: 'ask', input: {} },
        { name: 'child', input: { task: `do${half}` } },
      ],
    },
    { text: 'ok' },
  ]);
  const helper = defineAgent({ description: '', model: child });
  const bot = defineAgent({ description: '', model, tools: [cut, ask, agentTool(helper, { name: 'child', description: '' })] });
  await using server = await createTestServer({ agents: { bot, helper } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'hi' });
  for await (const event of run) {
    const called = event as { readonly type: string; readonly tool?: string; readonly callId?: string };
    if (called.type === 'tool.called' && called.tool === 'ask') await run.failToolCall(called.callId ?? '', `no${half}`);
  }
  const sent = [...child.requests, ...model.requests].flatMap((request) => JSON.stringify(request.messages));
  expect(sent.filter((text) => /(?<!\\)\\ud/.test(text))).toEqual([]);
  const results = model.requests[1]?.messages.flatMap((message) => (message.role === 'tool' ? [message.output] : []));
  expect(results).toMatchObject([{ text: 'cut\ufffd', path: 'C:\\ud83d\\new' }, { error: { message: 'no\ufffd' } }, 'fine']);
});
