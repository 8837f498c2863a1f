import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { eventsOf, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const refund = defineTool({
  name: 'refund',
  description: 'Pays back',
  input: z.object({}),
  output: z.string(),
  needsApproval: true,
  execute: () => 'paid',
});

// A remembered decision went on deciding when the share of whoever made it was taken back.
test('a remembered decision holds as long as whoever made it may decide', async () => {
  const call = { toolCalls: [{ name: 'refund' }] };
  const models = {
    support: scriptedModel([call, { text: 'one' }, call, { text: 'two' }, call, { text: 'three' }, call, { text: 'four' }]),
  };
  const agents = { support: defineAgent({ description: '', model: models.support, tools: [refund] }) };
  await using server = await createTestServer({ agents, models });
  const ann = server.as({ id: 'ann' }).client<InferApi<typeof agents>>();
  const ben = server.as({ id: 'ben' }).client<InferApi<typeof agents>>();
  const first = await ann.send({ agent: 'support', text: 'a' });
  const { threadId } = first;
  const { id: shareId } = await ann.threads.share({ threadId, with: 'ben', access: 'write' });
  await ben.run(first.id).approve((await until(first, 'approval.requested')).callId, { remember: 'thread' });
  expect(await first.text()).toBe('one');
  const second = await ann.send({ agent: 'support', text: 'b', threadId });
  expect(await second.text()).toBe('two');
  await ann.threads.unshare({ threadId, shareId });
  const third = await ann.send({ agent: 'support', text: 'c', threadId });
  const { callId } = await until(third, 'run.waiting').then(() => until(third, 'approval.requested'));
  expect((await ann.approvals.list({ status: 'pending' })).items).toMatchObject([{ callId }]);
  // One that is asked again decides anew, for as long as it may.
  await third.approve(callId, { remember: 'thread' });
  expect(await third.text()).toBe('three');
  const fourth = await ann.send({ agent: 'support', text: 'd', threadId });
  expect((await eventsOf(fourth)).find((event) => event.type === 'approval.resolved')).toMatchObject({ by: 'ann' });
});
