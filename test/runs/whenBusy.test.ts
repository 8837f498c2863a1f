import { describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, expectSoundLog, gate, logOf, typesOf, until } from './runSupport.ts';

checkLeaks();

const agentOf = (...tools: ReturnType<typeof countingTool>['tool'][]) => ({
  bot: defineAgent({ description: 'bot', model: scriptedModel([]), tools }),
});

describe('queue', () => {
  test('a message to a busy thread waits for its turn, and says which', async () => {
    const held = gate();
    const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }, { text: 'three' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const first = await client.send({ agent: 'bot', text: 'a' });
    const { threadId } = first;
    const second = await client.send({ agent: 'bot', text: 'b', threadId });
    const third = await client.send({ agent: 'bot', text: 'c', threadId });
    expect([first, second, third].map((run) => run.receipt.disposition)).toEqual(['started', 'queued', 'queued']);
    held.open();
    expect(await third.text()).toBe('three');
    const log = await logOf(client, threadId);
    expect(log.flatMap((event) => (event.type === 'run.queued' ? [event.place] : []))).toEqual([1, 2]);
    expect(model.requests[2]?.messages.map((message) => 'text' in message && message.text)).toEqual(['a', 'one', 'b', 'two', 'c']);
    expectSoundLog(log);
  });

  test('two sends at once on an idle thread: one runs, one waits', async () => {
    const model = scriptedModel([{ text: 'hello' }, { text: 'one' }, { text: 'two' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const { threadId, ...opening } = await client.send({ agent: 'bot', text: 'hi' });
    await client.run(opening.id).result();
    const runs = await Promise.all([
      client.send({ agent: 'bot', text: 'a', threadId }),
      client.send({ agent: 'bot', text: 'b', threadId }),
    ]);
    expect(runs.map((run) => run.receipt.disposition).sort()).toEqual(['queued', 'started']);
    await Promise.all(runs.map((run) => run.result()));
    expectSoundLog(await logOf(client, threadId));
  });
});

test('reject answers THREAD_BUSY with the active run, and works on an idle thread', async () => {
  const held = gate();
  const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const refused = client.send({ agent: 'bot', text: 'b', threadId: first.threadId, whenBusy: 'reject' });
  await expect(refused).rejects.toMatchObject({ code: 'THREAD_BUSY', details: { runId: first.id } });
  held.open();
  await first.result();
  const second = await client.send({ agent: 'bot', text: 'b', threadId: first.threadId, whenBusy: 'reject' });
  expect(await second.text()).toBe('two');
});

describe('interrupt', () => {
  test('cancels the active run, keeps its text, then starts, before those that wait', async () => {
    const model = scriptedModel([{ text: 'I was say', until: new Promise(() => {}) }, { text: 'urgent' }, { text: 'later' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const first = await client.send({ agent: 'bot', text: 'a' });
    const { threadId } = first;
    await until(first, 'text.delta');
    const waiting = await client.send({ agent: 'bot', text: 'b', threadId });
    const urgent = await client.send({ agent: 'bot', text: 'c', threadId, whenBusy: 'interrupt' });
    expect(urgent.receipt).toMatchObject({ disposition: 'interrupted', interruptedRunId: first.id });
    expect(await first.result()).toMatchObject({ status: 'cancelled', text: 'I was say', cancelledBy: 'local' });
    expect(await urgent.text()).toBe('urgent');
    expect(await waiting.text()).toBe('later');
    expect(model.requests[1]?.messages).toEqual([
      { role: 'user', text: 'a' },
      { role: 'assistant', text: 'I was say', toolCalls: [] },
      { role: 'user', text: 'c' },
    ]);
    expectSoundLog(await logOf(client, threadId));
  });

  test('two at once: each ends the one before it, none is lost', async () => {
    const never = new Promise<void>(() => {});
    const model = scriptedModel([{ text: 'x', until: never }, { text: 'last' }, { text: 'first' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const first = await client.send({ agent: 'bot', text: 'a' });
    const { threadId } = first;
    await until(first, 'text.delta');
    const runs = await Promise.all([
      client.send({ agent: 'bot', text: 'b', threadId, whenBusy: 'interrupt' }),
      client.send({ agent: 'bot', text: 'c', threadId, whenBusy: 'interrupt' }),
    ]);
    const results = await Promise.all([first, ...runs].map((run) => run.result()));
    expect(results.map((result) => result.status)).toEqual(['cancelled', 'completed', 'completed']);
    expectSoundLog(await logOf(client, threadId));
  });

  test('meeting the end of the run it interrupts: one terminal event, and its own run starts', async () => {
    for (let round = 0; round < 8; round++) {
      const held = gate();
      const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]);
      await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
      const client = server.client();
      const first = await client.send({ agent: 'bot', text: 'a' });
      await until(first, 'text.delta');
      const sending = client.send({ agent: 'bot', text: 'b', threadId: first.threadId, whenBusy: 'interrupt' });
      for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
      held.open();
      const second = await sending;
      expect(await second.text()).toBe('two');
      expectSoundLog(await logOf(client, first.threadId));
    }
  });
});

describe('steer', () => {
  test('puts the message into the running run at its next step', async () => {
    const held = gate();
    const { tool } = countingTool('look', () => held.opened.then(() => ({ done: true })));
    const model = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'in French' }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'look' });
    await until(run, 'tool.called');
    const steer = await client.send({ agent: 'bot', text: 'in French please', threadId: run.threadId, whenBusy: 'steer' });
    expect(steer.receipt).toMatchObject({ disposition: 'steered', runId: run.id });
    held.open();
    const events = await eventsOf(run);
    expect(events.find((event) => event.type === 'message.steered')).toMatchObject({ messageId: steer.messageId });
    expect(model.requests[1]?.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool', 'user']);
    expectSoundLog(events);
  });

  test('during the last step adds one', async () => {
    const held = gate();
    const model = scriptedModel([{ text: 'done', until: held.opened }, { text: 'and more' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    await until(run, 'text.delta');
    await client.send({ agent: 'bot', text: 'b', threadId: run.threadId, whenBusy: 'steer' });
    held.open();
    expect(await run.text()).toBe('and more');
    expect(typesOf(await eventsOf(run)).filter((type) => type.startsWith('run.'))).toEqual(['run.started', 'run.completed']);
  });

  test('with no step left becomes a run of its own, and does not fail the answer', async () => {
    const held = gate();
    const model = scriptedModel([{ text: 'done', until: held.opened }, { text: 'more' }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model }, limits: { maxSteps: 1 } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    await until(run, 'text.delta');
    await client.send({ agent: 'bot', text: 'b', threadId: run.threadId, whenBusy: 'steer' });
    held.open();
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'done' });
    await vi.waitFor(async () => expect((await client.threads.get({ threadId: run.threadId })).activeRunId).toBeUndefined());
    const log = await logOf(client, run.threadId);
    expect(typesOf(log).filter((type) => type.startsWith('run.'))).toEqual([
      'run.started',
      'run.completed',
      'run.queued',
      'run.started',
      'run.completed',
    ]);
    expectSoundLog(log);
  });

  test('into a run that is cancelled, or that fails, becomes a queued run', async () => {
    const held = gate();
    const model = scriptedModel([
      { text: 'x', until: new Promise(() => {}) },
      { text: 'y', until: held.opened, error: 'broken' },
      { text: 'finally' },
    ]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    const { threadId } = run;
    await until(run, 'text.delta');
    await client.send({ agent: 'bot', text: 'b', threadId, whenBusy: 'steer' });
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    await vi.waitFor(() => expect(model.requests).toHaveLength(2));
    await client.send({ agent: 'bot', text: 'c', threadId, whenBusy: 'steer' });
    held.open();
    await vi.waitFor(() => expect(model.requests).toHaveLength(3));
    await vi.waitFor(async () => expect((await client.threads.get({ threadId })).activeRunId).toBeUndefined());
    const log = await logOf(client, threadId);
    expectSoundLog(log);
    expect(model.requests[2]?.messages.at(-1)).toEqual({ role: 'user', text: 'c' });
    const { items } = await client.threads.messages({ threadId });
    expect(items.filter((message) => message.role === 'user').map((message) => [message.text, message.status])).toEqual([
      ['a', 'complete'],
      ['b', 'complete'],
      ['c', 'complete'],
    ]);
  });

  test('for another agent is queued; on an idle thread it starts', async () => {
    const held = gate();
    const model = scriptedModel([{ text: 'x', until: held.opened }]);
    const agents = { ...agentOf(), other: defineAgent({ description: 'o', model: scriptedModel([{ text: 'o1' }, { text: 'o2' }]) }) };
    await using server = await createTestServer({ agents, models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    const other = await client.send({ agent: 'other', text: 'b', threadId: run.threadId, whenBusy: 'steer' });
    expect(other.receipt.disposition).toBe('queued');
    held.open();
    await other.result();
    const idle = await client.send({ agent: 'other', text: 'c', threadId: run.threadId, whenBusy: 'steer' });
    expect(idle.receipt.disposition).toBe('started');
    expect(await idle.text()).toBe('o2');
  });

  test('meeting the last step at any turn is never lost', async () => {
    for (let round = 0; round < 10; round++) {
      const held = gate();
      const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]);
      await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
      const client = server.client();
      const run = await client.send({ agent: 'bot', text: 'a' });
      const { threadId } = run;
      await until(run, 'text.delta');
      const sending = client.send({ agent: 'bot', text: 'b', threadId, whenBusy: 'steer' });
      for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
      held.open();
      const { receipt } = await sending;
      await vi.waitFor(() => expect(model.requests).toHaveLength(2));
      await client.run(receipt.runId).result();
      expect(model.requests[1]?.messages.at(-1)).toEqual({ role: 'user', text: 'b' });
      expectSoundLog(await logOf(client, threadId));
    }
  });
});
