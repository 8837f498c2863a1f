import assert from 'node:assert/strict';
import { VerbatimError } from '@acme/agents';
import { createTestServer, type Scripts } from '@acme/agents/testing';

// A front-end team's own integration test: without the agents' code, and with the development dependency `verbatim-agents`.
const support: Scripts['support'] = [
  {
    toolCalls: [
      { name: 'refund', input: { orderId: '42', amount: 30 }, output: { refundId: 'r1' } },
      { name: 'pick_file', input: { accept: 'image/*' } },
      { name: 'count', input: { task: 'Count' } },
    ],
  },
  { handoff: 'billing' },
];
{
  await using server = await createTestServer({
    agents: {
      support,
      count: [{ text: 'Three.' }],
      billing: [{ text: 'Refunded.', chunks: 2 }],
      judge: [{ output: { verdict: 'no', why: 'It is not so.' } }],
      chart: [{ data: [{ name: 'points', data: { values: [1] } }], text: 'A point.' }],
    },
  });
  const client = server.as({ id: 'ada' }).client();
  const run = await client.send({ agent: 'support', text: 'Refund me', context: { shop: 'Blue Bikes' } });
  const seen: unknown[] = [];
  for await (const event of run) {
    if (event.type === 'approval.requested' && event.tool === 'refund') await run.approve(event);
    if (event.type === 'tool.called' && event.tool === 'pick_file') await run.submitToolResult(event, { name: 'a.png', size: 3 });
    if (event.type === 'tool.completed' && event.tool === 'refund') seen.push(event.output.refundId);
    if (event.type === 'tool.completed' && event.tool === 'count') seen.push(event.output);
    if (event.type === 'agent.handoff') seen.push(event.to);
  }
  assert.deepEqual(seen.sort(), ['Three.', 'billing', 'r1']);
  assert.equal(await run.text(), 'Refunded.');
  assert.equal((await (await client.send({ agent: 'judge', text: 'Guilty?' })).result()).output?.verdict, 'no');
  assert.equal(await (await client.send({ agent: 'chart', text: 'Draw' })).text(), 'A point.');
  // Errors are those of the generated client.
  await assert.rejects(
    client.threads.get({ threadId: 'none' }),
    (error: unknown) => error instanceof VerbatimError && error.code === 'NOT_FOUND',
  );
}

export const wrong: Scripts[] = [
  // @ts-expect-error there is no such agent
  { nobody: [] },
  // @ts-expect-error the output has no such field
  { support: [{ toolCalls: [{ name: 'refund', input: { orderId: '42', amount: 30 }, output: { id: 'r1' } }] }] },
  // @ts-expect-error the test itself submits it
  { support: [{ toolCalls: [{ name: 'pick_file', input: { accept: '' }, output: { name: 'a.png', size: 3 } }] }] },
  // @ts-expect-error it hands over to billing alone
  { support: [{ handoff: 'judge' }] },
  // @ts-expect-error it may never ask a person
  { support: [{ toolCalls: [{ name: 'count', input: { task: '' }, approval: true }] }] },
];
console.log('the front-end test ran');
