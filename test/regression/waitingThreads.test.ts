import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createManualClock, createTestServer, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog, gate, logOf, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const refund = defineTool({
  name: 'refund',
  description: 'Pays back',
  input: z.object({ amount: z.number() }),
  output: z.number(),
  needsApproval: true,
  execute: ({ amount }) => amount,
});
const pick = defineTool({ name: 'pick', description: 'Asks the user', input: z.object({}), output: z.string() });
const child = defineAgent({ description: 'Finds out', model: scriptedModel([]) });
const boss = defineAgent({
  description: 'Does it all',
  model: scriptedModel([]),
  tools: [refund, pick, agentTool(child, { name: 'ask', description: 'Asks' })],
});
const agents = { boss, child };
type Api = InferApi<typeof agents>;
const REFUND = { name: 'refund', input: { amount: 5 } };
const ASK = { name: 'ask', input: { task: 'find out' } };

async function open(models: TestServerOptions['models'], options: Partial<TestServerOptions> = {}) {
  const server = await createTestServer({ agents, ...(models !== undefined && { models }), ...options });
  return { server, client: server.client<Api>() };
}

describe('a fork of a thread whose calls wait', () => {
  // It said that their outcome was unknown, or nothing at all.
  test('says that a call that nobody let through was not carried out, and that of a client it is not known', async () => {
    const { server, client } = await open({ boss: scriptedModel([{ toolCalls: [REFUND, { name: 'pick' }] }]) });
    await using _ = server;
    const run = await client.send({ agent: 'boss', text: 'go' });
    await until(run, 'run.waiting');
    const fork = await client.threads.fork({ threadId: run.threadId });
    const { items } = await client.threads.messages({ threadId: fork.id });
    const calls = items.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
    expect(calls).toMatchObject([
      { tool: 'refund', status: 'failed', error: { code: 'CANCELLED', message: expect.stringContaining('not carried out') } },
      { tool: 'pick', status: 'failed', error: { code: 'OUTCOME_UNKNOWN' } },
    ]);
    await run.cancel();
  });

  test('keeps what a person put in the place of an input: the model knows only its own', async () => {
    const model = scriptedModel([{ toolCalls: [REFUND] }, { text: 'done' }, { text: 'I see' }]);
    const { server, client } = await open({ boss: model });
    await using _ = server;
    const run = await client.send({ agent: 'boss', text: 'go' });
    const { callId } = await until(run, 'approval.requested');
    await client.approvals.decide({ callId, decision: 'approve', input: { amount: 3 } });
    await run.result();
    const fork = await client.threads.fork({ threadId: run.threadId });
    await (await client.send({ agent: 'boss', text: 'what was it?', threadId: fork.id })).result();
    const told = model.requests[2]?.messages.find(({ role }) => role === 'tool');
    expect(told).toMatchObject({ output: { note: expect.stringContaining('{"amount":3}'), result: 3 } });
  });
});

describe('a folded run', () => {
  // The snapshot had the parent's messages alone.
  test('with runs under it is watched as before: what they said is part of it', async () => {
    const { server, client } = await open({
      boss: scriptedModel([{ toolCalls: [ASK] }, { text: 'done' }]),
      child: scriptedModel([{ text: 'found' }]),
    });
    await using _ = server;
    const run = await client.send({ agent: 'boss', text: 'go' });
    const before = await eventsOf(run);
    await server.fold({ olderThanDays: 0 });
    const after = await eventsOf(client.run(run.id));
    expect(after.map(({ type }) => type)).toEqual(['thread.snapshot', 'run.completed']);
    const [snapshot] = after;
    if (snapshot?.type !== 'thread.snapshot') throw new Error('no snapshot');
    const said = before.flatMap((event) => (event.type === 'message.completed' ? [event.messageId] : []));
    expect(snapshot.messages.flatMap((message) => (message.role === 'assistant' ? [message.id] : []))).toEqual(said);
    expect(await client.run(run.id).text()).toBe('done');
  });

  test('does not take the events of one that waits, and a reader of both goes on', async () => {
    const held = gate();
    const { server, client } = await open({
      boss: scriptedModel([{ text: 'first' }, { toolCalls: [REFUND, ASK] }, { text: 'done' }]),
      child: scriptedModel([{ text: 'found', until: held.opened }]),
    });
    await using _ = server;
    const { threadId } = await client.send({ agent: 'boss', text: 'go' });
    await vi.waitFor(async () => expect((await client.threads.get({ threadId })).activeRunId).toBeUndefined());
    const run = await client.send({ agent: 'boss', text: 'on', threadId });
    await until(run, 'text.delta');
    await server.fold({ olderThanDays: 0 });
    const { floor } = await client.threads.get({ threadId });
    expect(floor).toBe(run.receipt.seq);
    const events: AnyEvent[] = [];
    const reading = (async () => {
      for await (const event of client.thread(threadId).watch({ snapshot: true })) {
        events.push(event as AnyEvent);
        if (event.type === 'run.completed' && event.runId === run.id) break;
      }
    })();
    const { callId } = await until(run, 'approval.requested');
    await run.approve(callId);
    held.open();
    await reading;
    const [snapshot] = events;
    if (snapshot?.type !== 'thread.snapshot') throw new Error('no snapshot');
    expect(snapshot.activeRunId).toBe(run.id);
    expect(events.at(-1)).toMatchObject({ type: 'run.completed', runId: run.id });
    expect(await run.text()).toBe('done');
  });
});

describe('an answer that comes when its time is over', () => {
  // A timer that had not fired yet let it through.
  test('is too late, whether the expiry has been carried out or not', async () => {
    const clock = createManualClock();
    const { server, client } = await open(
      { boss: scriptedModel([{ toolCalls: [REFUND, { name: 'pick' }] }, { text: 'too late' }]) },
      { clock },
    );
    await using _ = server;
    const run = await client.send({ agent: 'boss', text: 'go' });
    const { callIds } = await until(run, 'run.waiting');
    const [approval = '', picked = ''] = callIds;
    // The wall clock jumps, as after a sleep: no timer has fired.
    clock.set(clock.now() + 25 * 60 * 60_000);
    await expect(run.approve(approval)).rejects.toMatchObject({ code: 'ALREADY_DECIDED', details: { status: 'expired', by: 'server' } });
    await expect(client.run(run.id).submitToolResult(picked, 'red' as never)).rejects.toMatchObject({ code: 'ALREADY_ANSWERED' });
    await clock.advance(25 * 60 * 60_000);
    expect(await run.text()).toBe('too late');
    expectSoundLog(await logOf(client, run.threadId));
  });
});
