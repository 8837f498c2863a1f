import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// A forked message has no run any more, and the names of its agents were taken for that of one.
test('a forked message that several agents were asked is sent to all of them again when it is edited', async () => {
  const bot = (name: string) => defineAgent({ description: '', model: scriptedModel([1, 2, 3].map((n) => ({ text: `${name} ${n}` }))) });
  await using server = await createTestServer({ agents: { one: bot('one'), two: bot('two') } });
  const client = server.client();
  const run = await client.send({ agents: ['one', 'two'], text: 'hi' });
  await run.result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  const messageId = (await client.threads.messages({ threadId: fork.id })).items[0]?.id ?? '';
  const edited = await client.messages.edit({ messageId, text: 'hello' });
  expect(edited.receipt.children?.map((child) => child.agent)).toEqual(['one', 'two']);
  expect(await edited.result()).toMatchObject({ status: 'completed' });
});

test('an edit keeps what was said of readers that go, also where its agent would have it otherwise', async () => {
  const clock = createManualClock();
  const model = scriptedModel([{ text: 'first' }, { text: 'half', until: new Promise(() => {}) }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model, onDisconnect: 'cancel' }) }, clock });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'hi', onDisconnect: 'continue' });
  await run.result();
  const edited = await client.messages.edit({ messageId: run.messageId, text: 'hello' });
  await vi.waitFor(() => expect(model.requests).toHaveLength(2));
  await clock.advance(30_001);
  expect((await edited.info()).status).toBe('running');
  await edited.cancel();
});
