import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('a send with onDisconnect, asked again after its thread was deleted, gets its receipt', async () => {
  const model = scriptedModel([{ text: 'Hello.' }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model }) } });
  const client = server.client();
  const message = { agent: 'a', text: 'hi', onDisconnect: 'cancel', idempotencyKey: 'once' } as const;
  const sent = await client.send(message);
  await sent.result();
  await client.threads.delete({ threadId: sent.threadId });
  expect((await client.send(message)).receipt).toEqual(sent.receipt);
});
