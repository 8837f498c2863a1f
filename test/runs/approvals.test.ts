import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createManualClock, createTestServer, type ScriptedStep, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, typesOf, until } from './runSupport.ts';

checkLeaks();

const CALL = { toolCalls: [{ name: 'refund', input: { amount: 5 } }] };
const DAY_MS = 24 * 60 * 60_000;

function shop(needsApproval: Parameters<typeof refundTool>[0] = true) {
  const refunds: number[] = [];
  const support = defineAgent({ description: 'Helps', model: scriptedModel([]), tools: [refundTool(needsApproval, refunds)] });
  return { agents: { support }, refunds };
}

function refundTool(
  needsApproval: true | { role?: string; expiresInMs?: number; reason?: string } | ((input: { amount: number }) => boolean),
  refunds: number[] = [],
) {
  return defineTool({
    name: 'refund',
    description: 'Pays back',
    input: z.object({ amount: z.number().max(100) }),
    output: z.object({ paid: z.number() }),
    needsApproval,
    execute: ({ amount }) => {
      refunds.push(amount);
      return { paid: amount };
    },
  });
}

type Api = InferApi<ReturnType<typeof shop>['agents']>;

async function open(steps: readonly ScriptedStep[], options: Partial<TestServerOptions> = {}, approval?: Parameters<typeof shop>[0]) {
  const { agents, refunds } = shop(approval);
  const model = scriptedModel(steps);
  const server = await createTestServer({ agents, models: { support: model }, ...options });
  return { server, refunds, model, client: server.client<Api>() };
}

describe('an approval', () => {
  test('is asked for, the run waits without a worker, and goes on when it is given', async () => {
    const { server, refunds, model, client } = await open([CALL, { text: 'done' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const asked = await until(run, 'approval.requested');
    expect(asked).toMatchObject({ tool: 'refund', input: { amount: 5 } });
    await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'));
    expect(server.stats.activeRuns).toBe(0);
    expect(refunds).toEqual([]);
    expect((await client.approvals.list()).items).toMatchObject([
      { callId: asked.callId, status: 'pending', tool: 'refund', input: { amount: 5 } },
    ]);
    expect(await run.approve(asked.callId)).toMatchObject({ status: 'approved', by: 'local' });
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'done' });
    expect(refunds).toEqual([5]);
    const events = await eventsOf(client.run(run.id));
    expectSoundLog(events);
    expect(typesOf(events)).toEqual([
      'message.received',
      'run.started',
      'message.started',
      'message.completed',
      'tool.called',
      'approval.requested',
      'run.waiting',
      'approval.resolved',
      'run.resumed',
      'tool.completed',
      'message.started',
      'message.completed',
      'run.completed',
    ]);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', output: { paid: 5 } });
  });

  test('that is rejected leaves the call undone, and the model is told why', async () => {
    const { server, refunds, model, client } = await open([CALL, { text: 'so be it' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const { callId } = await until(run, 'approval.requested');
    await run.reject(callId, 'too much');
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'so be it' });
    expect(refunds).toEqual([]);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      isError: true,
      output: { error: { code: 'TOOL_REJECTED', message: expect.stringContaining('too much') } },
    });
  });

  test('that nobody decides expires after a day', async () => {
    const clock = createManualClock();
    const { server, refunds, client } = await open([CALL, { text: 'too late' }], { clock });
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const asked = await until(run, 'approval.requested');
    expect(asked.expiresAt).toBe(clock.now() + DAY_MS);
    await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'));
    await clock.advance(DAY_MS - 1);
    expect((await run.info()).status).toBe('waiting');
    await clock.advance(1);
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'too late' });
    expect(refunds).toEqual([]);
    expect((await client.approvals.list()).items).toMatchObject([{ status: 'expired', by: 'server', reason: 'expired' }]);
    await expect(run.approve(asked.callId)).rejects.toMatchObject({ code: 'ALREADY_DECIDED', details: { status: 'expired' } });
  });

  test('that is edited makes the call with what a person put, and the model is told', async () => {
    const { server, refunds, model, client } = await open([CALL, { text: 'done' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const asked = await until(run, 'approval.requested');
    await expect(client.approvals.decide({ callId: asked.callId, decision: 'approve', input: { amount: 1_000 } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    expect((await client.approvals.list()).items).toMatchObject([{ status: 'pending' }]);
    await run.approve({ callId: asked.callId, tool: 'refund' }, { input: { amount: 3 } });
    await run.result();
    expect(refunds).toEqual([3]);
    const told = model.requests[1]?.messages.at(-1);
    expect(told).toMatchObject({ role: 'tool' });
    expect(told).toMatchObject({ output: { note: expect.stringContaining('{"amount":3}'), result: { paid: 3 } } });
    expect((await client.approvals.list()).items).toMatchObject([{ input: { amount: 5 }, editedInput: { amount: 3 }, status: 'approved' }]);
  });

  test('is decided once, however many decide at the same time; the loser learns what was decided', async () => {
    const { server, refunds, client } = await open([CALL, { text: 'done' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const { callId } = await until(run, 'approval.requested');
    const others = Array.from({ length: 6 }, () => server.client<Api>());
    const answers = await Promise.allSettled(
      others.map((other, i) => other.approvals.decide({ callId, decision: i % 2 === 0 ? 'approve' : 'reject' })),
    );
    const won = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(won).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'ALREADY_DECIDED', details: { status: won[0]?.status, by: 'local' } });
    }
    await run.result();
    expect(refunds).toEqual(won[0]?.status === 'approved' ? [5] : []);
  });

  test('with the same key gives the same answer again', async () => {
    const { server, refunds, client } = await open([CALL, { text: 'done' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const { callId } = await until(run, 'approval.requested');
    const decide = () => client.approvals.decide({ callId, decision: 'approve', idempotencyKey: 'once' });
    const first = await decide();
    expect(await decide()).toEqual(first);
    await run.result();
    expect(refunds).toEqual([5]);
  });

  test('of several in one step, each is decided by itself, and the step goes on when all are', async () => {
    const two = { toolCalls: [1, 2, 3].map((amount) => ({ name: 'refund', input: { amount } })) };
    const { server, refunds, client } = await open([two, { text: 'done' }], {}, ({ amount }) => amount !== 3);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    await until(run, 'run.waiting');
    expect(refunds).toEqual([3]);
    const [first, second] = (await client.approvals.list({ status: 'pending' })).items;
    if (first === undefined || second === undefined) throw new Error('two are asked for');
    await run.approve(second.callId);
    await vi.waitFor(() => expect(refunds).toEqual([3, 2]));
    await vi.waitFor(async () => expect((await run.info()).status).toBe('waiting'));
    await run.reject(first.callId);
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'done' });
    expect(refunds).toEqual([3, 2]);
  });

  test('that is remembered decides the same calls of the run, or of the thread, and no others', async () => {
    const { server, refunds, client } = await open([CALL, CALL, { text: 'one' }, CALL, { text: 'two' }, CALL, { text: 'three' }]);
    await using _ = server;
    const first = await client.send({ agent: 'support', text: 'a' });
    await first.approve((await until(first, 'approval.requested')).callId, { remember: 'run' });
    expect(await first.text()).toBe('one');
    expect(refunds).toEqual([5, 5]);
    const { threadId } = first;
    const second = await client.send({ agent: 'support', text: 'b', threadId });
    await second.approve((await until(second, 'approval.requested')).callId, { remember: 'thread' });
    await second.result();
    const third = await client.send({ agent: 'support', text: 'c', threadId });
    expect(await third.text()).toBe('three');
    expect(refunds).toEqual([5, 5, 5, 5]);
    const resolved = (await eventsOf(client.run(third.id))).find((event) => event.type === 'approval.resolved');
    expect(resolved).toMatchObject({ decision: 'approved', by: 'local' });
  });

  test('survives a crash of the server and is decided from another device', async () => {
    const { server, refunds, client } = await open([CALL, { text: 'done' }]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    await until(run, 'run.waiting');
    await server.crash();
    expect(server.stats.activeRuns).toBe(0);
    const phone = server.client<Api>();
    const [asked] = (await phone.approvals.list({ status: 'pending' })).items;
    await phone.run(run.id).approve(asked?.callId ?? '');
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'done' });
    expect(refunds).toEqual([5]);
    expect((await run.info()).attempt).toBe(1);
  });

  test('with a role is for those who have it: not for the owner, and for nobody else', async () => {
    const { server, refunds, model } = await open([CALL, { text: 'done' }], {}, { role: 'manager', reason: 'over the limit' });
    await using _ = server;
    const owner = server.as('ada').client<Api>();
    const run = await owner.send({ agent: 'support', text: 'refund me' });
    const asked = await until(run, 'approval.requested');
    expect(asked).toMatchObject({ role: 'manager', question: 'over the limit' });
    await expect(run.approve(asked.callId)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const stranger = server.as('eve').client<Api>();
    await expect(stranger.approvals.decide({ callId: asked.callId, decision: 'approve' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await stranger.approvals.list()).items).toEqual([]);
    const manager = server.as({ id: 'max', roles: ['manager'] }).client<Api>();
    const [forManager] = (await manager.approvals.list({ status: 'pending' })).items;
    expect(forManager).toMatchObject({ callId: asked.callId, role: 'manager', ownerId: 'ada', mayDecide: true });
    // Who decides is told who asks; the thread is for others.
    expect(forManager).not.toHaveProperty('thread');
    const [forOwner] = (await owner.approvals.list()).items;
    expect(forOwner).toMatchObject({ thread: { title: null, preview: 'refund me' } });
    for (const key of ['mayDecide', 'ownerId']) expect(forOwner).not.toHaveProperty(key);
    await manager.approvals.decide({ callId: asked.callId, decision: 'approve' });
    await run.result();
    expect(refunds).toEqual([5]);
    expect((await owner.approvals.list()).items).toMatchObject([{ by: 'max', status: 'approved' }]);
    const [decided] = (await manager.approvals.list({ callId: asked.callId })).items;
    expect(decided).toMatchObject({ by: 'max', status: 'approved' });
    expect(decided).not.toHaveProperty('mayDecide');
    expect((await manager.approvals.list({ callId: 'call_other' })).items).toEqual([]);
    expect((await stranger.approvals.list({ callId: asked.callId })).items).toEqual([]);
    expect(model.remaining).toBe(0);
  });

  test('of a run that has ended, or of no call at all, changes nothing', async () => {
    const { server, refunds, client } = await open([CALL]);
    await using _ = server;
    const run = await client.send({ agent: 'support', text: 'refund me' });
    const asked = await until(run, 'approval.requested');
    await until(run, 'run.waiting');
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    const events = await eventsOf(client.run(run.id));
    expect(events.find((event) => event.type === 'approval.resolved')).toMatchObject({ decision: 'withdrawn', by: 'server' });
    await expect(run.approve(asked.callId)).rejects.toMatchObject({ code: 'ALREADY_DECIDED', details: { status: 'withdrawn' } });
    await expect(run.approve('call_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(refunds).toEqual([]);
    expectSoundLog(events);
  });
});
