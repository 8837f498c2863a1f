import { expect, test, vi } from 'vitest';
import { defineAgent, openai } from '../../src/index.ts';
import { createTestServer, startModelServer } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, serveFile, untilAborted } from './runSupport.ts';

checkLeaks();

test('encrypted reasoning goes back at the next step, also of a run that a crash met in between', async () => {
  await using models = await startModelServer({
    script: [{ reasoning: 'Let me see.', toolCalls: [{ name: 'look', input: { n: 1 } }] }, { text: 'Done.' }],
  });
  const { tool: look, calls } = countingTool('look', ({ times, signal }) => (times === 1 ? untilAborted(signal) : { done: true }), {
    idempotent: true,
  });
  const model = openai('gpt-5-mini', { api: 'responses', baseURL: models.url, apiKey: 'k' });
  const { server } = await serveFile({ agents: { bot: defineAgent({ description: '', model, tools: [look] }) } });
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'look' });
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  await server.crash();
  expect(await run.text()).toBe('Done.');
  expect(models.requests[1]?.body.input).toMatchObject([
    { role: 'user', content: 'look' },
    { type: 'reasoning', encrypted_content: 'encrypted(Let me see.)' },
    { type: 'function_call', name: 'look', arguments: '{"n":1}' },
    { type: 'function_call_output', output: '{"done":true}' },
  ]);
  await model.close?.();
});

test('it is for the provider alone: neither events nor messages show it', async () => {
  await using models = await startModelServer({
    script: [
      { reasoning: 'Let me see.', toolCalls: [{ name: 'gone' }] },
      { reasoning: 'Hm.', text: 'Done.' },
    ],
  });
  const model = openai('gpt-5-mini', { api: 'responses', baseURL: models.url, apiKey: 'k' });
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'look' });
  const events: unknown[] = [];
  for await (const event of run) events.push(event);
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items).toHaveLength(3);
  expect(JSON.stringify([events, items])).not.toContain('encrypted');
  expect(JSON.stringify(models.requests[1]?.body)).toContain('encrypted(Let me see.)');
  await model.close?.();
});
