import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, gate, logOf } from './runSupport.ts';

checkLeaks();

const answers = (count: number) => Array.from({ length: count }, (_, index) => ({ text: `answer ${index + 1}` }));

async function forked(questions: readonly string[]) {
  const model = scriptedModel(answers(6));
  const server = await createTestServer({
    agents: { bot: defineAgent({ description: 'bot', model }), other: defineAgent({ description: 'other', model }) },
  });
  const client = server.client();
  let threadId = '';
  for (const text of questions) {
    const run = await client.send({ agent: 'bot', text, ...(threadId !== '' && { threadId }) });
    await run.result();
    threadId = run.threadId;
  }
  const fork = await client.threads.fork({ threadId });
  const messages = async (id: string) => (await client.threads.messages({ threadId: id })).items;
  const copied = await messages(fork.id);
  const asked = copied.filter(({ role }) => role === 'user');
  const texts = async (id: string) => (await messages(id)).map(({ text }) => text);
  return { model, server, client, threadId, forkId: fork.id, copied, asked, texts };
}

test('the last message of a fork is answered again in the fork; the thread it came from stays as it is', async () => {
  const { model, server, client, threadId, forkId, copied, asked, texts } = await forked(['one', 'two']);
  await using _ = server;
  const before = await logOf(client, threadId);
  const messageId = asked[1]?.id ?? '';
  const again = await client.messages.retry({ messageId });
  expect(again.receipt).toMatchObject({ threadId: forkId, messageId, disposition: 'started', seq: 4 });
  expect(await again.text()).toBe('answer 3');
  expect(model.requests[2]?.messages).toEqual(model.requests[1]?.messages);
  expect(await texts(forkId)).toEqual(['one', 'answer 1', 'two', '', 'answer 3']);
  expect(await logOf(client, threadId)).toEqual(before);
  const events = await eventsOf(again);
  expect(events.map(({ type }) => type).slice(0, 3)).toEqual(['run.queued', 'message.discarded', 'run.started']);
  // A reader who was there all along sees what one sees who comes now.
  expect(events.reduce(foldEvent, copied).map(({ text }) => text)).toEqual(await texts(forkId));
  // From now on it has a run, and is retried like any other.
  expect(await (await again.retry()).text()).toBe('answer 4');
  expect(await (await client.messages.retry({ messageId })).text()).toBe('answer 5');
  expect((await texts(forkId)).filter((text) => text !== '')).toEqual(['one', 'answer 1', 'two', 'answer 5']);
  await (await client.send({ agent: 'bot', text: 'three', threadId: forkId })).result();
  expect(model.requests[5]?.messages.map((turn) => 'text' in turn && turn.text)).toEqual(['one', 'answer 1', 'two', 'answer 5', 'three']);
});

test('another agent may answer it, and a fork before the answer or an imported history is answered too', async () => {
  const { server, client, threadId, asked } = await forked(['one']);
  await using _ = server;
  const byOther = await client.messages.retry({ messageId: asked[0]?.id ?? '', agent: 'other' });
  expect((await byOther.info()).agent).toBe('other');
  await byOther.result();
  const unanswered = await client.threads.fork({ threadId, atSeq: 2 });
  const [copy] = (await client.threads.messages({ threadId: unanswered.id })).items;
  expect(await (await client.messages.retry({ messageId: copy?.id ?? '' })).text()).toBe('answer 3');
  const imported = await client.threads.create({ messages: [{ role: 'user', text: 'imported' }] });
  const [first] = (await client.threads.messages({ threadId: imported.id })).items;
  await expect(client.messages.retry({ messageId: first?.id ?? '' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('agent'),
  });
  expect(await (await client.messages.retry({ messageId: first?.id ?? '', agent: 'bot' })).text()).toBe('answer 4');
});

test('a copy has no context of then: where the agent needs one, it is given', async () => {
  const model = scriptedModel(answers(2));
  const contextInput = z.object({ plan: z.string() });
  const agents = { bot: defineAgent({ description: 'bot', model, contextInput, instructions: ({ context }) => context.plan }) };
  await using server = await createTestServer({ agents });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'bot', text: 'hi', context: { plan: 'pro' } });
  await run.result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  const messageId = (await client.threads.messages({ threadId: fork.id })).items[0]?.id ?? '';
  await expect(client.messages.retry({ messageId })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('context'),
  });
  expect(await (await client.messages.retry({ messageId, agent: 'bot', context: { plan: 'free' } })).text()).toBe('answer 2');
  expect(model.requests[1]?.instructions).toBe('free');
});

test('tool calls that the fork copied are withdrawn with their message, and not made again', async () => {
  const { tool, calls } = countingTool('pay');
  const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'paid' }, { text: 'again' }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools: [tool] }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'pay' });
  await run.result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  const messageId = (await client.threads.messages({ threadId: fork.id })).items[0]?.id ?? '';
  expect(await (await client.messages.retry({ messageId })).text()).toBe('again');
  expect(model.requests[2]?.messages).toEqual([{ role: 'user', text: 'pay' }]);
  expect(calls).toHaveLength(1);
});

test("what is not the last message of the user, not the caller's, or in a thread at work is refused", async () => {
  const held = gate();
  const model = scriptedModel([{ text: 'answer 1' }, { text: 'answer 2' }, { text: 'held', waitFor: held.opened }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'one' });
  await run.result();
  await (await client.send({ agent: 'bot', text: 'two', threadId: run.threadId })).result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  const [one, answer, two] = (await client.threads.messages({ threadId: fork.id })).items.map(({ id }) => id);
  if (one === undefined || answer === undefined || two === undefined) throw new Error('nothing was copied');
  await expect(client.messages.retry({ messageId: one })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('last'),
  });
  await expect(client.messages.retry({ messageId: answer })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(client.messages.retry({ messageId: 'msg_none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(server.as('bob').client().messages.retry({ messageId: two })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const open = await client.send({ agent: 'bot', text: 'three', threadId: fork.id });
  await expect(client.messages.retry({ messageId: two })).rejects.toMatchObject({ code: 'RUN_OPEN', details: { runId: open.id } });
  held.open();
  await open.result();
  await expect(client.messages.retry({ messageId: two })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});
