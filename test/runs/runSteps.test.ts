import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Client } from '../../src/client/index.ts';
import { defineAgent, defineTool, type History, type Model } from '../../src/index.ts';
import type { JsonApi } from '../../src/protocol/contract.ts';
import { createTestServer, type ScriptedStep, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const look = defineTool({
  name: 'look',
  description: 'looks',
  input: z.object({ at: z.string() }),
  output: z.string(),
  execute: ({ at }) => `saw ${at}`,
});
const TWO_STEPS: ScriptedStep[] = [
  { text: 'One moment.', toolCalls: [{ name: 'look', input: { at: 'the shelf' } }], usage: { inputTokens: 10, outputTokens: 2 } },
  { text: 'It is there.', usage: { inputTokens: 20, outputTokens: 4 } },
];

async function serve(
  steps: ScriptedStep[] = TWO_STEPS,
  { history = 'all', ...options }: Partial<TestServerOptions> & { history?: History } = {},
) {
  const model = scriptedModel(steps);
  const bot = defineAgent({ description: '', model, instructions: 'BE-KIND', tools: [look], temperature: 0.5, history });
  const server = await createTestServer({ agents: { bot }, prices: { [model.name]: { input: 1, output: 10 } }, ...options });
  const ask = async (client: Client<JsonApi>, text = 'Where is it?', threadId?: string) => {
    const run = await client.send({ agent: 'bot', text, ...(threadId !== undefined && { threadId }) });
    await run.result();
    return run;
  };
  return { server, model, ask };
}

const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'ok',
    (error) => error.data?.reason ?? error,
  );

test('whoever may read a thread sees its model calls with times, usage and cost', async () => {
  const { server, model, ask } = await serve();
  await using _ = server;
  const owner = server.as('ann').client();
  const run = await ask(owner);
  const { items } = await owner.trpc.runs.steps.query({ runId: run.id });
  expect(items).toMatchObject([
    {
      number: 1,
      attempt: 1,
      agent: 'bot',
      model: model.name,
      options: { temperature: 0.5 },
      finish: 'tool_calls',
      usage: { inputTokens: 10, outputTokens: 2, cost: 0.00003 },
    },
    { number: 2, attempt: 1, finish: 'stop', usage: { inputTokens: 20, outputTokens: 4 } },
  ]);
  for (const step of items) {
    expect(step.firstTokenAt).toBeGreaterThanOrEqual(step.startedAt);
    expect(step.endedAt).toBeGreaterThanOrEqual(step.firstTokenAt ?? Number.POSITIVE_INFINITY);
  }
  expect(JSON.stringify(items)).not.toContain('BE-KIND');
  // `seq` is where the message began.
  const begun: number[] = [];
  for await (const event of owner.thread(run.threadId).watch({ after: 0 })) {
    if (event.type === 'message.started') begun.push(event.seq);
    if (event.type === 'run.completed') break;
  }
  expect(items.map((step) => step.seq)).toEqual(begun);
});

test('steps come in pages', async () => {
  const { server, ask } = await serve();
  await using _ = server;
  const owner = server.as('ann').client();
  const { id: runId } = await ask(owner);
  const first = await owner.trpc.runs.steps.query({ runId, limit: 1 });
  const second = await owner.trpc.runs.steps.query({ runId, limit: 1, ...(first.nextPageToken && { pageToken: first.nextPageToken }) });
  expect([first, second].map(({ items }) => items.map((step) => step.number))).toEqual([[1], [2]]);
  expect(second).not.toHaveProperty('nextPageToken');
});

test('an administrator sees what was sent at a step; the owner does not, unless a role says so', async () => {
  const { server, ask } = await serve(TWO_STEPS, { roles: { tuner: { inspect: true } } });
  await using _ = server;
  const owner = server.as('ann').client();
  const { id: runId } = await ask(owner);
  const admin = server.as({ id: 'root', roles: ['admin'] }).client();
  const sent = await admin.trpc.runs.sent.query({ runId, step: 2 });
  expect(sent).toMatchObject({
    number: 2,
    instructions: 'BE-KIND',
    tools: [{ name: 'look', description: 'looks', inputSchema: { type: 'object' } }],
    messages: [
      { role: 'user', text: 'Where is it?' },
      { role: 'assistant', text: 'One moment.', toolCalls: [{ tool: 'look', output: 'saw the shelf' }] },
    ],
  });
  expect(sent).not.toHaveProperty('earlier');
  expect(sent).not.toHaveProperty('shortened');
  expect(await reasonOf(owner.trpc.runs.sent.query({ runId, step: 2 }))).toBe('NOT_ALLOWED');
  expect(
    await reasonOf(
      server
        .as({ id: 'ann', roles: ['tuner'] })
        .client()
        .trpc.runs.sent.query({ runId, step: 2 }),
    ),
  ).toBe('ok');
  // A role that may inspect must be able to read, too.
  expect(
    await reasonOf(
      server
        .as({ id: 'tim', roles: ['tuner'] })
        .client()
        .trpc.runs.sent.query({ runId, step: 2 }),
    ),
  ).toBe('NOT_FOUND');
  expect(await reasonOf(admin.trpc.runs.sent.query({ runId, step: 3 }))).toBe('NOT_FOUND');
});

test('what was sent stays when events are folded; the first token is not known any more', async () => {
  const { server, ask } = await serve();
  await using _ = server;
  const admin = server.as({ id: 'root', roles: ['admin'] }).client();
  const { id: runId } = await ask(admin);
  const before = await admin.trpc.runs.sent.query({ runId, step: 2 });
  await server.fold({ olderThanDays: 0 });
  const { firstTokenAt, ...rest } = before;
  expect(firstTokenAt).toBeDefined();
  expect(await admin.trpc.runs.sent.query({ runId, step: 2 })).toEqual(rest);
});

test('an answer has the newest messages that fit, at least one, and says that there were others', async () => {
  const texts = ['a'.repeat(3_000), 'b'.repeat(3_000), 'c'.repeat(3_000)];
  const { server, ask } = await serve(
    texts.map(() => ({ text: 'yes' })),
    { limits: { maxPageBytes: 4_000 } },
  );
  await using _ = server;
  const admin = server.as({ id: 'root', roles: ['admin'] }).client();
  let threadId: string | undefined;
  let runId = '';
  for (const text of texts) ({ id: runId, threadId } = await ask(admin, text, threadId));
  const sent = await admin.trpc.runs.sent.query({ runId, step: 1 });
  expect(sent.messages.map(({ text }) => text[0])).toEqual(['y', 'c']);
  expect(sent.earlier).toBe(true);
});

test('it is said when the agent sends a part of the conversation', async () => {
  const { server, ask } = await serve([{ text: 'yes' }], { history: { last: 4 } });
  await using _ = server;
  const admin = server.as({ id: 'root', roles: ['admin'] }).client();
  const { id: runId } = await ask(admin);
  expect(await admin.trpc.runs.sent.query({ runId, step: 1 })).toMatchObject({ shortened: true });
});

test('what a provider wants back with its answers is shown to nobody', async () => {
  const model: Model = {
    name: 'thinking',
    async *stream({ messages }) {
      const isFirst = messages.length === 1;
      yield { type: 'text', delta: 'hm' };
      yield {
        type: 'finish',
        finish: isFirst ? 'tool_calls' : 'stop',
        toolCalls: isFirst ? [{ tool: 'look', arguments: '{"at":"it"}' }] : [],
        providerState: { provider: 'some', items: ['ENCRYPTED-THOUGHTS'] },
      };
    },
  };
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model, tools: [look] }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await run.result();
  const sent = await client.trpc.runs.sent.query({ runId: run.id, step: 2 });
  expect(sent.messages).toHaveLength(2);
  expect(JSON.stringify(sent)).not.toContain('ENCRYPTED-THOUGHTS');
});

test('after a crash the step that was withdrawn is there beside the one that took its place', async () => {
  const { server } = await serve([{ text: 'half an', until: new Promise(() => {}) }, { text: 'a whole answer' }]);
  await using _ = server;
  const admin = server.as({ id: 'root', roles: ['admin'] }).client();
  const run = await admin.send({ agent: 'bot', text: 'go' });
  for await (const event of run) if (event.type === 'text.delta') break;
  await server.crash();
  await run.result();
  const { items } = await admin.trpc.runs.steps.query({ runId: run.id });
  expect(items.map(({ number, attempt, discarded, finish }) => ({ number, attempt, discarded, finish }))).toEqual([
    { number: 1, attempt: 1, discarded: true, finish: undefined },
    { number: 2, attempt: 2, discarded: undefined, finish: 'stop' },
  ]);
});
