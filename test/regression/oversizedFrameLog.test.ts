import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('a frame that is too large is not logged as a failure of the server', async () => {
  const errors: string[] = [];
  const logger = { info() {}, warn() {}, error: (_: object, message: string) => void errors.push(message) };
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model: scriptedModel([]) }) }, logger });
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/trpc`);
  await once(ws, 'open');
  ws.send('x'.repeat(300 * 1024));
  const [code] = await once(ws, 'close');
  expect(code).toBe(1009);
  expect(errors).toEqual([]);
});
