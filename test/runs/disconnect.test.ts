import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, gate, until } from './runSupport.ts';

checkLeaks();

const never = new Promise<void>(() => {});

async function serve({ byAgent = false, steps = 1 } = {}) {
  const clock = createManualClock();
  const model = scriptedModel(Array.from({ length: steps }, () => ({ text: 'x', until: never })));
  const bot = defineAgent({ description: '', model, ...(byAgent && { onDisconnect: 'cancel' as const }) });
  const server = await createTestServer({ agents: { bot }, models: { bot: model }, clock });
  const status = async (runId: string) => (await server.client().run(runId).info()).status;
  return { clock, server, model, status };
}

/** Watches until told to stop; resolves when the server knows of it. */
async function watch(run: AsyncIterable<unknown>) {
  const reader = run[Symbol.asyncIterator]();
  await reader.next();
  return { stop: () => reader.return?.() };
}

test('without it, a run that nobody watches goes on', async () => {
  const { clock, server, status } = await serve();
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'a' });
  await clock.advance(120_000);
  expect(await status(run.id)).toBe('running');
  await run.cancel();
});

test('a run that nobody ever watched is cancelled when the grace after its send is over', async () => {
  const { clock, server, status } = await serve();
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  await clock.advance(29_999);
  expect(await status(run.id)).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'cancelled', cancelledBy: 'disconnect' });
});

test('the agent may ask for it, and a send may say otherwise', async () => {
  const { clock, server, model, status } = await serve({ byAgent: true, steps: 2 });
  await using _ = server;
  const client = server.client();
  const gone = await client.send({ agent: 'bot', text: 'a' });
  const kept = await client.send({ agent: 'bot', text: 'b', onDisconnect: 'continue' });
  await vi.waitFor(() => expect(model.requests).toHaveLength(2));
  await clock.advance(30_000);
  expect(await gone.result()).toMatchObject({ status: 'cancelled' });
  expect(await status(kept.id)).toBe('running');
  await kept.cancel();
});

test('the grace starts when the last reader is gone; a second tab keeps the run', async () => {
  const { clock, server, status } = await serve();
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  const first = await watch(run);
  const second = await watch(server.client().thread(run.threadId).watch({ after: 0 }));
  await clock.advance(60_000);
  await first.stop();
  await vi.waitFor(() => expect(server.stats.watches).toBe(1));
  await clock.advance(60_000);
  expect(await status(run.id)).toBe('running');
  await second.stop();
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));
  await clock.advance(29_999);
  expect(await status(run.id)).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
});

test('a reader that comes back within the grace keeps the run, and the next grace is a whole one', async () => {
  const { clock, server, status } = await serve();
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  const first = await watch(run);
  await first.stop();
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));
  await clock.advance(29_000);
  const again = await watch(run);
  await clock.advance(29_000);
  await again.stop();
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));
  await clock.advance(29_999);
  expect(await status(run.id)).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
});

test('a reader of another run of the thread does not keep it', async () => {
  const { clock, server } = await serve();
  await using _ = server;
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  const waiting = await client.send({ agent: 'bot', text: 'b', threadId: run.threadId });
  const reader = await watch(waiting);
  await waiting.cancel();
  await clock.advance(30_000);
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  await reader.stop();
});

test('a socket that drops counts as a reader that is gone', async () => {
  const { clock, server } = await serve();
  await using _ = server;
  const tab = server.client();
  const run = await tab.send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  await watch(run);
  await tab.close();
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));
  await clock.advance(30_000);
  expect(await server.client().run(run.id).result()).toMatchObject({ status: 'cancelled' });
});

test('the grace begins anew at boot', async () => {
  const { clock, server, model, status } = await serve({ steps: 2 });
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  await vi.waitFor(() => expect(model.requests).toHaveLength(1));
  await clock.advance(29_000);
  await server.crash();
  await vi.waitFor(() => expect(model.requests).toHaveLength(2));
  await clock.advance(29_999);
  expect(await status(run.id)).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'cancelled', cancelledBy: 'disconnect' });
});

test('a queued run that nobody watches is cancelled where it waits', async () => {
  const { clock, server } = await serve();
  await using _ = server;
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const queued = await client.send({ agent: 'bot', text: 'b', threadId: first.threadId, onDisconnect: 'cancel' });
  await clock.advance(30_000);
  expect(await queued.result()).toMatchObject({ status: 'cancelled', cancelledBy: 'disconnect' });
  await first.cancel();
});

test('a run that ended in time leaves nothing that waits', async () => {
  const clock = createManualClock();
  const held = gate();
  const model = scriptedModel([{ text: 'x', until: held.opened }]);
  const bot = defineAgent({ description: '', model });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model }, clock });
  const before = clock.pending;
  const run = await server.client().send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  await until(run, 'text.delta');
  held.open();
  await eventsOf(run);
  await vi.waitFor(() => expect(clock.pending).toBe(before));
});

test('a steered message that outlives its run is watched as that was', async () => {
  const { clock, server, model } = await serve({ steps: 2 });
  await using _ = server;
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'a', onDisconnect: 'cancel' });
  await until(run, 'text.delta');
  await client.send({ agent: 'bot', text: 'b', threadId: run.threadId, whenBusy: 'steer' });
  await run.cancel();
  await vi.waitFor(() => expect(model.requests).toHaveLength(2));
  const { activeRunId } = await client.threads.get({ threadId: run.threadId });
  await clock.advance(30_000);
  expect(await client.run(activeRunId ?? '').result()).toMatchObject({ status: 'cancelled', cancelledBy: 'disconnect' });
});
