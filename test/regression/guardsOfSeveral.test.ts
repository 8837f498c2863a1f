import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { InputGuard } from '../../src/agents/guard.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { expectSoundLog, logOf } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const masking: InputGuard = {
  name: 'mask',
  check: ({ text }) => (text.includes('4111') ? { verdict: 'rewrite', text: text.replaceAll('4111', '****') } : { verdict: 'pass' }),
};
const blocking: InputGuard = { name: 'stop', check: ({ text }) => ({ verdict: text.includes('4111') ? 'block' : 'pass' }) };

test('what guards hid of a message that several agents were asked stays hidden in later runs and in forks', async () => {
  const one = scriptedModel([1, 2, 3].map((n) => ({ text: `one ${n}` })));
  const two = scriptedModel([1, 2, 3].map((n) => ({ text: `two ${n}` })));
  const agent = (model: ReturnType<typeof scriptedModel>) => defineAgent({ description: '', model, guards: { input: [masking] } });
  await using server = await createTestServer({ agents: { one: agent(one), two: agent(two) } });
  const client = server.client();
  const run = await client.send({ agents: ['one', 'two'], text: 'my card is 4111' });
  await run.result();
  await (await client.send({ agent: 'one', text: 'and?', threadId: run.threadId })).result();
  const fork = await client.threads.fork({ threadId: run.threadId });
  await (await client.send({ agent: 'two', text: 'and?', threadId: fork.id })).result();
  expect(JSON.stringify([one.requests, two.requests])).not.toContain('4111');
});

test('what all of them blocked is in no later request', async () => {
  const one = scriptedModel([{ text: 'fine' }, { text: 'fine' }, { text: 'fine' }]);
  const agents = {
    one: defineAgent({ description: '', model: one, guards: { input: [{ ...blocking, blocking: true }] } }),
    two: defineAgent({ description: '', model: one, guards: { input: [{ ...blocking, blocking: true }] } }),
  };
  await using server = await createTestServer({ agents });
  const client = server.client();
  const run = await client.send({ agents: ['one', 'two'], text: 'my card is 4111' });
  expect(await run.result()).toMatchObject({ status: 'failed' });
  await (await client.send({ agent: 'one', text: 'and?', threadId: run.threadId })).result();
  expect(JSON.stringify(one.requests)).not.toContain('4111');
  expectSoundLog(await logOf(client, run.threadId));
});

test('what one of them blocked, or they did not agree about, is withheld later; each was asked with its own', async () => {
  const steps = () => scriptedModel([1, 2, 3].map((n) => ({ text: `answer ${n}` })));
  const [one, two, three] = [steps(), steps(), steps()];
  const other: InputGuard = { ...masking, name: 'other', check: ({ text }) => ({ verdict: 'rewrite', text: `${text} (checked)` }) };
  const agents = {
    one: defineAgent({ description: '', model: one, guards: { input: [{ ...blocking, blocking: true }] } }),
    two: defineAgent({ description: '', model: two, guards: { input: [{ ...masking, blocking: true }] } }),
    three: defineAgent({ description: '', model: three, guards: { input: [{ ...other, blocking: true }] } }),
    four: defineAgent({ description: '', model: scriptedModel([{ text: 'x' }, { text: 'x' }]) }),
  };
  await using server = await createTestServer({ agents });
  const client = server.client();
  for (const asked of [
    ['one', 'four'],
    ['two', 'three'],
  ] as const) {
    const run = await client.send({ agents: [...asked], text: 'my card is 4111' });
    expect((await run.result()).status).toBe('completed');
    await (await client.send({ agent: 'two', text: 'and?', threadId: run.threadId })).result();
    const fork = await client.threads.fork({ threadId: run.threadId });
    await (await client.send({ agent: 'three', text: 'and?', threadId: fork.id })).result();
    expectSoundLog(await logOf(client, run.threadId));
  }
  const firsts = [...two.requests, ...three.requests].map(({ messages }) => (messages[0]?.role === 'user' ? messages[0].text : ''));
  expect(firsts.toSorted()).toEqual(
    ['my card is ****', 'my card is 4111 (checked)', ...Array.from({ length: 4 }, () => '[This message was withheld.]')].toSorted(),
  );
});
