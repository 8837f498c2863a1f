import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { expectSoundLog, gate, logOf, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const bot = () => defineAgent({ description: 'a bot', model: scriptedModel([]) });
const agents = { a: bot(), b: bot() };

async function open(limits = {}) {
  const held = gate();
  const script = (name: string) => scriptedModel([{ text: `${name} thinks`, until: held.opened }, { text: `${name} answers` }]);
  const server = await createTestServer({ agents, models: { a: script('a'), b: script('b') }, limits });
  const client = server.client();
  const run = await client.send({ agents: ['a', 'b'], text: 'go' });
  let speaking = 0;
  for await (const event of run) if (event.type === 'text.delta' && ++speaking === 2) break;
  const steered = await client.send({ agents: ['a', 'b'], text: 'and this', threadId: run.threadId, whenBusy: 'steer' });
  expect(steered.receipt).toMatchObject({ disposition: 'steered', runId: run.id });
  return { server, client, run, held };
}

async function answersAfter(client: Awaited<ReturnType<typeof open>>['client'], threadId: string) {
  await vi.waitFor(async () => expect((await client.threads.get({ threadId })).activeRunId).toBeUndefined());
  const log = await logOf(client, threadId);
  expectSoundLog(log);
  return log;
}

// It became a run of an agent named "a+b", which nobody knows.
test('a message steered into agents at once that are cancelled is put to them in a run of its own', async () => {
  const { server, client, run, held } = await open();
  await using _ = server;
  await run.cancel();
  const log = await answersAfter(client, run.threadId);
  held.open();
  expect(log.filter((event) => event.type === 'run.failed')).toEqual([]);
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items.map(({ text }) => text).sort()).toEqual(['a answers', 'a thinks', 'and this', 'b answers', 'b thinks', 'go'].sort());
});

// It was taken, and nobody was asked.
test('a message steered into agents at once that may not have more child runs is put to them in a run of its own', async () => {
  const { server, client, run, held } = await open({ maxChildRuns: 3 });
  await using _ = server;
  held.open();
  expect(await run.result()).toMatchObject({ status: 'completed', outcome: 'complete' });
  const log = await answersAfter(client, run.threadId);
  expect(log.findLast((event) => event.type === 'run.completed')).not.toMatchObject({ runId: run.id });
  expect(log.flatMap((event) => (event.type === 'message.completed' ? [event.text] : []))).toContain('b answers');
});

// The run failed with AGENT_CHANGED, though all of its agents had answered.
test('agents at once are done when all have answered, though a deploy has removed one of them since', async () => {
  const held = gate();
  const models = { a: scriptedModel([{ text: 'a' }]), b: scriptedModel([{ text: 'b', until: held.opened }, { text: 'b' }]) };
  await using server = await createTestServer({ agents, models });
  const client = server.client();
  const run = await client.send({ agents: ['a', 'b'], text: 'go' });
  for await (const event of run) if (event.type === 'run.completed') break;
  await until(run, 'run.waiting');
  await server.restart({ agents: { b: agents.b }, models: { b: models.b } });
  held.open();
  expect(await run.result()).toMatchObject({ status: 'completed', outcome: 'complete' });
});
