import { expect, test } from 'vitest';
import { defineAgent, type InferApi, type Model } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

const SENDS = 20;
const agentsOf = (model: Model) => ({ bot: defineAgent({ description: 'Answers', model }) });

test('sends that meet a shutdown are made once each, and every run ends', async () => {
  // An answer that the shutdown breaks off is asked for again: there are more steps than sends.
  const model = scriptedModel(Array.from({ length: 3 * SENDS }, () => ({ text: 'Yes.', chunks: 4, delayMs: 1 })));
  await using server = await createTestServer({ agents: agentsOf(model) });
  const client = server.client<InferApi<ReturnType<typeof agentsOf>>>();
  const { id: threadId } = await client.threads.create();
  const sending: Promise<Awaited<ReturnType<typeof client.send>>>[] = [];
  let restarted: Promise<void> | undefined;
  for (let index = 0; index < SENDS; index++) {
    sending.push(client.send({ agent: 'bot', text: `message ${index}`, threadId }));
    if (index === SENDS / 2) restarted = server.restart();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const runs = await Promise.all(sending);
  await restarted;
  const ends = await Promise.all(runs.map(async (run) => (await eventsOf(run)).at(-1)?.type));
  expect(ends).toEqual(Array.from({ length: SENDS }, () => 'run.completed'));
  const { items } = await client.threads.messages({ threadId, limit: 200 });
  const asked = items.flatMap((message) => (message.role === 'user' ? [message.text] : []));
  expect(asked.toSorted()).toEqual(Array.from({ length: SENDS }, (_, index) => `message ${index}`).toSorted());
  expectSoundLog(await logOf(client, threadId));
});
