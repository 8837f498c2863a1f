import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { JsonSchemaType } from '@modelcontextprotocol/sdk/validation/types.js';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { mcpServer } from '../../src/mcp/index.ts';
import { createManualClock, createTestServer, scriptedModel, type TestServer } from '../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaksAfterwards();

/** The SDK's own client, closed after the test. */
async function connect({ url }: { readonly url: string }, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport as Transport);
  afterTest(() => client.close());
  const call = (name: string, args: Record<string, unknown>, options = {}) =>
    client.callTool({ name, arguments: args }, undefined, options) as Promise<CallToolResult>;
  return { client, transport, call };
}

const speaker = (text = 'Hello') =>
  defineAgent({ description: 'Says something', model: scriptedModel([{ text }, { text: `${text} again` }]) });

/** An agent that says how it is doing, and waits. */
function waiter(onDisconnect?: 'continue' | 'cancel') {
  const gate = closedGate();
  const begun = vi.fn();
  const agent = defineAgent({
    description: 'Waits',
    ...(onDisconnect !== undefined && { onDisconnect }),
    run: async function* ({ status, signal }) {
      status('thinking hard');
      yield { type: 'text.delta', delta: 'x'.repeat(600) };
      begun();
      await Promise.race([gate.opened, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
      yield { type: 'text.delta', delta: '.' };
    },
  });
  return { agent, begun, release: () => gate.open() };
}

const runsOf = async (server: TestServer, principal?: string) => {
  const client = principal === undefined ? server.client() : server.as(principal).client();
  return (await client.trpc.runs.list.query()).items;
};

describe('agents as tools', () => {
  test('each is listed with what it takes and what it answers', async () => {
    const sum = defineAgent({
      description: 'Adds up',
      model: scriptedModel([]),
      contextInput: z.object({ tenant: z.string() }),
      output: z.object({ total: z.number() }),
    });
    await using server = await createTestServer({ agents: { speaker: speaker(), sum }, mcp: mcpServer() });
    const { client } = await connect(server);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['speaker', 'sum']);
    expect(tools[0]).toMatchObject({ description: 'Says something', inputSchema: { required: ['text'] } });
    expect(tools[0]?.inputSchema.properties).not.toHaveProperty('context');
    expect(tools[1]).toMatchObject({
      inputSchema: { properties: { context: { required: ['tenant'] } }, required: ['text', 'context'] },
      outputSchema: { properties: { output: { properties: { total: { type: 'number' } } } } },
    });
  });

  test('a schema that refers to itself still does', async () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    const planter = defineAgent({ description: 'Plants', model: scriptedModel([{ text: '{}' }]), contextInput: tree, output: tree });
    await using server = await createTestServer({ agents: { planter }, mcp: mcpServer() });
    const { client } = await connect(server);
    // The SDK's client compiles the schemas of outputs as it lists them.
    const [tool] = (await client.listTools()).tools;
    const isInput = new AjvJsonSchemaValidator().getValidator(tool?.inputSchema as JsonSchemaType);
    const leaf = { name: 'leaf', children: [] };
    expect(isInput({ text: 'grow', context: { name: 'root', children: [leaf] } }).valid).toBe(true);
    expect(isInput({ text: 'grow', context: { name: 'root', children: [{ name: 1, children: [] }] } }).valid).toBe(false);
  });

  test('a call answers the final text, and goes on with its thread', async () => {
    await using server = await createTestServer({ agents: { speaker: speaker() }, mcp: mcpServer() });
    const { call } = await connect(server);
    const first = await call('speaker', { text: 'hi' });
    expect(first.content[0]).toEqual({ type: 'text', text: 'Hello' });
    const { threadId } = first.structuredContent as { threadId: string };
    expect(first.content[1]).toMatchObject({ text: `threadId: ${threadId}` });
    const second = await call('speaker', { text: 'once more', threadId });
    expect(second.structuredContent).toMatchObject({ text: 'Hello again', threadId, outcome: 'complete' });
    const messages = await server.client().threads.messages({ threadId });
    expect(messages.items.map(({ text }) => text)).toEqual(['hi', 'Hello', 'once more', 'Hello again']);
  });

  test('structured output is in the structured content, which the client checks by the schema of the tool', async () => {
    const sum = defineAgent({
      description: 'Adds up',
      model: scriptedModel([{ text: '{"total":3}' }]),
      output: z.object({ total: z.number() }),
    });
    await using server = await createTestServer({ agents: { sum }, mcp: mcpServer() });
    const { client, call } = await connect(server);
    await client.listTools();
    expect((await call('sum', { text: '1 and 2' })).structuredContent).toMatchObject({ output: { total: 3 }, text: '{"total":3}' });
  });

  test('only those that were named are served, at the path that was named', async () => {
    await using server = await createTestServer({
      agents: { speaker: speaker(), hidden: speaker() },
      mcp: mcpServer({ agents: ['speaker'], path: '/tools', name: 'acme' }),
    });
    const transport = new StreamableHTTPClientTransport(new URL('/tools', server.url));
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport as Transport);
    afterTest(() => client.close());
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['speaker']);
    expect(client.getServerVersion()?.name).toBe('acme');
    await expect(client.callTool({ name: 'hidden', arguments: { text: 'hi' } })).rejects.toThrow('There is no tool hidden');
    await expect(createTestServer({ agents: {}, mcp: mcpServer({ agents: ['nobody'] }) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('a failed run, bad input and a thread that is not there are errors that a model can act on', async () => {
    const broken = defineAgent({
      description: '',
      model: scriptedModel([{ error: { code: 'MODEL_RATE_LIMITED', message: 'Too fast.' } }]),
    });
    await using server = await createTestServer({ agents: { broken }, mcp: mcpServer() });
    const { call } = await connect(server);
    const failed = await call('broken', { text: 'hi' });
    expect(failed).toMatchObject({ isError: true, content: [{ text: 'MODEL_RATE_LIMITED: Too fast.' }] });
    expect(failed._meta).toMatchObject({ error: { code: 'MODEL_RATE_LIMITED', retryable: true }, threadId: expect.any(String) });
    expect(await call('broken', {})).toMatchObject({ isError: true, _meta: { error: { code: 'BAD_INPUT' } } });
    expect(await call('broken', { text: 'hi', context: { a: 1 } })).toMatchObject({
      isError: true,
      _meta: { error: { code: 'BAD_INPUT' } },
    });
    expect(await call('broken', { text: 'hi', threadId: 'thread_none' })).toMatchObject({
      isError: true,
      _meta: { error: { code: 'NOT_FOUND' } },
    });
  });

  test('the same call with the same key is answered by the same run', async () => {
    await using server = await createTestServer({ agents: { speaker: speaker() }, mcp: mcpServer() });
    const { client } = await connect(server);
    const params = { name: 'speaker', arguments: { text: 'hi' }, _meta: { 'verbatim/idempotencyKey': 'once' } };
    const answers = [await client.callTool(params), await client.callTool(params)];
    expect(answers[1]).toEqual(answers[0]);
    expect(await runsOf(server)).toHaveLength(1);
  });
});

describe('a call under way', () => {
  test('tells what the run does, each report with a greater progress', async () => {
    const { agent, begun, release } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { call } = await connect(server);
    const reports: Progress[] = [];
    const answer = call('agent', { text: 'hi' }, { onprogress: (report: Progress) => reports.push(report) });
    await vi.waitFor(() => expect(reports.map(({ message }) => message)).toContain('600 characters'));
    expect(begun).toHaveBeenCalledOnce();
    release();
    await answer;
    expect(reports.map(({ message }) => message)).toEqual(expect.arrayContaining(['agent has begun', 'thinking hard', 'step 1']));
    const numbers = reports.map(({ progress }) => progress);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  test('that its client cancels cancels the run', async () => {
    const { agent, begun } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { call } = await connect(server);
    const stop = new AbortController();
    const answer = call('agent', { text: 'hi' }, { signal: stop.signal });
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    stop.abort('enough');
    await expect(answer).rejects.toThrow('enough');
    await vi.waitFor(async () => expect(await runsOf(server)).toMatchObject([{ status: 'cancelled' }]));
    expect(server.stats.watches).toBe(0);
  });

  test('that its client cancels has no answer, and its connection is free again', async () => {
    const { agent, begun } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { transport } = await connect(server);
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'agent', arguments: { text: 'hi' } } };
    const answer = await post(server, call, undefined, transport.sessionId);
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
    expect((await post(server, cancel, undefined, transport.sessionId)).status).toBe(202);
    expect(await answer.text()).not.toContain('"id":7');
  });

  test('whose connection is lost goes on, and is there in its thread', async () => {
    const { agent, begun, release } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { call, client } = await connect(server);
    call('agent', { text: 'hi' }).catch(() => {});
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    await client.close();
    await vi.waitFor(() => expect(server.stats.watches).toBe(0));
    expect(await runsOf(server)).toMatchObject([{ status: 'running' }]);
    release();
    await vi.waitFor(async () => expect(await runsOf(server)).toMatchObject([{ status: 'completed' }]));
  });

  test('whose connection is lost is cancelled after the grace, when its agent says so', async () => {
    const { agent, begun } = waiter('cancel');
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer(), limits: { disconnectGraceMs: 20 } });
    const { call, client } = await connect(server);
    call('agent', { text: 'hi' }).catch(() => {});
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    await client.close();
    await vi.waitFor(async () => expect(await runsOf(server)).toMatchObject([{ status: 'cancelled' }]));
  });

  test('whose session its client ends is answered, and its run goes on', async () => {
    const { agent, begun, release } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { call, transport } = await connect(server);
    const answer = call('agent', { text: 'hi' });
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    await transport.terminateSession();
    expect(await answer).toMatchObject({ isError: true, _meta: { error: { code: 'SHUTTING_DOWN' } } });
    release();
    await vi.waitFor(async () => expect(await runsOf(server)).toMatchObject([{ status: 'completed' }]));
  });

  test('of a server that closes is answered, and its run goes on at the next start', async () => {
    const { agent, begun, release } = waiter();
    await using server = await createTestServer({ agents: { agent }, mcp: mcpServer() });
    const { call } = await connect(server);
    const answer = call('agent', { text: 'hi' });
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    await server.restart();
    expect(await answer).toMatchObject({ isError: true, _meta: { error: { code: 'SHUTTING_DOWN', retryable: true } } });
    release();
    await vi.waitFor(async () => expect(await runsOf(server)).toMatchObject([{ status: 'completed', attempt: 2 }]));
  });
});

describe('authority', () => {
  const authenticate = ({ token }: { readonly token: string | undefined }) => (token === undefined ? undefined : { id: token });
  const speakers = () => ({ speaker: speaker() });

  test('without a token there is no session', async () => {
    await using server = await createTestServer({ agents: speakers(), authenticate, mcp: mcpServer() });
    await expect(connect(server)).rejects.toMatchObject({ code: 401 });
  });

  test("a caller's threads are its own", async () => {
    await using server = await createTestServer({ agents: speakers(), authenticate, mcp: mcpServer() });
    const ann = await connect(server, 'ann');
    const { threadId } = (await ann.call('speaker', { text: 'hi' })).structuredContent as { threadId: string };
    const bob = await connect(server, 'bob');
    expect(await bob.call('speaker', { text: 'hi', threadId })).toMatchObject({ isError: true, _meta: { error: { code: 'NOT_FOUND' } } });
    expect(await runsOf(server, 'ann')).toHaveLength(1);
    expect(await runsOf(server, 'bob')).toEqual([]);
  });

  test("another's session is like one that is not there, and its calls cannot be cancelled", async () => {
    const { agent, begun, release } = waiter();
    await using server = await createTestServer({ agents: { agent }, authenticate, mcp: mcpServer() });
    const ann = await connect(server, 'ann');
    const answer = ann.call('agent', { text: 'hi' });
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    const send = (token: string) =>
      post(server, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, token, ann.transport.sessionId);
    expect((await send('bob')).status).toBe(404);
    release();
    expect(await answer).not.toHaveProperty('isError');
  });

  test('each request is looked at: a token that is revoked ends there', async () => {
    let revoked = false;
    await using server = await createTestServer({
      agents: speakers(),
      authenticate: ({ token }) => (token === undefined || revoked ? undefined : { id: token }),
      mcp: mcpServer(),
    });
    const { call } = await connect(server, 'ann');
    revoked = true;
    await expect(call('speaker', { text: 'hi' })).rejects.toMatchObject({ code: 401 });
  });

  test('a foreign origin is refused', async () => {
    await using server = await createTestServer({ agents: speakers(), mcp: mcpServer() });
    const { status } = await post(server, INITIALIZE, undefined, undefined, { origin: 'https://evil.example' });
    expect(status).toBe(403);
  });

  test('a page of a listed origin may read the session', async () => {
    await using server = await createTestServer({ agents: speakers(), origins: ['https://app.example.com'], mcp: mcpServer() });
    const answer = await post(server, INITIALIZE, undefined, undefined, { origin: 'https://app.example.com' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(answer.headers.get('access-control-expose-headers')).toBe('mcp-session-id');
    await answer.text();
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'DELETE' };
    const first = await fetch(new URL('/mcp', server.url), { method: 'OPTIONS', headers: preflight });
    expect(first.headers.get('access-control-allow-methods')).toContain('DELETE');
  });
});

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

/** As a program without the SDK would ask. */
function post(
  { url }: { readonly url: string },
  body: unknown,
  token?: string,
  session?: string,
  more: Record<string, string> = {},
): Promise<Response> {
  return fetch(new URL('/mcp', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(session !== undefined && { 'mcp-session-id': session }),
      ...more,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('sessions', () => {
  const agents = () => ({ speaker: speaker() });

  test('one that is idle for too long is ended, and not before', async () => {
    const clock = createManualClock();
    await using server = await createTestServer({ agents: agents(), clock, mcp: mcpServer({ sessionIdleMs: 1_000 }) });
    const { client } = await connect(server);
    await clock.advance(999);
    await client.listTools();
    await clock.advance(999);
    await client.listTools();
    await clock.advance(1_000);
    await expect(client.listTools()).rejects.toMatchObject({ code: 404 });
  });

  test('one more than maxSessionsPerPrincipal ends the one that was idle longest', async () => {
    await using server = await createTestServer({ agents: agents(), mcp: mcpServer({ maxSessionsPerPrincipal: 2 }) });
    const [first, second] = [await connect(server), await connect(server)];
    await first.client.listTools();
    const third = await connect(server);
    await expect(second.client.listTools()).rejects.toMatchObject({ code: 404 });
    await first.client.listTools();
    await third.client.listTools();
  });

  test('one more than maxSessions is refused to who has none to end', async () => {
    const authenticate = ({ token }: { readonly token: string | undefined }) => ({ id: token ?? 'nobody' });
    await using server = await createTestServer({ agents: agents(), authenticate, mcp: mcpServer({ maxSessions: 2 }) });
    const ann = await connect(server, 'ann');
    await connect(server, 'ann');
    await expect(connect(server, 'bob')).rejects.toMatchObject({ code: 503 });
    await ann.transport.terminateSession();
    await connect(server, 'bob');
  });

  test.each<[name: string, body: unknown, session: string | undefined, status: number]>([
    ['not JSON', '{', undefined, 400],
    ['a call before its session', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, undefined, 400],
    ['a session that is not there', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, 'none', 404],
    ['a body that is too large', JSON.stringify({ ...INITIALIZE, more: 'x'.repeat(256 * 1024) }), undefined, 413],
    ['a body that nests too deep', `${'['.repeat(101)}${']'.repeat(101)}`, undefined, 400],
    ['an initialize that is none', { jsonrpc: '2.0', id: 1, method: 'initialize' }, undefined, 400],
  ])('%s is refused, as JSON-RPC says it', async (_, body, session, status) => {
    await using server = await createTestServer({ agents: agents(), mcp: mcpServer() });
    const answer = await post(server, body, undefined, session);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      jsonrpc: '2.0',
      error: { code: expect.any(Number), message: expect.any(String) },
      id: null,
    });
  });

  test('there is no stream besides the answers, and without the option there is nothing', async () => {
    await using server = await createTestServer({ agents: agents(), mcp: mcpServer() });
    expect((await fetch(new URL('/mcp', server.url))).status).toBe(405);
    await using without = await createTestServer({ agents: agents() });
    expect((await post(without, INITIALIZE)).status).toBe(404);
  });
});
