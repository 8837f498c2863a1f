import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { Logger } from '../../src/server/serverOptions.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, gate, until, untilAborted } from './runSupport.ts';

checkLeaks();

/** Contexts that say when they are made and disposed. */
function countedContexts() {
  const made: string[] = [];
  const disposed: string[] = [];
  const context = ({ runId }: { readonly runId: string }) => {
    const name = `${runId}#${made.length + 1}`;
    made.push(name);
    return { name, [Symbol.asyncDispose]: async () => void disposed.push(name) };
  };
  return { made, disposed, context };
}

function memoLogger() {
  const lines: { readonly message: string; readonly fields: object }[] = [];
  const log = (fields: object, message: string): void => void lines.push({ fields, message });
  const logger: Logger = { info: log, warn: log, error: log };
  return { logger, lines };
}

const look = defineTool({
  name: 'look',
  description: 'Looks at its context',
  input: z.object({}),
  output: z.string(),
  execute: (_input, { context }: { readonly context: { readonly name: string } }) => context.name,
});

test('it is built once, and instructions, the model and tools get the same one', async () => {
  const { made, disposed, context } = countedContexts();
  const seen: string[] = [];
  const model = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'done' }]);
  const bot = defineAgent({
    description: 'bot',
    context,
    model: (inputs) => {
      seen.push(inputs.context.name);
      return model;
    },
    instructions: (inputs) => inputs.context.name,
    tools: [look],
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  const events = await eventsOf(run);
  const [name] = made;
  expect(made).toHaveLength(1);
  expect(seen).toEqual([name, name]);
  expect(model.requests.map((request) => request.instructions)).toEqual([name, name]);
  expect(events.find((event) => event.type === 'tool.completed')).toMatchObject({ output: name });
  await vi.waitFor(() => expect(disposed).toEqual(made));
});

test('it gets what was sent, as the schema parsed it, and who sent it', async () => {
  const model = scriptedModel([{ text: 'ok' }]);
  const bot = defineAgent({
    description: 'bot',
    model,
    contextInput: z.object({ plan: z.enum(['free', 'pro']).default('free') }),
    context: ({ context, principal, threadId }) => ({ text: `${principal.id} ${context.plan} ${threadId}` }),
    instructions: ({ context }) => context.text,
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.as('ann').client().send({ agent: 'bot', text: 'hi', context: {} });
  await run.result();
  expect(model.requests[0]?.instructions).toBe(`ann free ${run.threadId}`);
});

test('its failure fails the run with AGENT_FAILED; the cause is in the log and nowhere else', async () => {
  const { logger, lines } = memoLogger();
  const cause = new Error('postgres://secret');
  const bot = defineAgent({
    description: 'bot',
    model: scriptedModel([]),
    context: async () => {
      throw cause;
    },
  });
  await using server = await createTestServer({ agents: { bot }, logger });
  const { status, error } = await (await server.client().send({ agent: 'bot', text: 'hi' })).result();
  expect({ status, error }).toMatchObject({
    status: 'failed',
    error: { code: 'AGENT_FAILED', message: 'The context of the agent could not be made.' },
  });
  expect(lines.map(({ fields }) => (fields as { err: unknown }).err)).toEqual([cause]);
});

test('an agent that takes over has its own, also when it takes nothing of what was sent; all are disposed', async () => {
  const tech = countedContexts();
  const model = scriptedModel([{ text: 'tech here' }]);
  const other = defineAgent({
    description: 'Technical questions',
    model,
    context: tech.context,
    instructions: ({ context }) => context.name,
  });
  const front = countedContexts();
  const bot = defineAgent({
    description: 'bot',
    contextInput: z.object({ plan: z.string() }),
    context: front.context,
    model: scriptedModel([{ toolCalls: [{ name: 'transfer_to_other' }] }]),
    handoffs: [other],
  });
  await using server = await createTestServer({ agents: { bot, other } });
  const run = await server.client().send({ agent: 'bot', text: 'hi', context: { plan: 'pro' } });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'tech here' });
  expect(model.requests[0]?.instructions).toBe(tech.made[0]);
  expect([front.made.length, tech.made.length]).toEqual([1, 1]);
  await vi.waitFor(() => expect([...front.disposed, ...tech.disposed]).toEqual([...front.made, ...tech.made]));
});

test('a generator agent gets it, and it is disposed after the generator has ended', async () => {
  const order: string[] = [];
  const bot = defineAgent({
    description: 'bot',
    context: () => ({ word: 'hello', [Symbol.dispose]: () => void order.push('disposed') }),
    run: async function* ({ context }) {
      try {
        yield { type: 'text.delta', delta: context.word };
      } finally {
        order.push('ended');
      }
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  expect(await (await server.client().send({ agent: 'bot', text: 'hi' })).text()).toBe('hello');
  await vi.waitFor(() => expect(order).toEqual(['ended', 'disposed']));
});

describe('it is disposed however the work ends', () => {
  const working = (options: { readonly runTimeoutMs?: number } = {}) => {
    const { made, disposed, context } = countedContexts();
    const wait = defineTool({
      name: 'wait',
      description: 'Waits',
      input: z.object({}),
      output: z.object({}),
      execute: (_input, { signal }) => untilAborted(signal),
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'wait' }] }, { text: 'went on' }]);
    return { made, disposed, model, agents: { bot: defineAgent({ description: 'bot', model, tools: [wait], context, ...options }) } };
  };

  test('by a cancel', async () => {
    const { made, disposed, agents } = working();
    await using server = await createTestServer({ agents });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    await until(run, 'tool.called');
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
    await vi.waitFor(() => expect(disposed).toEqual(made));
  });

  test('by a failure', async () => {
    const { made, disposed, context } = countedContexts();
    const bot = defineAgent({ description: 'bot', context, model: scriptedModel([{ error: 'no' }]) });
    await using server = await createTestServer({ agents: { bot } });
    expect((await (await server.client().send({ agent: 'bot', text: 'hi' })).result()).status).toBe('failed');
    await vi.waitFor(() => expect(disposed).toEqual(made));
    expect(made).toHaveLength(1);
  });

  test('by a time limit', async () => {
    const { made, disposed, agents } = working({ runTimeoutMs: 30 });
    await using server = await createTestServer({ agents });
    const { error } = await (await server.client().send({ agent: 'bot', text: 'hi' })).result();
    expect(error?.code).toBe('RUN_TIMEOUT');
    await vi.waitFor(() => expect(disposed).toEqual(made));
  });

  test('by waiting for a person; who goes on with the run builds another', async () => {
    const { made, disposed, context } = countedContexts();
    const pay = defineTool({
      name: 'pay',
      description: 'Pays',
      input: z.object({}),
      output: z.string(),
      needsApproval: (_input, { context: of }: { readonly context: { readonly name: string } }) => of.name !== '',
      execute: (_input, { context: of }: { readonly context: { readonly name: string } }) => of.name,
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'paid' }]);
    await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools: [pay], context }) } });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    let callId = '';
    for await (const event of run) {
      if (event.type === 'tool.called') callId = event.callId;
      if (event.type === 'run.waiting') break;
    }
    await vi.waitFor(() => expect(disposed).toEqual(made));
    expect(made).toHaveLength(1);
    await run.approve(callId);
    const events = await eventsOf(run);
    expect(made).toHaveLength(2);
    expect(events.find((event) => event.type === 'tool.completed')).toMatchObject({ output: made[1] });
    await vi.waitFor(() => expect(disposed).toEqual(made));
  });

  test('by the end of the server, before which it is done; whoever goes on with the run builds another', async () => {
    const { made, disposed, agents } = working();
    await using server = await createTestServer({ agents });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    await until(run, 'tool.called');
    let whenStopped: readonly string[] = [];
    await server.restart({
      onStart: () => {
        whenStopped = [...disposed];
      },
    });
    expect(whenStopped).toEqual(made.slice(0, 1));
    expect((await run.result()).status).toBe('completed');
    expect(made).toHaveLength(2);
    await vi.waitFor(() => expect(disposed).toEqual(made));
  });

  test('by a cancel while it is still being built', async () => {
    const disposed: string[] = [];
    const building = gate();
    const build = gate();
    const bot = defineAgent({
      description: 'bot',
      model: scriptedModel([]),
      context: async () => {
        building.open();
        await build.opened;
        return { [Symbol.asyncDispose]: async () => void disposed.push('late') };
      },
    });
    await using server = await createTestServer({ agents: { bot }, limits: { cancelGraceMs: 20 } });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    await building.opened;
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
    build.open();
    await vi.waitFor(() => expect(disposed).toEqual(['late']));
  });
});

test('what cannot be disposed is logged and changes nothing', async () => {
  const { logger, lines } = memoLogger();
  const cause = new Error('the pool is gone');
  const bot = defineAgent({
    description: 'bot',
    model: scriptedModel([{ text: 'ok' }]),
    context: () => ({
      [Symbol.asyncDispose]: async () => {
        throw cause;
      },
    }),
  });
  await using server = await createTestServer({ agents: { bot }, logger });
  expect((await (await server.client().send({ agent: 'bot', text: 'hi' })).result()).status).toBe('completed');
  await vi.waitFor(() =>
    expect(lines).toEqual([{ message: 'the context of an agent could not be disposed', fields: expect.objectContaining({ err: cause }) }]),
  );
});

test('a disposal that hangs holds up nobody who reads the run, and the next run of the thread for cancelGraceMs', async () => {
  const clock = createManualClock();
  const { logger, lines } = memoLogger();
  const disposing = gate();
  const bot = defineAgent({
    description: 'bot',
    model: scriptedModel([{ text: 'one' }, { text: 'two' }]),
    context: () => ({
      [Symbol.asyncDispose]: () => {
        disposing.open();
        return new Promise(() => {});
      },
    }),
  });
  await using server = await createTestServer({ agents: { bot }, logger, clock, limits: { cancelGraceMs: 1_000 } });
  const client = server.client({ clock });
  const first = await client.send({ agent: 'bot', text: 'hi' });
  const second = await client.send({ agent: 'bot', text: 'again', threadId: first.threadId });
  expect(await first.text()).toBe('one');
  await disposing.opened;
  await clock.advance(1_000);
  expect(await second.text()).toBe('two');
  await vi.waitFor(() => expect(lines[0]?.message).toBe('the context of an agent could not be disposed'));
  await clock.advance(1_000);
});

test('after a deploy that asks for another context the run fails with AGENT_CHANGED', async () => {
  const model = scriptedModel([{ waitFor: new Promise(() => {}) }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model }) } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  await until(run, 'message.started');
  await server.restart({ agents: { bot: defineAgent({ description: 'bot', model, contextInput: z.object({ plan: z.string() }) }) } });
  expect((await run.result()).error).toMatchObject({ code: 'AGENT_CHANGED', message: expect.stringContaining('context') });
});
