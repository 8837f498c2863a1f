import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const answers = (count: number): ScriptedStep[] => Array.from({ length: count }, (_, index) => ({ text: `answer ${index + 1}` }));

async function conversation(steps: readonly ScriptedStep[], questions: readonly string[]) {
  const model = scriptedModel(steps);
  const server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) } });
  const client = server.client();
  const runs: Awaited<ReturnType<typeof client.send>>[] = [];
  for (const text of questions) {
    const run = await client.send({ agent: 'bot', text, ...(runs[0] !== undefined && { threadId: runs[0].threadId }) });
    await run.result();
    runs.push(run);
  }
  const texts = async (threadId: string) => (await client.threads.messages({ threadId })).items.map(({ text }) => text);
  return { model, server, client, runs, texts, threadId: runs[0]?.threadId ?? '' };
}

test('an edited message is answered in a fork that ends just before it; the thread stays as it is', async () => {
  const { model, server, client, runs, texts, threadId } = await conversation(answers(4), ['one', 'two', 'three']);
  await using _ = server;
  const before = await logOf(client, threadId);
  const run = await client.messages.edit({ messageId: runs[1]?.messageId ?? '', text: 'another two' });
  expect(run.threadId).not.toBe(threadId);
  expect(run.receipt).toMatchObject({ disposition: 'started', seq: 2 });
  expect(await run.text()).toBe('answer 4');
  expect(await texts(run.threadId)).toEqual(['one', 'answer 1', 'another two', 'answer 4']);
  expect(model.requests[3]?.messages.map((turn) => 'text' in turn && turn.text)).toEqual(['one', 'answer 1', 'another two']);
  expect(await logOf(client, threadId)).toEqual(before);
});

test('the first message can be edited too, and an edited one again', async () => {
  const { server, client, runs, texts } = await conversation(answers(3), ['one']);
  await using _ = server;
  const first = await client.messages.edit({ messageId: runs[0]?.messageId ?? '', text: 'uno' });
  await first.result();
  const second = await client.messages.edit({ messageId: first.messageId, text: 'eins' });
  await second.result();
  expect(await texts(second.threadId)).toEqual(['eins', 'answer 3']);
});

test('it has the agent, the context, the options and the metadata of then, unless others are given', async () => {
  const model = scriptedModel(answers(3));
  const bot = defineAgent({
    description: 'bot',
    model,
    contextInput: z.object({ plan: z.string() }),
    instructions: ({ context }) => context.plan,
  });
  const other = defineAgent({
    description: 'other',
    model,
    contextInput: z.object({ tier: z.number() }),
    instructions: ({ context }) => `tier ${context.tier}`,
  });
  const agents = { bot, other };
  await using server = await createTestServer({ agents });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({
    agent: 'bot',
    text: 'hi',
    context: { plan: 'pro' },
    options: { temperature: 0.5 },
    metadata: { from: 'form' },
  });
  await run.result();
  const edited = await client.messages.edit({ messageId: run.messageId, text: 'hello' });
  await edited.result();
  const elsewhere = await client.messages.edit({
    messageId: run.messageId,
    text: 'hello',
    agent: 'other',
    context: { tier: 2 },
    metadata: {},
  });
  await elsewhere.result();
  expect(model.requests.map(({ instructions, options }) => [instructions, options])).toEqual([
    ['pro', { temperature: 0.5 }],
    ['pro', { temperature: 0.5 }],
    ['tier 2', { temperature: 0.5 }],
  ]);
  const metadata = async (threadId: string) =>
    (await client.threads.messages({ threadId })).items.flatMap((message) => (message.role === 'user' ? [message.metadata] : []));
  expect(await metadata(edited.threadId)).toEqual([{ from: 'form' }]);
  expect(await metadata(elsewhere.threadId)).toEqual([{}]);
  // The context of one agent is not that of another.
  await expect(client.messages.edit({ messageId: run.messageId, text: 'x', agent: 'other' } as never)).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});

test('its files go along, unless others are given', async () => {
  const { server, client } = await conversation(answers(3), []);
  await using _ = server;
  const file = await client.files.upload(new Blob(['notes']), { name: 'notes.txt' });
  const run = await client.send({ agent: 'bot', text: 'hi', attachments: [file.id] });
  await run.result();
  const filesOf = async (threadId: string) =>
    (await client.threads.messages({ threadId })).items.flatMap((message) => (message.role === 'user' ? (message.attachments ?? []) : []));
  const same = await client.messages.edit({ messageId: run.messageId, text: 'hello' });
  await same.result();
  const none = await client.messages.edit({ messageId: run.messageId, text: 'hello', attachments: [] });
  await none.result();
  expect(await filesOf(same.threadId)).toEqual(await filesOf(run.threadId));
  expect((await filesOf(same.threadId)).map(({ id }) => id)).toEqual([file.id]);
  expect(await filesOf(none.threadId)).toEqual([]);
});

test('a message without an agent takes one', async () => {
  const model = scriptedModel(answers(1));
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) } });
  const client = server.client();
  const thread = await client.threads.create({ messages: [{ role: 'user', text: 'imported' }] });
  const [message] = (await client.threads.messages({ threadId: thread.id })).items;
  const messageId = message?.id ?? '';
  await expect(client.messages.edit({ messageId, text: 'x' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('agent'),
  });
  expect(await (await client.messages.edit({ messageId, text: 'x', agent: 'bot' })).text()).toBe('answer 1');
});

test('what cannot be edited is refused, and nothing is stored', async () => {
  const held = gate();
  const { server, client, runs, threadId } = await conversation(
    [...answers(1), { text: 'held', waitFor: held.opened }, { text: 'last' }],
    ['one'],
  );
  await using _ = server;
  const answer = (await client.threads.messages({ threadId })).items[1]?.id ?? '';
  await expect(client.messages.edit({ messageId: answer, text: 'x' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(client.messages.edit({ messageId: 'msg_none', text: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(
    server
      .as('bob')
      .client()
      .messages.edit({ messageId: runs[0]?.messageId ?? '', text: 'x' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await client.send({ agent: 'bot', text: 'two', threadId });
  const queued = await client.send({ agent: 'bot', text: 'three', threadId });
  await expect(client.messages.edit({ messageId: queued.messageId, text: 'x' })).rejects.toMatchObject({ code: 'RUN_OPEN' });
  expect((await client.threads.list()).items).toHaveLength(1);
  held.open();
  await queued.result();
});

describe('a retry', () => {
  test('answers the same message again, without what was said', async () => {
    const { model, server, client, runs, texts, threadId } = await conversation(answers(4), ['one', 'two']);
    await using _ = server;
    const [, last] = runs;
    const again = await last?.retry();
    expect(again?.threadId).toBe(threadId);
    expect(again?.messageId).toBe(last?.messageId);
    expect(await again?.text()).toBe('answer 3');
    expect(model.requests[2]?.messages).toEqual(model.requests[1]?.messages);
    expect(await texts(threadId)).toEqual(['one', 'answer 1', 'two', '', 'answer 3']);
    const log = await logOf(client, threadId);
    expectSoundLog(log);
    const begun = log.filter((event) => event.type !== 'thread.snapshot' && event.runId === again?.id).map((event) => event.type);
    expect(begun.slice(0, 3)).toEqual(['run.queued', 'message.discarded', 'run.started']);
    expect(log.find((event) => event.type === 'message.discarded')).toMatchObject({ reason: 'retried', runId: again?.id });
    await (await client.send({ agent: 'bot', text: 'three', threadId })).result();
    expect(model.requests[3]?.messages.map((turn) => 'text' in turn && turn.text)).toEqual(['one', 'answer 1', 'two', 'answer 3', 'three']);
  });

  test('of a failed run, and again of that', async () => {
    const { server, runs, texts, threadId } = await conversation(
      [{ text: 'half', error: 'no' }, { error: 'no' }, { text: 'whole' }],
      ['one'],
    );
    await using _ = server;
    const second = await runs[0]?.retry();
    expect((await second?.result())?.status).toBe('failed');
    const third = await second?.retry();
    expect(await third?.text()).toBe('whole');
    expect((await texts(threadId)).filter((text) => text !== '')).toEqual(['one', 'whole']);
  });

  test('leaves out tool calls and their results too; what they did stays done', async () => {
    const { tool, calls } = countingTool('pay');
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'paid' }, { text: 'again' }]);
    await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools: [tool] }) } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'pay' });
    await run.result();
    const { head } = await client.threads.get({ threadId: run.threadId });
    const again = await run.retry();
    expect(await again.text()).toBe('again');
    expect(model.requests[2]?.messages).toEqual([{ role: 'user', text: 'pay' }]);
    expect(calls).toHaveLength(1);
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.filter((event) => event.type === 'message.discarded')).toHaveLength(2);
    const { id: threadId } = await client.threads.fork({ threadId: run.threadId, atSeq: head });
    expect((await client.threads.messages({ threadId })).items).toMatchObject([
      { text: 'pay' },
      { text: '', toolCalls: [{ tool: 'pay', status: 'completed' }] },
      { text: 'paid' },
    ]);
  });

  test('of several agents that were asked at once asks all of them again; so does an edit', async () => {
    const one = scriptedModel([{ text: 'one 1' }, { text: 'one 2' }, { text: 'one 3' }]);
    const two = scriptedModel([{ text: 'two 1' }, { text: 'two 2' }, { text: 'two 3' }]);
    await using server = await createTestServer({
      agents: { one: defineAgent({ description: '', model: one }), two: defineAgent({ description: '', model: two }) },
    });
    const client = server.client();
    const run = await client.send({ agents: ['one', 'two'], text: 'hi' });
    await run.result();
    const again = await run.retry();
    expect(again.receipt.children?.map((child) => child.agent)).toEqual(['one', 'two']);
    expect((await again.result()).status).toBe('completed');
    expect([one, two].map((model) => model.requests[1]?.messages)).toEqual([
      [{ role: 'user', text: 'hi' }],
      [{ role: 'user', text: 'hi' }],
    ]);
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.filter((event) => event.type === 'message.discarded')).toHaveLength(2);
    const edited = await client.messages.edit({ messageId: run.messageId, text: 'hello' });
    expect((await edited.result()).status).toBe('completed');
    expect([one, two].map((model) => model.requests[2]?.messages)).toEqual([
      [{ role: 'user', text: 'hello' }],
      [{ role: 'user', text: 'hello' }],
    ]);
  });

  test('of a run that was cancelled before it began sends its message again', async () => {
    const held = gate();
    const { server, client, threadId } = await conversation(
      [...answers(1), { text: 'held', waitFor: held.opened }, { text: 'last' }],
      ['one'],
    );
    await using _ = server;
    const second = await client.send({ agent: 'bot', text: 'two', threadId });
    const third = await client.send({ agent: 'bot', text: 'three', threadId, metadata: { n: 3 } });
    await third.cancel();
    await expect(second.retry()).rejects.toMatchObject({ code: 'RUN_OPEN' });
    const again = await third.retry();
    expect(again.receipt).toMatchObject({ disposition: 'queued', threadId });
    held.open();
    expect(await again.text()).toBe('last');
    const { items } = await client.threads.messages({ threadId });
    expect(items.flatMap((message) => (message.role === 'user' ? [[message.text, message.status, message.metadata]] : []))).toEqual([
      ['one', 'complete', undefined],
      ['two', 'complete', undefined],
      ['three', 'dropped', { n: 3 }],
      ['three', 'complete', { n: 3 }],
    ]);
  });

  test('while the thread is at work is RUN_OPEN, and of an older run BAD_INPUT that says what to do', async () => {
    const { server, client, runs, threadId } = await conversation(
      [...answers(2), { text: 'held', until: new Promise(() => {}) }],
      ['one', 'two'],
    );
    await using _ = server;
    await expect(runs[0]?.retry()).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('fork'),
      details: { lastRunId: runs[1]?.id },
    });
    const run = await client.send({ agent: 'bot', text: 'three', threadId });
    await until(run, 'text.delta');
    await expect(run.retry()).rejects.toMatchObject({ code: 'RUN_OPEN', details: { runId: run.id } });
    await expect(runs[1]?.retry()).rejects.toMatchObject({ code: 'RUN_OPEN' });
    await expect(
      server
        .as('bob')
        .client()
        .run(runs[1]?.id ?? '')
        .retry(),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is told to every reader, and a fork from before it has the first answer', async () => {
    const { server, client, runs, texts, threadId } = await conversation(answers(2), ['one']);
    await using _ = server;
    const { head } = await client.threads.get({ threadId });
    const again = await runs[0]?.retry();
    const events = again === undefined ? [] : await eventsOf(again);
    expect(events.map((event) => event.type)).toContain('message.discarded');
    const before = await client.threads.fork({ threadId, atSeq: head });
    expect(await texts(before.id)).toEqual(['one', 'answer 1']);
    const after = await client.threads.fork({ threadId });
    expect(await texts(after.id)).toEqual(['one', 'answer 2']);
  });

  test('after a restart, of a thread that is folded', async () => {
    const { server, client, runs, texts, threadId } = await conversation(answers(2), ['one']);
    await using _ = server;
    await server.restart();
    await server.fold({ olderThanDays: 0 });
    const again = await client.run(runs[0]?.id ?? '').retry();
    expect(await again.text()).toBe('answer 2');
    expect((await texts(threadId)).filter((text) => text !== '')).toEqual(['one', 'answer 2']);
  });

  test('that crashes goes on like any run', async () => {
    const { model, server, runs } = await conversation(
      [...answers(1), { text: 'half', until: new Promise(() => {}) }, { text: 'whole' }],
      ['one'],
    );
    await using _ = server;
    const again = await runs[0]?.retry();
    if (again === undefined) throw new Error('no run');
    await until(again, 'text.delta');
    await server.crash();
    expect(await again.text()).toBe('whole');
    expect(model.requests[2]?.messages).toEqual([{ role: 'user', text: 'one' }]);
  });
});

test('a run that was retried before cannot be retried again: the answer names the one that can', async () => {
  const model = scriptedModel([{ text: 'one' }, { text: 'two' }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await run.result();
  const again = await run.retry();
  await again.result();
  await expect(run.retry()).rejects.toMatchObject({ code: 'BAD_INPUT', details: { lastRunId: again.id } });
});
