import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, parallel, router, type ServerOptions } from '../../src/index.ts';
import { mcpServer } from '../../src/mcp/index.ts';
import { createTestServer, type ScriptedModel, scriptedModel } from '../../src/testing/index.ts';
import { eventsOf } from '../runs/runSupport.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const SUPPORT = { id: 'sue', roles: ['support'] };
const USER = { id: 'ann', roles: ['user'] };
const ROOT = { id: 'root', roles: ['admin'] };

const bot = (extra: object = {}) => defineAgent({ description: 'a bot', model: scriptedModel([]), ...extra });
const tool = (name: string, extra: object = {}) =>
  defineTool({ name, description: '', input: z.object({}), output: z.string(), execute: () => 'done', ...extra });

async function serve(options: ServerOptions & { readonly models?: Readonly<Record<string, ScriptedModel>> }) {
  const server = await createTestServer(options);
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

describe('an agent with `access`', () => {
  const agents = {
    open: bot(),
    staff: bot({ access: ['support', 'sales'] }),
    even: bot({ access: ({ id }: { id: string }) => id.length % 2 === 0 }),
    broken: bot({
      access: () => {
        throw new Error('no database');
      },
    }),
    waiting: bot({ access: async () => true }),
  };
  test.each([
    [USER, ['open']],
    [SUPPORT, ['open', 'staff']],
    [ROOT, ['open', 'staff', 'even']],
    [{ id: 'jo' }, ['open', 'even']],
  ])('is listed for whoever may use it: %o', async (principal, names) => {
    const server = await serve({ agents });
    expect((await server.as(principal).client().agents.list()).map(({ name }) => name)).toEqual(names);
  });

  test('is as one that does not exist for anybody else', async () => {
    const models = { staff: scriptedModel([{ text: 'hello' }]) };
    const server = await serve({ agents, models });
    const refusal = async (agent: string, several = false) => {
      const message = several ? { agents: ['open', agent], text: 'hi' } : { agent, text: 'hi' };
      const error: { message: string; code: string } = await server
        .as(USER)
        .client()
        .send(message as never)
        .then(
          () => ({}),
          (cause) => cause,
        );
      return [error.code, error.message.replace(agent, 'x')];
    };
    for (const several of [false, true]) expect(await refusal('staff', several)).toEqual(await refusal('nobody', several));
    expect(await (await server.as(SUPPORT).client().send({ agent: 'staff', text: 'hi' })).text()).toBe('hello');
  });

  test('is not answered by again for a writer who may not use it', async () => {
    const models = { staff: scriptedModel([{ text: 'hello' }]) };
    const server = await serve({ agents, models });
    const sue = server.as(SUPPORT).client();
    const run = await sue.send({ agent: 'staff', text: 'hi' });
    await run.result();
    await sue.threads.share({ threadId: run.threadId, with: 'ann', access: 'write' });
    const ann = server.as(USER).client();
    await expect(ann.trpc.runs.retry.mutate({ runId: run.id })).rejects.toMatchObject({ message: 'There is no agent named "staff".' });
    const { items } = await ann.threads.messages({ threadId: run.threadId });
    await expect(ann.messages.edit({ messageId: items[0]?.id ?? '', text: 'ho' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is no tool of the MCP server for anybody else', async () => {
    const models = { staff: scriptedModel([{ text: 'hello' }]) };
    const server = await serve({ agents, models, mcp: mcpServer() });
    const connect = async (principal: object) => {
      const headers = { authorization: `Bearer ${server.as(principal as never).token}` };
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', server.url), { requestInit: { headers } }) as Transport);
      afterTest(() => client.close());
      return client;
    };
    const ann = await connect(USER);
    expect((await ann.listTools()).tools.map(({ name }) => name)).toEqual(['open']);
    await expect(ann.callTool({ name: 'staff', arguments: { text: 'hi' } })).rejects.toThrow('There is no tool staff.');
    const sue = await connect(SUPPORT);
    expect((await sue.listTools()).tools.map(({ name }) => name)).toEqual(['open', 'staff']);
    expect(await sue.callTool({ name: 'staff', arguments: { text: 'hi' } })).toMatchObject({ structuredContent: { text: 'hello' } });
  });
});

/** What the model of `triage` is offered, and what comes of asking for it all the same. */
async function offered(principal: { readonly id: string }, agents: Parameters<typeof serve>[0]['agents'], asksFor: string) {
  const triage = scriptedModel([{ toolCalls: [{ name: asksFor, input: asksFor === 'plain' ? {} : { task: 'do it' } }] }, { text: 'well' }]);
  const server = await serve({ agents, models: { triage } });
  const run = await server.as(principal).client().send({ agent: 'triage', text: 'go' });
  await run.result();
  const failed = (await eventsOf(run)).flatMap((event) => (event.type === 'tool.failed' ? [event.error] : []));
  const listed = (await server.as(principal).client().agents.list()).find(({ name }) => name === 'triage');
  return { names: triage.requests[0]?.tools.map(({ name }) => name), failed, listed: listed?.tools.map(({ name }) => name) };
}

describe('a model is offered', () => {
  test('only tools that the principal of the run may use', async () => {
    const tools = [
      tool('plain'),
      tool('secret', { access: ['support'] }),
      tool('own', { access: ({ id }: { id: string }) => id === 'ann' }),
    ];
    const agents = { triage: bot({ tools }) };
    const asAnn = await offered(USER, agents, 'secret');
    expect(asAnn.names).toEqual(['plain', 'own']);
    expect(asAnn.listed).toEqual(['plain', 'own']);
    expect(asAnn.failed).toMatchObject([{ code: 'TOOL_NOT_FOUND', message: 'There is no tool of this name. There are: plain, own.' }]);
    expect((await offered(SUPPORT, agents, 'plain')).names).toEqual(['plain', 'secret']);
  });

  test('only tools of those that a function chose, as far as the principal may use them', async () => {
    const tools = [tool('plain'), tool('secret', { access: ['support'] })];
    expect((await offered(USER, { triage: bot({ tools: () => tools }) }, 'secret')).names).toEqual(['plain']);
  });

  test('no handoff to an agent, and no tool that asks one, which the principal may not use', async () => {
    const staff = bot({ access: ['support'] });
    const tools = [
      tool('plain'),
      agentTool(staff, { name: 'ask_staff', description: '' }),
      parallel([bot(), staff], { name: 'ask_all', description: '' }),
    ];
    const agents = { triage: bot({ tools, handoffs: [staff] }), staff };
    for (const asked of ['transfer_to_staff', 'ask_staff', 'ask_all']) {
      const asAnn = await offered(USER, agents, asked);
      expect(asAnn.names).toEqual(['plain']);
      expect(asAnn.failed).toMatchObject([{ code: 'TOOL_NOT_FOUND' }]);
    }
    expect((await offered(SUPPORT, agents, 'plain')).names).toEqual(['plain', 'ask_staff', 'ask_all', 'transfer_to_staff']);
  });
});

describe('a router chooses among the agents that the principal may use', () => {
  const staff = bot({ access: ['support'] });
  const open = bot();

  test('when a model chooses', async () => {
    const chooser = scriptedModel([{ text: '{"to":"staff","reason":"it fits"}' }, { text: '{"to":"staff","reason":"it fits"}' }]);
    const auto = router({ description: '', agents: { staff, open }, model: chooser });
    const models = { staff: scriptedModel([{ text: 'staff' }]), open: scriptedModel([{ text: 'open' }]) };
    const server = await serve({ agents: { auto, staff, open }, models });
    expect(await (await server.as(USER).client().send({ agent: 'auto', text: 'hi' })).text()).toBe('open');
    expect(chooser.requests[0]).toMatchObject({ output: { schema: { properties: { to: { enum: ['open'] } } } } });
    expect(chooser.requests[0]?.instructions).not.toContain('staff');
    expect(await (await server.as(SUPPORT).client().send({ agent: 'auto', text: 'hi' })).text()).toBe('staff');
  });

  test('when a function does, which is told', async () => {
    const seen: (readonly string[])[] = [];
    const auto = router({
      description: '',
      agents: { staff, open },
      route: ({ agents }) => {
        seen.push(agents);
        return { to: 'staff', reason: 'always' };
      },
    });
    const models = { open: scriptedModel([{ text: 'open' }]) };
    const server = await serve({ agents: { auto, staff, open }, models });
    expect(await (await server.as(USER).client().send({ agent: 'auto', text: 'hi' })).text()).toBe('open');
    expect(seen).toEqual([['open']]);
  });

  test('and fails where there are none', async () => {
    const auto = router({ description: '', agents: { staff }, route: () => ({ to: 'staff', reason: 'always' }) });
    const server = await serve({ agents: { auto, staff } });
    const result = await (await server.as(USER).client().send({ agent: 'auto', text: 'hi' })).result();
    expect(result).toMatchObject({ status: 'failed', error: { code: 'NOT_ALLOWED' } });
  });
});

test('a replaced policy decides about agents and tools too', async () => {
  const triage = scriptedModel([{ text: 'well' }]);
  const server = await serve({
    agents: { triage: bot({ tools: [tool('plain'), tool('secret')] }), other: bot() },
    models: { triage },
    policy: ({ action, resource }) => action !== 'use' || !['secret', 'other'].includes(resource.name),
  });
  const ann = server.as(USER).client();
  expect((await ann.agents.list()).map(({ name, tools }) => [name, tools.map((each) => each.name)])).toEqual([['triage', ['plain']]]);
  await expect(ann.send({ agent: 'other', text: 'hi' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await (await ann.send({ agent: 'triage', text: 'hi' })).result();
  expect(triage.requests[0]?.tools.map(({ name }) => name)).toEqual(['plain']);
});
