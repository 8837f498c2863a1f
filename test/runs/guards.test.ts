import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Guards, GuardVerdict, InputGuard } from '../../src/agents/guard.ts';
import type { InferApi } from '../../src/index.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { agentWith, BLOCK, guardThat, PASS, verdictsOf } from './guardSupport.ts';
import { eventsOf, expectSoundLog, gate, logOf, readSentSteps, serveFile, typesOf, until } from './runSupport.ts';

checkLeaks();

test('a blocking guard is asked before the model, and its block is the end of the run without a model call', async () => {
  const { guard, asked } = guardThat('gate', () => BLOCK, { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  const model = scriptedModel([]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'the secret' });
  const events = await eventsOf(run);
  expect(typesOf(events)).toEqual(['message.received', 'run.started', 'guard.verdict', 'run.failed']);
  expect(events[2]).toMatchObject({ guard: 'gate', stage: 'input', verdict: 'block', reason: 'forbidden', messageId: run.messageId });
  expect(await run.result()).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED', retryable: false } });
  expect(model.requests).toHaveLength(0);
  expect(asked).toMatchObject([{ stage: 'input', text: 'the secret', agent: 'assistant', runId: run.id, threadId: run.threadId }]);
});

test('a guard beside the model stops its call: what was streamed is withdrawn, no tool is called, and the run fails', async () => {
  const streamed = gate();
  const { guard } = guardThat('gate', () => streamed.opened.then(() => BLOCK));
  const { agents, counted } = agentWith({ input: [guard] }, ['act']);
  const model = scriptedModel([
    { text: 'as you wish', until: streamed.opened.then(() => new Promise(() => {})), toolCalls: [{ name: 'act' }] },
  ]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'the secret' });
  await until(run, 'text.delta');
  streamed.open();
  const result = await run.result();
  expect(result).toMatchObject({ status: 'failed', text: '', error: { code: 'GUARDRAIL_TRIPPED' } });
  const log = await logOf(client, run.threadId);
  expect(typesOf(log).slice(-4)).toEqual(['message.started', 'guard.verdict', 'message.discarded', 'run.failed']);
  expect(log.find((event) => event.type === 'message.discarded')).toMatchObject({ reason: 'guardrail' });
  expect(counted[0]?.calls).toEqual([]);
  expectSoundLog(log);
});

test('an answer that is faster than its input guard waits for it: nothing is final, and no tool is called, before it passed', async () => {
  const passing = gate();
  const { guard } = guardThat('slow', () => passing.opened.then(() => PASS));
  const { agents, counted } = agentWith({ input: [guard] }, ['act']);
  const model = scriptedModel([{ text: 'I act', toolCalls: [{ name: 'act', input: {} }] }, { text: 'done' }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'go' });
  await until(run, 'text.delta');
  expect(typesOf(await logOf(client, run.threadId))).not.toContain('message.completed');
  passing.open();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'done' });
  expect(counted[0]?.calls).toHaveLength(1);
  const events = await logOf(client, run.threadId);
  expect(verdictsOf(events)).toEqual(['slow pass']);
  expectSoundLog(events);
});

test.each([true, false])(
  'a rewrite (blocking: %s) changes what models are sent, now and later, and in forks; the log keeps the words',
  async (blocking) => {
    const { guard, asked } = guardThat('mask', ({ text }) => ({ verdict: 'rewrite', text: text.replace('4711', '****') }), { blocking });
    const { agents } = agentWith({ input: [guard] });
    const model = scriptedModel([{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
    const { server, database } = await serveFile({ agents, models: { assistant: model } });
    await using _ = server;
    const client = server.client<InferApi<typeof agents>>();
    const first = await client.send({ agent: 'assistant', text: 'my pin is 4711' });
    expect(await first.result()).toMatchObject({ status: 'completed', text: 'one' });
    const second = await client.send({ agent: 'assistant', text: 'and now?', threadId: first.threadId });
    await second.result();
    const fork = await client.threads.fork({ threadId: first.threadId });
    await (await client.send({ agent: 'assistant', text: 'and here?', threadId: fork.id })).result();
    expect(model.requests.map(({ messages }) => messages[0])).toEqual(Array(3).fill({ role: 'user', text: 'my pin is ****' }));
    expect(asked.map(({ text }) => text)).toEqual(['my pin is 4711', 'and now?', 'and here?']);
    const log = await logOf(client, first.threadId);
    expect(log[0]).toMatchObject({ type: 'message.received', text: 'my pin is 4711' });
    expect(verdictsOf(log)).toEqual(['mask rewrite', 'mask rewrite']);
    expect(JSON.stringify(log.slice(1))).not.toContain('pin is 4711');
    const steps = await readSentSteps(database, first.id);
    expect(steps.at(-1)?.messages[0]).toMatchObject({ text: 'my pin is ****' });
  },
);

test('a rewrite beside a model call withdraws it and makes it again with the new text', async () => {
  const streamed = gate();
  const { guard } = guardThat('mask', () => streamed.opened.then(() => ({ verdict: 'rewrite' as const, text: 'my pin is ****' })));
  const { agents } = agentWith({ input: [guard] });
  const model = scriptedModel([{ text: 'Your pin is 4711', until: new Promise(() => {}) }, { text: 'I do not know it' }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'my pin is 4711' });
  await until(run, 'text.delta');
  streamed.open();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'I do not know it' });
  expect(model.requests.map(({ messages }) => messages)).toEqual([
    [{ role: 'user', text: 'my pin is 4711' }],
    [{ role: 'user', text: 'my pin is ****' }],
  ]);
  const log = await logOf(client, run.threadId);
  expect(typesOf(log)).toEqual([
    ...['message.received', 'run.started', 'message.started', 'guard.verdict', 'message.discarded'],
    ...['message.started', 'message.completed', 'run.completed'],
  ]);
  expect(JSON.stringify(log.slice(1))).not.toContain('pin is 4711');
  expectSoundLog(log);
});

test('guards that rewrite the same message work on each other’s text', async () => {
  const { guard: first } = guardThat('first', ({ text }) => ({ verdict: 'rewrite', text: `${text} a` }));
  const { guard: second, asked } = guardThat('second', ({ text }) => ({ verdict: 'rewrite', text: `${text} b` }));
  const { agents } = agentWith({ input: [first, second] });
  const model = scriptedModel([{ text: 'ok' }]);
  const lateModel = { ...model, stream: model.stream };
  await using server = await createTestServer({ agents, models: { assistant: lateModel } });
  const client = server.client<InferApi<typeof agents>>();
  await (await client.send({ agent: 'assistant', text: 'x' })).result();
  expect(model.requests.at(-1)?.messages).toEqual([{ role: 'user', text: 'x a b' }]);
  expect(asked.map(({ text }) => text)).toEqual(['x', 'x a']);
});

test('a blocked message is not shown to models later', async () => {
  const { guard } = guardThat('gate', ({ text }) => (text.includes('secret') ? BLOCK : PASS), { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  const model = scriptedModel([{ text: 'hello' }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const blocked = await client.send({ agent: 'assistant', text: 'the secret' });
  await blocked.result();
  const run = await client.send({ agent: 'assistant', text: 'hi', threadId: blocked.threadId });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'hello' });
  expect(model.requests[0]?.messages).toEqual([{ role: 'user', text: 'hi' }]);
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items.map(({ text }) => text)).toContain('the secret');
});

test.each([true, false])('a steered message is looked at before a model is sent it (blocking: %s)', async (blocking) => {
  const { guard, asked } = guardThat('gate', ({ text }) => (text.includes('secret') ? BLOCK : PASS), { blocking });
  const { agents } = agentWith({ input: [guard] });
  const steered = gate();
  const model = scriptedModel([{ text: 'first', until: steered.opened }, ...(blocking ? [] : [{ text: 'second' }])]);
  await using server = await createTestServer({ agents, models: { assistant: { ...model, assertDone: () => {} } as typeof model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'hi' });
  await until(run, 'text.delta');
  const steer = await client.send({ agent: 'assistant', text: 'the secret', threadId: run.threadId, whenBusy: 'steer' });
  expect(steer.receipt.disposition).toBe('steered');
  steered.open();
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
  expect(asked.map(({ text }) => text)).toEqual(['hi', 'the secret']);
  if (blocking) expect(model.requests).toHaveLength(1);
  const log = await logOf(client, run.threadId);
  expect(log.filter((event) => event.type === 'guard.verdict')).toMatchObject([
    { messageId: run.messageId, verdict: 'pass' },
    { messageId: steer.messageId, verdict: 'block' },
  ]);
  expectSoundLog(log);
});

test('a message that is steered in while a guard thinks waits for the next step, and is looked at first', async () => {
  const thinking = gate();
  const { guard, asked } = guardThat('gate', () => thinking.opened.then(() => PASS), { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  const model = scriptedModel([{ text: 'first' }, { text: 'second' }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'hi' });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await client.send({ agent: 'assistant', text: 'and this', threadId: run.threadId, whenBusy: 'steer' });
  thinking.open();
  expect(await run.text()).toBe('second');
  expect(asked.map(({ text }) => text)).toEqual(['hi', 'and this']);
  expect(model.requests.map(({ messages }) => messages.length)).toEqual([1, 3]);
});

test('what a guard has said is not asked again, in later steps and after a crash', async () => {
  const { guard, asked } = guardThat('mask', () => ({ verdict: 'rewrite', text: 'masked' }));
  const { agents } = agentWith({ input: [guard] }, ['act']);
  const model = scriptedModel([
    { toolCalls: [{ name: 'act', input: {} }] },
    { text: 'half', until: new Promise(() => {}) },
    { text: 'whole' },
  ]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'assistant', text: 'plain' });
  await until(run, 'text.delta');
  await server.crash();
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'whole' });
  expect(asked).toHaveLength(1);
  for (const { messages } of model.requests) expect(messages[0]).toEqual({ role: 'user', text: 'masked' });
});

test('a run whose guard had blocked before a crash ends at the next start, without a question', async () => {
  const { guard, asked } = guardThat('gate', () => BLOCK, { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  await using server = await createTestServer({ agents, models: { assistant: scriptedModel([]) } });
  const client = server.client<InferApi<typeof agents>>();
  // The verdict is committed and its reader told; the end of the run is a commit of its own.
  const run = await client.send({ agent: 'assistant', text: 'x' });
  await until(run, 'guard.verdict');
  await server.crash();
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
  expect(asked).toHaveLength(1);
});

test('a guard that throws, takes too long or says nonsense blocks; with onError it passes; the log names the kind and not the text', async () => {
  const logged: unknown[] = [];
  const failing: Record<string, InputGuard> = {
    throws: { name: 'throws', check: ({ text }) => Promise.reject(new RangeError(`cannot read ${text}`)) },
    hangs: { name: 'hangs', timeoutMs: 20, check: () => new Promise(() => {}) },
    // The edge: a guard of plain JavaScript.
    nonsense: { name: 'nonsense', check: () => ({ verdict: 'maybe' }) as unknown as GuardVerdict },
  };
  for (const [name, guard] of Object.entries(failing)) {
    for (const onError of [undefined, 'pass'] as const) {
      const { agents } = agentWith({ input: [{ ...guard, onError, blocking: true }] });
      const model = scriptedModel(onError === 'pass' ? [{ text: 'ok' }] : []);
      const error = (details: object): unknown => logged.push(details);
      const logger = { info: () => {}, warn: () => {}, error };
      await using server = await createTestServer({ agents, models: { assistant: model }, logger });
      const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'the secret' });
      const events = await eventsOf(run);
      const verdict = events.find((event) => event.type === 'guard.verdict');
      expect(verdict, name).toMatchObject({ guard: name, verdict: onError ?? 'block', reason: 'guard failed' });
      expect(events.at(-1)?.type).toBe(onError === 'pass' ? 'run.completed' : 'run.failed');
    }
  }
  const lines = logged.map((details) => (details as { err: Error }).err.stack ?? '').join('\n');
  expect(lines).toContain('The guard throws failed with RangeError');
  expect(lines).toContain('guards.test.ts');
  expect(lines).not.toContain('secret');
});

test('a guard has half a minute, unless it says otherwise', async () => {
  const { guard } = guardThat('hangs', () => new Promise(() => {}), { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  await using server = await createTestServer({ agents, models: { assistant: scriptedModel([]) }, limits: { guardTimeoutMs: 30 } });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'GUARDRAIL_TRIPPED' } });
});

test('what a guard used of a model is counted in the run', async () => {
  const { guard } = guardThat('paid', () => ({ verdict: 'pass', usage: { inputTokens: 100, outputTokens: 10 } }), { blocking: true });
  const { agents } = agentWith({ input: [guard] });
  const model = scriptedModel([{ text: 'ok', usage: { inputTokens: 7, outputTokens: 1 } }]);
  await using server = await createTestServer({ agents, models: { assistant: model } });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
  expect((await run.result()).usage).toMatchObject({ inputTokens: 107, outputTokens: 11 });
});

test('a cancel while a guard thinks ends the run, and the guard is told by its signal', async () => {
  const told = vi.fn();
  const asked = gate();
  const { guard } = guardThat(
    'thinker',
    ({ signal }) => {
      signal.addEventListener('abort', told);
      asked.open();
      return new Promise(() => {});
    },
    { blocking: true },
  );
  const { agents } = agentWith({ input: [guard] });
  await using server = await createTestServer({ agents, models: { assistant: scriptedModel([]) } });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'assistant', text: 'x' });
  await asked.opened;
  const cancelledAt = performance.now();
  await run.cancel();
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  // It is deaf, and the grace of deaf work is ten seconds.
  expect(performance.now() - cancelledAt).toBeLessThan(5_000);
  expect(told).toHaveBeenCalled();
});

test('agents that are asked at once each have their guards, whose word is not the others’', async () => {
  const { guard: wall } = guardThat('wall', () => BLOCK, { blocking: true });
  const { guard: mask } = guardThat('mask', () => ({ verdict: 'rewrite', text: 'masked' }), { blocking: true });
  const agent = (guards: Guards) => defineAgent({ description: 'One of several', model: scriptedModel([]), guards });
  const agents = { walled: agent({ input: [wall] }), masking: agent({ input: [mask] }), free: agent({}) };
  const [masking, free] = [scriptedModel([{ text: 'm' }]), scriptedModel([{ text: 'f' }])];
  await using server = await createTestServer({ agents, models: { walled: scriptedModel([]), masking, free } });
  const run = await server.client().send({ agents: ['walled', 'masking', 'free'], text: 'plain' });
  expect(await run.result()).toMatchObject({ status: 'completed', outcome: 'partial' });
  expect(masking.requests[0]?.messages).toEqual([{ role: 'user', text: 'masked' }]);
  expect(free.requests[0]?.messages).toEqual([{ role: 'user', text: 'plain' }]);
});
