import { expect, test } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { eventsOf, expectSoundLog, gate, until, untilAborted } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const schemas = { input: z.object({}), output: z.string() };

// The parent's worker had nothing to wait for, and ended the child's run in the middle of its work.
test.each(['cancel', 'interrupt'] as const)('a child has its grace when its parent, which is at work itself, meets a %s', async (how) => {
  const begun = gate();
  const stopped = gate();
  const finish = gate();
  const wait = defineTool({ name: 'wait', description: 'Waits', ...schemas, execute: (_, { signal }) => untilAborted(signal) });
  const tidy = defineTool({
    name: 'tidy',
    description: 'Finishes what it has begun',
    ...schemas,
    execute: async (_, { signal }) => {
      begun.open();
      await untilAborted(signal).catch(() => stopped.open());
      await finish.opened;
      return 'tidy';
    },
  });
  const child = defineAgent({ description: 'child', model: scriptedModel([]), tools: [tidy] });
  const boss = defineAgent({
    description: 'boss',
    model: scriptedModel([]),
    tools: [wait, agentTool(child, { name: 'ask', description: 'Asks' })],
  });
  const agents = { boss, child };
  const models = {
    boss: scriptedModel([
      { toolCalls: [{ name: 'wait' }, { name: 'ask', input: { task: 'do it' } }] },
      ...(how === 'interrupt' ? [{ text: 'next' }] : []),
    ]),
    child: scriptedModel([{ toolCalls: [{ name: 'tidy' }] }]),
  };
  await using server = await createTestServer({ agents, models });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'boss', text: 'go' });
  await begun.opened;
  const next =
    how === 'interrupt' ? await client.send({ agent: 'boss', text: 'stop', threadId: run.threadId, whenBusy: 'interrupt' }) : undefined;
  if (how === 'cancel') await run.cancel();
  await stopped.opened;
  await until(run, 'tool.failed');
  // Its own work has stopped: time enough to end it.
  for (let turn = 0; turn < 5; turn++) await run.info();
  finish.open();
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  const events = await eventsOf(client.run(run.id));
  expectSoundLog(events);
  expect(events.find((event) => event.type === 'tool.completed')).toMatchObject({ tool: 'tidy', output: 'tidy' });
  expect(events.findLast((event) => event.type === 'run.cancelled')).toMatchObject({ runId: run.id });
  if (next !== undefined) expect(await next.text()).toBe('next');
});
