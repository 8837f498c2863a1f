import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool, type Tool, type ToolContext } from '../../src/agents/defineTool.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, expectSoundLog, gate, logOf } from './runSupport.ts';

checkLeaks();

/** One run that calls the tools of one step; its events, and what the model was told. */
async function callOnce(tools: readonly Tool[], toolCalls: readonly { name: string; input?: never; arguments?: string }[], limits = {}) {
  const model = scriptedModel([{ toolCalls }, { text: 'so be it' }]);
  const bot = defineAgent({ description: '', model, tools });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model }, limits });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  const events = await eventsOf(run);
  expectSoundLog(events);
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'so be it' });
  const told = model.requests[1]?.messages.filter((message) => message.role === 'tool') ?? [];
  return { events, told, failed: events.filter((event) => event.type === 'tool.failed') };
}

const toolOf = (execute: (input: unknown, context: ToolContext<never>) => unknown, options = {}) =>
  defineTool({
    name: 'act',
    description: '',
    input: z.object({}),
    output: z.object({ ok: z.string() }),
    ...options,
    execute: execute as never,
  });

describe('a tool that goes wrong fails its call, the model is told, and the run goes on', () => {
  test.each<[name: string, tool: Tool, code: string]>([
    ['throws', toolOf(() => Promise.reject(new Error('out of stock'))), 'TOOL_FAILED'],
    [
      'throws before it returns a promise',
      toolOf(() => {
        throw new Error('at once');
      }),
      'TOOL_FAILED',
    ],
    ['throws nothing in particular', toolOf(() => Promise.reject(undefined)), 'TOOL_FAILED'],
    ['returns what its schema refuses', toolOf(() => ({ ok: 1 })), 'TOOL_BAD_OUTPUT'],
    ['returns nothing', toolOf(() => undefined), 'TOOL_BAD_OUTPUT'],
    ['returns 25 MB', toolOf(() => ({ ok: 'x'.repeat(25 * 1024 * 1024) })), 'OUTPUT_TOO_LARGE'],
    ['hangs', toolOf(() => new Promise(() => {}), { timeoutMs: 20 }), 'TOOL_TIMEOUT'],
  ])('%s', async (_name, tool, code) => {
    const { told, failed } = await callOnce([tool], [{ name: 'act' }]);
    expect(failed).toMatchObject([{ error: { code } }]);
    expect(told).toMatchObject([{ isError: true, output: { error: { code } } }]);
  });

  test('what it throws is told without paths, addresses and keys', async () => {
    const text = 'connect to https://db.internal:5432/x with sk-abcdefghijkl from /srv/app/tool.ts at 10.1.2.3 failed';
    const { failed } = await callOnce([toolOf(() => Promise.reject(new Error(`${text}\n    at stack`)))], [{ name: 'act' }]);
    const message = failed[0]?.type === 'tool.failed' ? failed[0].error.message : '';
    expect(message).toMatch(/^connect to .* failed$/);
    expect(message).not.toMatch(/internal|sk-abc|srv|10\.1|stack/);
  });
});

describe('what a model asks for wrongly never reaches a tool', () => {
  test.each<[name: string, call: { name: string; arguments?: string }, code: string]>([
    ['an unknown tool', { name: 'nothing' }, 'TOOL_NOT_FOUND'],
    ['arguments that are no JSON', { name: 'count', arguments: '{"n": ' }, 'TOOL_BAD_INPUT'],
    ['arguments that the schema refuses', { name: 'count', arguments: '{"n": "one"}' }, 'TOOL_BAD_INPUT'],
    ['arguments that are no object', { name: 'count', arguments: '[1]' }, 'TOOL_BAD_INPUT'],
  ])('%s', async (_name, call, code) => {
    const { tool, calls } = countingTool('count');
    const { told, events } = await callOnce([tool], [call]);
    expect(told).toMatchObject([{ isError: true, output: { error: { code } } }]);
    expect(calls).toEqual([]);
    expect(events.some((event) => event.type === 'tool.called')).toBe(false);
  });
});

test('several calls of a step run at the same time, and are told in the order they were asked for', async () => {
  const meet = gate();
  let there = 0;
  const execute = async () => {
    if (++there === 3) meet.open();
    await meet.opened;
    return { done: true };
  };
  const tools = ['a', 'b', 'c'].map((name) => countingTool(name, execute).tool);
  const { told } = await callOnce(tools, [{ name: 'b' }, { name: 'a' }, { name: 'c' }]);
  expect(told.map((message) => 'tool' in message && message.tool)).toEqual(['b', 'a', 'c']);
});

test('one that fails does not hold up the others of its step', async () => {
  const bad = countingTool('bad', () => Promise.reject(new Error('no')));
  const good = countingTool('good');
  const { told } = await callOnce([bad.tool, good.tool], [{ name: 'bad' }, { name: 'good' }]);
  expect(told.map((message) => message.role === 'tool' && message.isError)).toEqual([true, false]);
});

test('a tool gets its call id, run, thread, principal and context', async () => {
  let seen: ToolContext<never> | undefined;
  const tool = toolOf((_input, context) => {
    seen = context;
    return { ok: 'yes' };
  });
  const model = scriptedModel([{ toolCalls: [{ name: 'act' }] }, { text: 'ok' }]);
  const bot = defineAgent({ description: '', model, tools: [tool], contextInput: z.object({ shop: z.string() }) });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const client = server
    .as({ id: 'ann' })
    .client<{ bot: { tools: Record<never, never>; data: Record<never, never>; context: { shop: string } } }>();
  const run = await client.send({ agent: 'bot', text: 'go', context: { shop: 'north' } });
  const events = await eventsOf(run);
  const called = events.find((event) => event.type === 'tool.called');
  expect(seen).toMatchObject({
    callId: called?.type === 'tool.called' && called.callId,
    runId: run.id,
    threadId: run.threadId,
    principal: { id: 'ann' },
    context: { shop: 'north' },
  });
  expect(seen?.signal.aborted).toBe(false);
});

describe('progress and status', () => {
  const talker = (
    talk: (context: { progress(data: never): void; status(text: string): void }) => Promise<unknown> | unknown,
    options = {},
  ) =>
    toolOf(async (_input, context) => {
      await talk(context as never);
      return { ok: 'done' };
    }, options);

  test('of several at once the first and the last are said, before the outcome', async () => {
    const { events } = await callOnce(
      [
        talker(({ progress }) => {
          for (let n = 1; n <= 50; n++) progress(n as never);
        }),
      ],
      [{ name: 'act' }],
    );
    expect(events.flatMap((event) => (event.type === 'tool.progress' ? [event.data] : []))).toEqual([1, 50]);
    const types = events.map((event) => event.type);
    expect(types.lastIndexOf('tool.progress')).toBeLessThan(types.indexOf('tool.completed'));
  });

  test('that does not fit its schema fails the call', async () => {
    const tool = talker(({ progress }) => progress('half' as never), { progress: z.object({ part: z.number() }) });
    const { failed } = await callOnce([tool], [{ name: 'act' }]);
    expect(failed).toMatchObject([{ error: { code: 'TOOL_FAILED' } }]);
  });

  test('status is coalesced: at most one in 100 ms, the newest', async () => {
    const clock = createManualClock();
    const held = gate();
    const begun = gate();
    const tool = talker(async ({ status }) => {
      for (const text of ['searching', 'reading', 'thinking']) status(text);
      begun.open();
      await held.opened;
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'act' }] }, { text: 'ok' }]);
    const bot = defineAgent({ description: '', model, tools: [tool] });
    await using server = await createTestServer({ agents: { bot }, models: { bot: model }, clock });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'go' });
    await begun.opened;
    const said = async (): Promise<string[]> =>
      (await logOf(client, run.threadId)).flatMap((event: AnyEvent) => (event.type === 'run.status' ? [event.text] : []));
    await vi.waitFor(async () => expect(await said()).toEqual(['searching']));
    await clock.advance(100);
    await vi.waitFor(async () => expect(await said()).toEqual(['searching', 'thinking']));
    held.open();
    await run.result();
    expect(await said()).toEqual(['searching', 'thinking']);
  });

  test('of a tool that outlives its time is not said after its outcome', async () => {
    const late = gate();
    const talked = gate();
    const tool = talker(
      async ({ progress, status }) => {
        await late.opened;
        progress(1 as never);
        status('still here');
        talked.open();
      },
      { timeoutMs: 10 },
    );
    const model = scriptedModel([{ toolCalls: [{ name: 'act' }] }, { waitFor: talked.opened, text: 'ok' }]);
    const bot = defineAgent({ description: '', model, tools: [tool] });
    await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'go' });
    for await (const event of run) if (event.type === 'tool.failed') late.open();
    const types = (await eventsOf(run)).map((event) => event.type);
    expect(types).not.toContain('tool.progress');
    expect(types).not.toContain('run.status');
  });
});
