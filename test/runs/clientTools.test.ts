import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createManualClock, createTestServer, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, until } from './runSupport.ts';

checkLeaks();

const pickColor = defineTool({
  name: 'pick_color',
  description: 'Asks the user for a color',
  input: z.object({ question: z.string() }),
  output: z.object({ color: z.enum(['red', 'blue']) }),
});
const agents = { painter: defineAgent({ description: 'Paints', model: scriptedModel([]), tools: [pickColor] }) };
type Api = InferApi<typeof agents>;
const CALL = { toolCalls: [{ name: 'pick_color', input: { question: 'which?' } }] };
const HOUR_MS = 60 * 60_000;

async function open(options: Partial<TestServerOptions> = {}) {
  const model = scriptedModel([CALL, { text: 'painted' }]);
  const server = await createTestServer({ agents, models: { painter: model }, ...options });
  return { server, model, client: server.client<Api>() };
}

test('the run waits for the client, over a crash, and goes on with its result', async () => {
  const { server, model, client } = await open();
  await using _ = server;
  const run = await client.send({ agent: 'painter', text: 'paint' });
  const called = await until(run, 'tool.called');
  expect(called).toMatchObject({ tool: 'pick_color', waitsFor: 'client', input: { question: 'which?' } });
  await until(run, 'run.waiting');
  await server.crash();
  expect(await run.submitToolResult({ callId: called.callId, tool: 'pick_color' }, { color: 'red' })).toMatchObject({
    status: 'completed',
  });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'painted' });
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', output: { color: 'red' } });
  expectSoundLog(await eventsOf(client.run(run.id)));
});

test('a result that the tool refuses is BAD_INPUT, and the call still waits', async () => {
  const { server, client } = await open();
  await using _ = server;
  const run = await client.send({ agent: 'painter', text: 'paint' });
  const { callId } = await until(run, 'tool.called');
  await expect(client.trpc.toolCalls.submit.mutate({ callId, output: { color: 'green' } })).rejects.toMatchObject({
    data: { reason: 'BAD_INPUT' },
  });
  await run.submitToolResult(callId, { color: 'blue' });
  expect(await run.text()).toBe('painted');
});

test('the first answer wins; another gets ALREADY_ANSWERED', async () => {
  const { server, client } = await open();
  await using _ = server;
  const run = await client.send({ agent: 'painter', text: 'paint' });
  const { callId } = await until(run, 'tool.called');
  const answers = await Promise.allSettled(
    ['red', 'blue', 'red'].map((color) =>
      server
        .client<Api>()
        .run(run.id)
        .submitToolResult(callId, { color } as never),
    ),
  );
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
  for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'ALREADY_ANSWERED' });
  expect(await run.text()).toBe('painted');
});

test('a client that cannot do it says so, and the model is told', async () => {
  const { server, model, client } = await open();
  await using _ = server;
  const run = await client.send({ agent: 'painter', text: 'paint' });
  await run.failToolCall(await until(run, 'tool.called'), 'The user has left.');
  await run.result();
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({ isError: true, output: { error: { message: 'The user has left.' } } });
});

test('a client-side call that nobody answers expires after an hour', async () => {
  const clock = createManualClock();
  const { server, model, client } = await open({ clock });
  await using _ = server;
  const run = await client.send({ agent: 'painter', text: 'paint' });
  const called = await until(run, 'tool.called');
  expect(called.expiresAt).toBe(clock.now() + HOUR_MS);
  await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'));
  await clock.advance(HOUR_MS);
  expect(await run.text()).toBe('painted');
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({ isError: true, output: { error: { code: 'TOOL_EXPIRED' } } });
  await expect(run.submitToolResult(called.callId, { color: 'red' })).rejects.toMatchObject({ code: 'ALREADY_ANSWERED' });
});

test('a result for a call that is not client-side, or another caller, is refused', async () => {
  const ask = defineTool({
    name: 'ask',
    description: '',
    input: z.object({}),
    output: z.string(),
    needsApproval: true,
    execute: () => 'ok',
  });
  const bot = defineAgent({ description: '', model: scriptedModel([]), tools: [ask, pickColor] });
  const model = scriptedModel([{ toolCalls: [{ name: 'ask' }, { name: 'pick_color', input: { question: '?' } }] }]);
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const client = server.client<InferApi<{ bot: typeof bot }>>();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await until(run, 'run.waiting');
  const [asked] = (await client.approvals.list()).items;
  await expect(client.trpc.toolCalls.submit.mutate({ callId: asked?.callId ?? '', output: 'ok' })).rejects.toMatchObject({
    data: { reason: 'NOT_WAITING' },
  });
  const other = server.as('eve').client<Api>();
  await expect(other.run(run.id).submitToolResult(asked?.callId ?? '', { color: 'red' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await run.cancel();
});
