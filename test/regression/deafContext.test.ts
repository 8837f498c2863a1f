import { expect, test } from 'vitest';
import { defineAgent, type InferApi } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { gate, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// The worker waited for it after the end of its run, and with the worker its room and the next run of the thread.
test.each([
  ['is never made', (held: Promise<void>) => held],
  ['is never disposed', (held: Promise<void>) => ({ [Symbol.asyncDispose]: () => held })],
])('a context that %s does not hold up the next run', async (_name, context) => {
  const held = gate();
  let made = 0;
  const bot = defineAgent({
    description: 'Needs a context',
    model: scriptedModel([]),
    context: (): unknown => (made++ === 0 ? context(held.opened) : undefined),
  });
  const agents = { bot };
  const first = context(held.opened) instanceof Promise ? [] : [{ text: 'hm', until: held.opened }];
  const models = { bot: scriptedModel([...first, { text: 'next' }]) };
  await using server = await createTestServer({ agents, models, limits: { maxRuns: 1, cancelGraceMs: 20 } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await until(run, 'run.started');
  const next = await client.send({ agent: 'bot', text: 'and on', threadId: run.threadId });
  await run.cancel();
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  expect(await next.text()).toBe('next');
  held.open();
});
