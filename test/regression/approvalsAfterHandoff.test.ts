import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { until } from '../runs/runSupport.ts';
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
const second = defineAgent({ description: 'second', model: scriptedModel([]) });
const first = defineAgent({ description: 'first', model: scriptedModel([]), tools: [refund], handoffs: [second] });
const agents = { first, second };
const HAND_OVER_AND_REFUND = { toolCalls: [{ name: 'transfer_to_second' }, { name: 'refund' }] };

// They were taken for calls of the agent that spoke when they were looked at.
test('a call is of the agent that asked for it, also when that has handed over in the same step', async () => {
  const models = {
    first: scriptedModel([HAND_OVER_AND_REFUND, HAND_OVER_AND_REFUND]),
    second: scriptedModel([{ text: 'one' }, { text: 'two' }]),
  };
  await using server = await createTestServer({ agents, models });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'first', text: 'go' });
  await until(run, 'run.waiting');
  const [asked] = (await client.approvals.list()).items;
  expect(asked).toMatchObject({ agent: 'first', tool: 'refund' });
  await run.approve(asked?.callId ?? '', { remember: 'thread' });
  expect(await run.text()).toBe('one');
  // What was decided of the first one's calls holds for them, whoever speaks by then.
  const next = await client.send({ agent: 'first', text: 'again', threadId: run.threadId });
  expect(await next.text()).toBe('two');
});
