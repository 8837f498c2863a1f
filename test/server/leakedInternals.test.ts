import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { offline } from '../../src/agents/models/offline.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

const SECRET = 'cannot open /srv/app/secrets/db.key at postgres://root:hunter2@10.1.2.3:5432 with sk-live_abcdef123456';
const LEAK = /secrets|hunter2|10\.1\.2\.3|postgres:|sk-live|node_modules|\bat .*\.(ts|js):\d|stack/;

const fail = (): never => {
  throw new Error(SECRET);
};

const tool = defineTool({ name: 'break', description: '', input: z.object({}), output: z.string(), execute: async () => fail() });

const AGENTS = {
  instructions: defineAgent({ description: '', model: offline(), instructions: fail }),
  tool: defineAgent({ description: '', model: scriptedModel([{ toolCalls: [{ name: 'break' }] }, { text: 'oh' }]), tools: [tool] }),
  model: defineAgent({
    description: '',
    model: {
      name: 'broken',
      // biome-ignore lint/correctness/useYield: it fails before it says anything.
      stream: async function* () {
        fail();
      },
    },
  }),
  generator: defineAgent({
    description: '',
    run: async function* () {
      yield { type: 'text.delta', delta: 'so far' };
      fail();
    },
  }),
};

test.each(Object.keys(AGENTS))('what an application throws in its %s stays in the log', async (agent) => {
  const { port } = await startServer({ agents: AGENTS });
  const socket = await openRaw({ port });
  const { threadId, runId }: { threadId: string; runId: string } = await socket.call('mutation', 'messages.send', { agent, text: 'go' });
  await socket.call('query', 'runs.wait', { runId });
  await socket.call('query', 'runs.get', { runId });
  await socket.call('query', 'runs.list', { threadId });
  await socket.call('query', 'threads.messages', { threadId });
  const terminal = agent === 'tool' ? 'run.completed' : 'run.failed';
  await socket.until(socket.watch('threads.watch', { threadId }), terminal);
  await socket.until(socket.watch('threads.watch', { threadId, snapshot: true }), 'thread.snapshot');
  const sse = await openSse({ port }, 'runs.watch', { runId });
  await sse.ended;
  expect(socket.texts.length).toBeGreaterThan(8);
  expect(socket.texts.join('\n')).not.toMatch(LEAK);
  expect(JSON.stringify(sse.data)).not.toMatch(LEAK);
});

test('what an application throws while it looks at a context stays in the log', async () => {
  const contextInput = z.object({ a: z.string().refine(fail) });
  const agents = { picky: defineAgent({ description: '', model: offline(), contextInput }) };
  const { port } = await startServer({ agents });
  const socket = await openRaw({ port });
  const refused = await socket.error('mutation', 'messages.send', { agent: 'picky', text: 'go', context: { a: 'b' } });
  expect(JSON.stringify(refused)).not.toMatch(LEAK);
  expect(await socket.call('query', 'agents.list')).toHaveLength(2);
});

test('what fails inside the server is INTERNAL, says nothing of itself, and is logged', async () => {
  const logged: { err?: unknown }[] = [];
  const logger = { info() {}, warn() {}, error: (fields: object) => void logged.push(fields) };
  const broken = Object.defineProperty(defineAgent({ description: '', model: offline() }), 'onDisconnect', { get: fail });
  const { port, url } = await startServer({ logger, agents: { broken } });
  const message = { agent: 'broken', text: '1 1' };
  const socket = await openRaw({ port });
  const refused = await socket.error('mutation', 'messages.send', message);
  expect(refused).toMatchObject({ message: expect.any(String), data: { reason: expect.stringMatching(/^(INTERNAL|STORAGE_FAILED)$/) } });
  const response = await fetch(`${url}/trpc/messages.send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ json: message }),
  });
  const text = await response.text();
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(text + socket.texts.join('')).not.toMatch(LEAK);
  expect(logged.length).toBe(2);
  expect(await socket.call('query', 'agents.list')).toHaveLength(2);
});

test('no answer over HTTP tells what it is made with', async () => {
  const { url } = await startServer({ authenticate: byToken });
  for (const path of ['/health', '/trpc/agents.list', '/nowhere']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  }
});
