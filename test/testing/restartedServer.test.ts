import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { defineAgent, offline } from '../../src/index.ts';
import { createTestServer, type TestServerOptions } from '../../src/testing/index.ts';
import { watchTimers } from '../support/liveTimers.ts';

const OPTIONS: TestServerOptions = { agents: { bot: defineAgent({ description: 'bot', model: offline() }) } };

/** Somebody else who has the port. */
async function occupy(port: number): Promise<() => void> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  return () => other.close();
}

test('a restart waits for its port while somebody else has it', async () => {
  await using server = await createTestServer(OPTIONS);
  const { port, url } = server;
  const client = server.client();
  await client.agents.list();
  await server.restart({ onStart: async () => void setTimeout(await occupy(port), 400) });
  expect(server.url).toBe(url);
  expect(await client.agents.list()).toHaveLength(1);
});

test('a restart whose port stays taken leaves nothing behind', async () => {
  using timers = watchTimers();
  const server = await createTestServer(OPTIONS);
  const { port } = server;
  let leave = (): void => {};
  const crashed = server.crash({
    onStart: async () => {
      leave = await occupy(port);
    },
  });
  await expect(crashed).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await server[Symbol.asyncDispose]();
  leave();
  expect(timers.origins).toEqual([]);
});

test('a server that is disposed while it restarts leaves nothing behind', async () => {
  using timers = watchTimers();
  const server = await createTestServer(OPTIONS);
  const crashed = Promise.all([server.crash(), server.restart()]);
  await server[Symbol.asyncDispose]();
  await crashed;
  expect(timers.origins).toEqual([]);
  await expect(fetch(server.url)).rejects.toThrow();
});
