import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { History } from '../../src/agents/history.ts';
import type { ModelRequest } from '../../src/agents/model.ts';
import type { Logger } from '../../src/server/serverOptions.ts';
import { createTestServer, type ScriptedModel, type ScriptedStep, scriptedModel, type TestServer } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, expectValidRequest, logOf, until } from './runSupport.ts';

checkLeaks();

const answers = (count: number): ScriptedStep[] => Array.from({ length: count }, (_, index) => ({ text: `answer ${index + 1}` }));
const textsOf = (request: ModelRequest | undefined): string[] =>
  (request?.messages ?? []).map((turn) => (turn.role === 'tool' ? 'result' : turn.text));

/** Asks one question after the other in one thread. */
async function ask(server: TestServer, questions: readonly string[], threadId?: string) {
  const client = server.client();
  let thread = threadId;
  let run: Awaited<ReturnType<typeof client.send>> | undefined;
  for (const text of questions) {
    run = await client.send({ agent: 'bot', text, ...(thread !== undefined && { threadId: thread }) });
    await run.result();
    thread = run.threadId;
  }
  if (run === undefined || thread === undefined) throw new Error('nothing was asked');
  return { client, run, threadId: thread };
}

const serve = (model: ScriptedModel, history: History, logger?: Logger) =>
  createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, history }) }, ...(logger !== undefined && { logger }) });

test('the last messages are sent, and the log has all of them', async () => {
  const model = scriptedModel(answers(4));
  await using server = await serve(model, { last: 2 });
  const { client, threadId } = await ask(server, ['one', 'two', 'three', 'four']);
  expect(model.requests.map(textsOf)).toEqual([
    ['one'],
    ['one', 'answer 1', 'two'],
    ['two', 'answer 2', 'three'],
    ['three', 'answer 3', 'four'],
  ]);
  expect((await client.threads.messages({ threadId })).items).toHaveLength(8);
});

test('a budget of tokens is filled with the newest messages; the run’s own are sent whatever they have', async () => {
  const long = 'word '.repeat(200);
  const model = scriptedModel([...answers(3), { text: 'last' }]);
  await using server = await serve(model, { maxTokens: 100 });
  await ask(server, ['one', 'two', long, 'four']);
  expect(model.requests.map(textsOf)).toEqual([['one'], ['one', 'answer 1', 'two'], [long], ['four']]);
});

test('a run that grows beyond its budget lets go of what was before it, and of nothing of its own', async () => {
  const tool = defineTool({
    name: 'big',
    description: 'Gives much',
    input: z.object({}),
    output: z.string(),
    execute: () => 'word '.repeat(200),
  });
  const model = scriptedModel([{ text: 'answer 1' }, { toolCalls: [{ name: 'big' }] }, { text: 'done' }]);
  await using server = await createTestServer({
    agents: { bot: defineAgent({ description: 'bot', model, tools: [tool], history: { maxTokens: 100 } }) },
  });
  await ask(server, ['one', 'two']);
  expect(textsOf(model.requests[1])).toEqual(['one', 'answer 1', 'two']);
  expect(textsOf(model.requests[2])).toEqual(['two', '', 'result']);
  for (const request of model.requests) expectValidRequest(request.messages);
});

describe('a summary', () => {
  const WORDS = 'word '.repeat(46);
  const usage = { inputTokens: 1_000, outputTokens: 500 };
  const summarized = (steps: readonly ScriptedStep[], options: { readonly keepTokens?: number } = { keepTokens: 20 }) => {
    const summarizer = scriptedModel(steps, { name: 'summarizer' });
    return { summarizer, history: { summarize: { model: summarizer, maxTokens: 120, ...options } } };
  };

  test('stands for the oldest messages, is stored, and is used again; its usage is the run’s', async () => {
    const model = scriptedModel([...answers(4)].map((step) => ({ ...step, usage: { inputTokens: 1, outputTokens: 1 } })));
    const { summarizer, history } = summarized([{ text: 'They said words.', usage }]);
    await using server = await serve(model, history);
    const { client, threadId, run } = await ask(server, [WORDS, WORDS, 'three']);
    expect(summarizer.requests).toHaveLength(1);
    expect(summarizer.requests[0]?.messages[0]).toMatchObject({
      role: 'user',
      text: expect.stringContaining(`User: ${WORDS}\n\nAssistant: answer 1`),
    });
    const head = '[What was said before, summed up:\nThey said words.\n]\n\n';
    expect(textsOf(model.requests[2])).toEqual([`${head}three`]);
    expect((await run.result()).usage).toMatchObject({ inputTokens: 1_001, outputTokens: 501 });
    await ask(server, ['four'], threadId);
    expect(summarizer.requests).toHaveLength(1);
    expect(textsOf(model.requests[3])).toEqual([`${head}three`, 'answer 3', 'four']);
    // The log is not touched.
    expect((await client.threads.messages({ threadId })).items.map((message) => message.text)).toEqual([
      WORDS,
      'answer 1',
      WORDS,
      'answer 2',
      'three',
      'answer 3',
      'four',
      'answer 4',
    ]);
    expectSoundLog(await logOf(client, threadId));
  });

  test('keeps the newest messages as they are', async () => {
    const model = scriptedModel(answers(4));
    const { summarizer, history } = summarized([{ text: 'Words.' }], { keepTokens: 60 });
    await using server = await serve(model, history);
    await ask(server, [WORDS + WORDS, 'two', 'three', 'four']);
    const head = '[What was said before, summed up:\nWords.\n]\n\n';
    expect(textsOf(model.requests[2])).toEqual([`${head}two`, 'answer 2', 'three']);
    expect(textsOf(model.requests[3])).toEqual([`${head}two`, 'answer 2', 'three', 'answer 3', 'four']);
    const [given = ''] = textsOf(summarizer.requests[0]);
    expect(given).toContain('answer 1');
    expect(given).not.toContain('two');
  });

  test('goes on from the one before', async () => {
    const model = scriptedModel(answers(5));
    const { summarizer, history } = summarized([{ text: 'First.' }, { text: 'First and second.' }]);
    await using server = await serve(model, history);
    await ask(server, [WORDS, WORDS, WORDS, WORDS, 'five']);
    const asked = summarizer.requests.map((request) => textsOf(request)[0] ?? '');
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('First.');
    expect(asked[1]).not.toContain('answer 1');
    expect(textsOf(model.requests[4])[0]).toContain('First and second.');
  });

  test('that was made before a crash is not made again', async () => {
    const model = scriptedModel([...answers(2), { waitFor: new Promise(() => {}) }, { text: 'went on' }]);
    const { summarizer, history } = summarized([{ text: 'They said words.' }]);
    await using server = await serve(model, history);
    const { client, threadId } = await ask(server, [WORDS, WORDS]);
    const run = await client.send({ agent: 'bot', text: 'three', threadId });
    await until(run, 'message.started');
    await expect.poll(() => model.requests.length).toBe(3);
    await server.crash();
    expect(await run.text()).toBe('went on');
    expect(summarizer.requests).toHaveLength(1);
    expect(textsOf(model.requests[3])).toEqual(textsOf(model.requests[2]));
  });

  test('that fails leaves the messages cut, which is logged; the next run tries again', async () => {
    const lines: string[] = [];
    const logger: Logger = {
      info: () => {},
      warn: (_fields, message) => lines.push(message),
      error: (_fields, message) => lines.push(message),
    };
    const model = scriptedModel(answers(4));
    const { summarizer, history } = summarized([{ error: 'overloaded' }, { text: 'They said words.' }]);
    await using server = await serve(model, history, logger);
    const { run } = await ask(server, [WORDS, WORDS, 'three', 'four']);
    expect(textsOf(model.requests[2])).toEqual([WORDS, 'answer 2', 'three']);
    expect(lines).toEqual(['the history could not be summed up; it was cut instead']);
    expect(summarizer.requests).toHaveLength(2);
    expect(textsOf(model.requests[3])[0]).toContain('They said words.');
    expect((await run.result()).status).toBe('completed');
  });

  test('that takes too long leaves the messages cut', async () => {
    const model = scriptedModel(answers(3));
    const summarizer = scriptedModel([{ waitFor: new Promise(() => {}) }], { name: 'summarizer' });
    await using server = await serve(model, { summarize: { model: summarizer, maxTokens: 120, keepTokens: 20, timeoutMs: 20 } });
    await ask(server, [WORDS, WORDS, 'three']);
    expect(textsOf(model.requests[2])).toEqual([WORDS, 'answer 2', 'three']);
  });

  test('is given up with its run', async () => {
    const model = scriptedModel(answers(2));
    const { summarizer, history } = summarized([{ waitFor: new Promise(() => {}) }]);
    await using server = await serve(model, history);
    const { client, threadId } = await ask(server, [WORDS, WORDS]);
    const run = await client.send({ agent: 'bot', text: 'three', threadId });
    await expect.poll(() => summarizer.requests.length).toBe(1);
    await run.cancel();
    const events = await eventsOf(run);
    expect(events.at(-1)?.type).toBe('run.cancelled');
    expect(model.requests).toHaveLength(2);
  });

  test('of a long imported thread is made part by part', async () => {
    const model = scriptedModel(answers(1));
    const { summarizer, history } = summarized(Array.from({ length: 3 }, (_, index) => ({ text: `Part ${index + 1}.` })));
    await using server = await serve(model, history);
    const client = server.client();
    const messages = Array.from({ length: 10 }, (_, index) => ({
      role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
      text: `${index} ${WORDS}`,
    }));
    const { id: threadId } = await client.threads.create({ messages });
    await ask(server, ['go on'], threadId);
    expect(summarizer.requests.length).toBe(3);
    expect(textsOf(summarizer.requests[2])[0]).toContain('Part 2.');
    expect(textsOf(model.requests[0])).toEqual(['[What was said before, summed up:\nPart 3.\n]\n\ngo on']);
  });

  test('goes when its thread is deleted, and none of it is in a fork', async () => {
    const model = scriptedModel(answers(4));
    const { summarizer, history } = summarized([{ text: 'They said words.' }, { text: 'They said words.' }]);
    await using server = await serve(model, history);
    const { client, threadId } = await ask(server, [WORDS, WORDS, 'three']);
    const fork = await client.threads.fork({ threadId });
    await client.threads.delete({ threadId });
    await ask(server, ['four'], fork.id);
    expect(summarizer.requests).toHaveLength(2);
  });
});
