import assert from 'node:assert/strict';
import { createServer } from 'verbatim-agents';
import { createClient } from 'verbatim-agents/client';
import { createTestServer, scriptedModel } from 'verbatim-agents/testing';
import { type Api, agents } from './agents.js';

// A server on a file, and a client of it.
const server = await createServer({ agents, database: 'file:consumer.db' });
const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
const client = createClient<Api>({ url });
const run = await client.send({ agent: 'support', text: 'Where is order 42?' });
const calls: string[] = [];
for await (const event of run) {
  if (event.type === 'tool.called' && event.tool === 'lookup_order') calls.push(event.input.orderId);
  if (event.type === 'tool.completed' && event.tool === 'lookup_order') calls.push(event.output.status);
}
assert.deepEqual(calls, ['42', 'order 42 is on its way']);
assert.equal((await run.result()).text, 'Order 42 is on its way.');
await client.close();
await server.close();

// An application's own test.
{
  await using testServer = await createTestServer({ agents, models: { plain: scriptedModel([{ text: 'scripted' }]) } });
  const testClient = testServer.client<Api>();
  assert.equal(await (await testClient.send({ agent: 'plain', text: 'hello' })).text(), 'scripted');
}
console.log('the consumer ran');
