import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog, gate, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const sign = defineTool({
  name: 'sign',
  description: 'Asks for a signature',
  input: z.object({}),
  output: z.string(),
  needsApproval: true,
});
const agents = {
  clerk: defineAgent({ description: 'Has things signed', model: scriptedModel([]), tools: [sign] }),
  other: defineAgent({ description: 'Takes the room', model: scriptedModel([]) }),
};
type Api = InferApi<typeof agents>;
const SIGN = { toolCalls: [{ name: 'sign' }] };
const HOUR_MS = 60 * 60_000;

// The run that asks began the call only when it had room again: until then a client that had seen the decision was told NOT_WAITING.
test('a client-side call that a person let through can be answered at once, and says until when', async () => {
  const held = gate();
  const clock = createManualClock();
  const models = { clerk: scriptedModel([SIGN, { text: 'signed' }]), other: scriptedModel([{ text: 'hm', until: held.opened }]) };
  await using server = await createTestServer({ agents, models, clock, limits: { maxRuns: 1 } });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'clerk', text: 'have it signed' });
  const { callIds } = await until(run, 'run.waiting');
  const callId = callIds[0] ?? '';
  const blocking = await client.send({ agent: 'other', text: 'take the room' });
  await until(blocking, 'text.delta');
  await run.approve(callId);
  const resolved = await until(run, 'approval.resolved');
  expect(resolved).toMatchObject({ decision: 'approved', waitsFor: 'client', expiresAt: clock.now() + HOUR_MS });
  expect(await run.submitToolResult(callId, 'Ada')).toMatchObject({ status: 'completed' });
  held.open();
  expect(await run.text()).toBe('signed');
  expectSoundLog(await eventsOf(client.run(run.id)));
});

test('so can one that a remembered decision lets through', async () => {
  const models = { clerk: scriptedModel([SIGN, SIGN, { text: 'signed' }]), other: scriptedModel([]) };
  await using server = await createTestServer({ agents, models });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'clerk', text: 'have it signed' });
  const { callIds } = await until(run, 'run.waiting');
  await run.approve(callIds[0] ?? '', { remember: 'run' });
  await run.submitToolResult(callIds[0] ?? '', 'Ada');
  const decided: string[] = [];
  for await (const event of run) {
    if (event.type !== 'approval.resolved') continue;
    decided.push(event.callId);
    if (decided.length === 2) await run.submitToolResult(event.callId, 'Bob');
  }
  expect(decided).toHaveLength(2);
  expect(await run.text()).toBe('signed');
});
