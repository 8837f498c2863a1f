import { describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, deltasOf, eventsOf, expectSoundLog, gate, logOf, typesOf, until, untilAborted } from './runSupport.ts';

checkLeaks();

const never = new Promise<void>(() => {});
const agentOf = (...tools: ReturnType<typeof countingTool>['tool'][]) => ({
  bot: defineAgent({ description: 'bot', model: scriptedModel([]), tools }),
});

describe('a run goes on after a crash', () => {
  test('before the first token', async () => {
    const model = scriptedModel([{ waitFor: never }, { text: 'hello' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'hi' });
    await until(run, 'message.started');
    await server.crash();
    const events = await eventsOf(run);
    expect(typesOf(events)).toEqual([
      'message.received',
      'run.started',
      'message.started',
      'message.discarded',
      'run.resumed',
      'message.started',
      'message.completed',
      'run.completed',
    ]);
    expect(events.find((event) => event.type === 'run.resumed')).toMatchObject({ attempt: 2, reason: 'crash' });
    expectSoundLog(events);
  });

  test('in mid text: what was said is withdrawn and said anew', async () => {
    const model = scriptedModel([{ text: 'half an ans', until: never }, { text: 'a whole answer' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    await until(run, 'text.delta');
    await server.crash();
    const events = await eventsOf(run);
    expect(events.find((event) => event.type === 'message.discarded')).toMatchObject({ reason: 'interrupted' });
    // The text of the withdrawn message is withheld from whoever reads it later.
    expect(deltasOf(events)).toBe('a whole answer');
    expect(await run.text()).toBe('a whole answer');
    expect(model.requests[1]?.messages).toEqual(model.requests[0]?.messages);
  });

  test('with an idempotent tool at work: it is called again under the same id', async () => {
    const { tool, calls } = countingTool('pay', ({ times, signal }) => (times === 1 ? untilAborted(signal) : { done: true }), {
      idempotent: true,
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'paid' }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'pay' });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await server.crash();
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'paid' });
    expect(calls).toHaveLength(2);
    expect(calls[1]).toBe(calls[0]);
    expect(model.requests).toHaveLength(2);
  });

  test('with a tool at work that is not idempotent: the model is told that the outcome is unknown', async () => {
    const { tool, calls } = countingTool('pay', ({ signal }) => untilAborted(signal));
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'I do not know' }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'pay' });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await server.crash();
    expect(await run.result()).toMatchObject({ status: 'completed' });
    expect(calls).toHaveLength(1);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      isError: true,
      output: { error: { code: 'OUTCOME_UNKNOWN' } },
    });
  });

  test('between a tool and the next step: a finished call is not made again', async () => {
    const { tool, calls } = countingTool('pay');
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { waitFor: never }, { text: 'paid' }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'pay' });
    await vi.waitFor(() => expect(model.requests).toHaveLength(2));
    await server.crash();
    expect(await run.result()).toMatchObject({ text: 'paid' });
    expect(calls).toHaveLength(1);
    expect(model.requests[2]?.messages).toEqual(model.requests[1]?.messages);
  });

  test('with one call of two finished: only the other is made again', async () => {
    const first = countingTool('first', undefined, { idempotent: true });
    const second = countingTool('second', ({ times, signal }) => (times === 1 ? untilAborted(signal) : { done: true }), {
      idempotent: true,
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'first' }, { name: 'second' }] }, { text: 'both' }]);
    await using server = await createTestServer({ agents: agentOf(first.tool, second.tool), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'go' });
    await until(run, 'tool.completed');
    await vi.waitFor(() => expect(second.calls).toHaveLength(1));
    await server.crash();
    expect(await run.text()).toBe('both');
    expect([first.calls.length, second.calls.length]).toEqual([1, 2]);
  });
});

describe('a run that cannot go on is ended', () => {
  test('after three attempts, with INTERRUPTED', async () => {
    const model = scriptedModel([{ waitFor: never }, { waitFor: never }, { text: 'half', until: never }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    for (const calls of [1, 2, 3]) {
      await vi.waitFor(() => expect(model.requests).toHaveLength(calls));
      await server.crash();
    }
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'INTERRUPTED', retryable: true } });
    const events = await eventsOf(run);
    expect(events.filter((event) => event.type === 'run.resumed')).toHaveLength(2);
    expectSoundLog(events);
  });

  test('when its agent is gone, with AGENT_CHANGED that names it, and the next one starts', async () => {
    const model = scriptedModel([{ waitFor: never }]);
    const other = defineAgent({ description: 'other', model: scriptedModel([{ text: 'here' }]) });
    await using server = await createTestServer({ agents: { ...agentOf(), other }, models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'hi' });
    const next = await client.send({ agent: 'other', text: 'hi', threadId: run.threadId });
    await vi.waitFor(() => expect(model.requests).toHaveLength(1));
    await server.crash({ agents: { other }, models: {} });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'AGENT_CHANGED' } });
    expect(await next.text()).toBe('here');
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('when it was to be cancelled before the crash', async () => {
    const deaf = gate();
    const { tool, calls } = countingTool('deaf', () => deaf.opened.then(() => ({ done: true })));
    const model = scriptedModel([{ text: 'wait', toolCalls: [{ name: 'deaf' }] }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'hi' });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await run.cancel();
    await server.crash();
    deaf.open();
    expect(await run.result()).toMatchObject({ status: 'cancelled', cancelledBy: 'local', text: 'wait' });
    const events = await eventsOf(run);
    expect(events.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } });
    expectSoundLog(events);
  });
});

test('a closing server does not wait for the grace of a cancelled run', async () => {
  const { tool, calls } = countingTool('deaf', () => never);
  const model = scriptedModel([{ toolCalls: [{ name: 'deaf' }] }]);
  await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  await run.cancel();
  const begun = performance.now();
  await server.restart();
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
});

test('a tool that a closing server stopped is called again when it is idempotent', async () => {
  const { tool, calls } = countingTool('pay', ({ times, signal }) => (times === 1 ? untilAborted(signal) : { done: true }), {
    idempotent: true,
  });
  const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'paid' }]);
  await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'pay' });
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  await server.restart();
  const events = await eventsOf(run);
  expect(events.find((event) => event.type === 'run.resumed')).toMatchObject({ reason: 'shutdown' });
  expect(events.filter((event) => event.type === 'tool.failed')).toEqual([]);
  expect(calls).toHaveLength(2);
});

test('queued runs start after a crash, in order', async () => {
  const model = scriptedModel([{ waitFor: never }, { text: 'one' }, { text: 'two' }, { text: 'three' }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const second = await client.send({ agent: 'bot', text: 'b', threadId: first.threadId });
  const third = await client.send({ agent: 'bot', text: 'c', threadId: first.threadId });
  await vi.waitFor(() => expect(model.requests).toHaveLength(1));
  await server.crash();
  expect(await Promise.all([first.text(), second.text(), third.text()])).toEqual(['one', 'two', 'three']);
});
