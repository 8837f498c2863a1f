import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { mcpServer, mcpTools } from '../../src/mcp/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { httpSample } from './httpSample.ts';

checkLeaks();

test('a run calls the tools of a server: input, progress and output are its events', async () => {
  await using sample = await httpSample();
  await using mcp = await mcpTools({ name: 'sample', url: sample.url });
  const model = scriptedModel([
    {
      toolCalls: [
        { name: 'sample__add', input: { a: 1, b: 2 } },
        { name: 'sample__add', input: { a: 1 } },
        { name: 'sample__fail' },
        { name: 'sample__lie' },
      ],
    },
    { text: 'so be it' },
  ]);
  const bot = defineAgent({ description: '', model, tools: mcp.tools() });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  const events = await eventsOf(run);
  expectSoundLog(events);
  expect(model.requests[0]?.tools.find(({ name }) => name === 'sample__add')).toMatchObject({ inputSchema: { required: ['a', 'b'] } });
  expect(events.filter((event) => event.type === 'tool.completed')).toMatchObject([{ tool: 'sample__add', output: { sum: 3 } }]);
  const failed = events.flatMap((event) => (event.type === 'tool.failed' ? [event.error] : []));
  expect(failed).toMatchObject([
    { code: 'TOOL_BAD_INPUT', message: expect.stringContaining("must have required property 'b'") },
    { code: 'TOOL_FAILED', message: 'The title is missing. Give one.' },
    { code: 'TOOL_BAD_OUTPUT', message: expect.stringContaining('data/sum must be number') },
  ]);
});

test('a run that is cancelled stops the call at the server; its progress is told', async () => {
  const cancelled: string[] = [];
  await using sample = await httpSample({ onCancelled: (tool) => cancelled.push(tool) });
  await using mcp = await mcpTools({ name: 'sample', url: sample.url });
  const bot = defineAgent({ description: '', model: scriptedModel([{ toolCalls: [{ name: 'sample__slow' }] }]), tools: mcp.tools() });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  const events = [];
  for await (const event of run) {
    events.push(event);
    if (event.type === 'tool.progress') await run.cancel();
  }
  expect(events).toContainEqual(expect.objectContaining({ type: 'tool.progress', data: { progress: 1, total: 2, message: 'half' } }));
  expect(events.at(-1)).toMatchObject({ type: 'run.cancelled' });
  await vi.waitFor(() => expect(cancelled).toEqual(['slow']));
});

test('the agents of one server are tools of those of another, in one thread', async () => {
  const expert = defineAgent({ description: 'Knows', model: scriptedModel([{ text: 'Forty-two.' }, { text: 'Still forty-two.' }]) });
  await using far = await createTestServer({ agents: { expert }, mcp: mcpServer() });
  await using mcp = await mcpTools({ name: 'far', url: `${far.url}/mcp` });
  const model = scriptedModel([
    { toolCalls: [{ name: 'far__expert', input: { text: 'What is it?' } }] },
    ({ messages }) => {
      const answer = messages.findLast((message) => message.role === 'tool');
      const threadId = (answer?.output as { threadId: string } | undefined)?.threadId ?? '';
      return { toolCalls: [{ name: 'far__expert', input: { text: 'Are you sure?', threadId } }] };
    },
    { text: 'It is 42.' },
  ]);
  await using near = await createTestServer({ agents: { bot: defineAgent({ description: '', model, tools: mcp.tools() }) } });
  const run = await near.client().send({ agent: 'bot', text: 'go' });
  const outputs = (await eventsOf(run)).flatMap((event) => (event.type === 'tool.completed' ? [event.output] : []));
  expect(outputs).toMatchObject([{ text: 'Forty-two.' }, { text: 'Still forty-two.', outcome: 'complete' }]);
  expect((await far.client().threads.list()).items).toHaveLength(1);
});

test('a tool that says it destroys waits for a person, who may change its input within the schema of the server', async () => {
  const calls: unknown[] = [];
  const destroy = {
    name: 'remove',
    inputSchema: { type: 'object' as const, properties: { key: { type: 'string' } }, required: ['key'] },
    annotations: { destructiveHint: true },
  };
  await using sample = await httpSample({ extra: [destroy], onCall: (tool, _meta, args) => calls.push([tool, args]) });
  await using mcp = await mcpTools({ name: 'sample', url: sample.url });
  const ask = { toolCalls: [{ name: 'sample__remove', input: { key: 'all' } }] };
  const bot = defineAgent({ description: '', model: scriptedModel([ask, ask, { text: 'so be it' }]), tools: () => mcp.tools() });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const first = await until(run, 'approval.requested');
  expect(first).toMatchObject({ tool: 'sample__remove', input: { key: 'all' } });
  await run.reject(first.callId, 'not all of it');
  const second = await vi.waitFor(async () => {
    const [approval] = (await client.approvals.list({ status: 'pending' })).items;
    expect(approval).toBeDefined();
    return approval;
  });
  const callId = second?.callId ?? '';
  await expect(run.approve(callId, { input: { key: 1 } as never })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect(calls).toEqual([]);
  await run.approve(callId, { input: { key: 'one' } as never });
  expect(await run.result()).toMatchObject({ status: 'completed' });
  expect(calls).toEqual([['remove', { key: 'one' }]]);
});
