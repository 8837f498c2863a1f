import { expect, test, vi } from 'vitest';
import { defineAgent, type InferApi, offline } from '../../src/index.ts';
import { createManualClock, createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaks();

const HOUR_MS = 60 * 60_000;
const agents = { writer: defineAgent({ description: 'Writes', model: offline() }) };
type Api = InferApi<typeof agents>;

async function startServer(steps: readonly ScriptedStep[]) {
  const clock = createManualClock();
  const server = await createTestServer({ agents, clock, models: { writer: scriptedModel(steps) } });
  return { clock, server, jumpBack: () => clock.set(clock.now() - HOUR_MS) };
}

test('a clock that jumps back an hour in mid-run leaves order and outcome as they are', async () => {
  const gate = closedGate();
  const { clock, server: opened, jumpBack } = await startServer([{ text: 'before ', until: gate.opened }, { text: 'second' }]);
  await using server = opened;
  const client = server.client<Api>();
  const before = clock.now();
  const run = await client.send({ agent: 'writer', text: 'one' });
  const queued = await client.send({ agent: 'writer', text: 'two', threadId: run.threadId });
  jumpBack();
  gate.open();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'before ' });
  expect(await queued.result()).toMatchObject({ status: 'completed', text: 'second' });
  const [seqs, times]: [number[], number[]] = [[], []];
  for await (const event of client.thread(run.threadId).watch({ after: 0 })) {
    seqs.push(event.seq);
    times.push(event.at);
    if (event.type === 'run.completed' && event.runId === queued.id) break;
  }
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect([times[0], times.at(-1)]).toEqual([before, before - HOUR_MS]);
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items.map((message) => message.text)).toEqual(['one', 'before ', 'two', 'second']);
});

test('a run taken up by a server whose clock is an hour behind goes on with its next attempt', async () => {
  const gate = closedGate();
  const { server: opened, jumpBack } = await startServer([{ text: 'half', until: gate.opened }, { text: 'whole' }]);
  await using server = opened;
  const client = server.client<Api>();
  const run = await client.send({ agent: 'writer', text: 'one' });
  const first = run[Symbol.asyncIterator]();
  for (let next = await first.next(); next.value?.type !== 'text.delta'; next = await first.next());
  jumpBack();
  await server.restart();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'whole' });
  await first.return?.();
});

test('a retry after the jump gets the receipt of before it', async () => {
  const { server: opened, jumpBack } = await startServer([{ text: 'once' }]);
  await using server = opened;
  const client = server.client<Api>();
  const input = { agent: 'writer' as const, text: 'one', idempotencyKey: 'k' };
  const receipt = await client.trpc.messages.send.mutate(input);
  jumpBack();
  expect(await client.trpc.messages.send.mutate(input)).toEqual(receipt);
  await client.run(receipt.runId).result();
});

test('a timeout counts the time that passes, not what the clock says', async () => {
  const never = closedGate();
  const clock = createManualClock();
  const model = scriptedModel([{ waitFor: never.opened }]);
  await using server = await createTestServer({ agents, clock, models: { writer: model }, limits: { runTimeoutMs: 1_000 } });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'writer', text: 'one' });
  await vi.waitFor(() => expect(model.requests.length).toBe(1));
  clock.set(clock.now() - HOUR_MS);
  await clock.advance(999);
  expect((await client.trpc.runs.get.query({ runId: run.id })).status).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' } });
});
