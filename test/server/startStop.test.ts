import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createServer } from '../../src/server/createServer.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const agents = { bot: defineAgent({ description: 'bot', model: scriptedModel([]) }) };

test('onStart is awaited before a run is taken up, and onStop after the last has stopped', async () => {
  const order: string[] = [];
  const model = scriptedModel([
    { waitFor: new Promise(() => {}) },
    () => {
      order.push('the run goes on');
      return { text: 'went on' };
    },
  ]);
  const bot = defineAgent({
    description: 'bot',
    model,
    context: () => ({ [Symbol.asyncDispose]: async () => void order.push('context disposed') }),
  });
  const onStart = async (): Promise<void> => {
    order.push('starting');
    await new Promise((resolve) => setImmediate(resolve));
    order.push('started');
  };
  const onStop = async (): Promise<void> => void order.push('stopped');
  {
    await using server = await createTestServer({ agents: { bot }, onStart, onStop });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    await until(run, 'message.started');
    await expect.poll(() => model.requests.length).toBe(1);
    await server.restart();
    expect(await run.text()).toBe('went on');
  }
  expect(order).toEqual([
    'starting',
    'started',
    'context disposed',
    'stopped',
    'starting',
    'started',
    'the run goes on',
    'context disposed',
    'stopped',
  ]);
});

test('a crash calls no onStop', async () => {
  const order: string[] = [];
  {
    await using server = await createTestServer({ agents, onStart: () => void order.push('start'), onStop: () => void order.push('stop') });
    await server.crash();
  }
  expect(order).toEqual(['start', 'start', 'stop']);
});

test('onStop is called once, however often the server is closed, when its port and its file are free', async () => {
  const database = join(tempFolder(), 'verbatim.db');
  let stops = 0;
  let port = 0;
  const server = await createServer({
    agents,
    database,
    async onStop() {
      stops++;
      const probe = createHttpServer();
      await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(port, '127.0.0.1', resolve));
      await new Promise((resolve) => probe.close(resolve));
      await (await createServer({ agents, database })).close();
    },
  });
  ({ port } = await server.listen({ port: 0 }));
  await Promise.all([server.close(), server.close()]);
  await server.close();
  expect(stops).toBe(1);
});

test('a failing onStart is the failure of createServer: what was opened is closed, and onStop is not called', async () => {
  const database = join(tempFolder(), 'verbatim.db');
  const cause = new Error('no pool');
  let stops = 0;
  const starting = createServer({
    agents,
    database,
    onStart: async () => {
      throw cause;
    },
    onStop: () => void stops++,
  });
  await expect(starting).rejects.toBe(cause);
  expect(stops).toBe(0);
  await (await createServer({ agents, database })).close();
});

test('a failing onStop is the failure of close, and all is closed', async () => {
  const database = join(tempFolder(), 'verbatim.db');
  const cause = new Error('no');
  const server = await createServer({
    agents,
    database,
    onStop: () => {
      throw cause;
    },
  });
  await server.listen({ port: 0 });
  await expect(server.close()).rejects.toBe(cause);
  await (await createServer({ agents, database })).close();
});

test('the models of titles and summaries are closed with the server', async () => {
  const closed: string[] = [];
  const closing = (name: string) => ({ ...scriptedModel([], { name }), close: async () => void closed.push(name) });
  const bot = defineAgent({
    description: 'bot',
    model: closing('own'),
    history: { summarize: { model: closing('summaries'), maxTokens: 1_000 } },
  });
  await (await createServer({ agents: { bot }, titles: { model: closing('titles') } })).close();
  expect(closed.sort()).toEqual(['own', 'summaries', 'titles']);
});
