import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { cached, defineAgent, defineTool, resilient, VerbatimError } from '../../../src/index.ts';
import { silentObserver } from '../../../src/protocol/observer.ts';
import { BoundedNames, OTHER } from '../../../src/server/telemetry/boundedNames.ts';
import { MAX_NAMES, Metrics } from '../../../src/server/telemetry/metrics.ts';
import { observers } from '../../../src/server/telemetry/observers.ts';
import { createTestServer, scriptedModel } from '../../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { byToken, startServer } from '../startServer.ts';
import { series } from './series.ts';

checkLeaksAfterwards();

const TOKEN = 'scrape-0123456789';

test('a stranger, somebody behind a proxy and a page of another name are refused; this machine is not', async () => {
  const { url } = await startServer({ authenticate: byToken });
  const ask = async (headers: Record<string, string> = {}) => (await fetch(`${url}/metrics`, { headers })).status;
  expect(await ask()).toBe(200);
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) expect(await ask({ [name]: '203.0.113.9' })).toBe(403);
  // fetch sets its own Host.
  const rebound = await rawGet(url, '/metrics', 'evil.example');
  expect(rebound).toContain('403 Forbidden');
  const refused = await fetch(`${url}/metrics`, { headers: { via: '1.1 proxy', authorization: 'Bearer ann' } });
  expect(refused.status).toBe(403);
  expect(await refused.text()).not.toContain('verbatim_');
});

test('with a token who has it may look, and this machine alone may not; an administrator always may', async () => {
  const authenticate = ({ token }: { readonly token: string | undefined }) =>
    token === 'root' ? { id: 'root', roles: ['admin'] } : token === 'ann' ? { id: 'ann' } : undefined;
  const { url } = await startServer({ authenticate, metrics: { token: TOKEN } });
  const ask = async (token?: string) =>
    (await fetch(`${url}/metrics`, { headers: { via: '1.1 proxy', ...(token !== undefined && { authorization: `Bearer ${token}` }) } }))
      .status;
  expect([await ask(TOKEN), await ask('root'), await ask('ann'), await ask(), await ask(`${TOKEN}x`)]).toEqual([200, 200, 403, 403, 403]);
  expect((await fetch(`${url}/metrics`)).status).toBe(403);
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  expect(series(text).get('verbatim_failed_logins_total{method="metrics"}')).toBe(2);
});

test('metrics: false has no such route and counts nothing', async () => {
  const { url } = await startServer({ metrics: false });
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
});

test('a run with a tool is counted: sends, calls, runs, tokens and cost, times, commits and deliveries', async () => {
  const tool = defineTool({ name: 'look', description: '', input: z.object({}), output: z.string(), execute: () => 'found' });
  const broken = defineTool({
    name: 'lose',
    description: '',
    input: z.object({}),
    output: z.string(),
    execute: () => {
      throw new Error('lost');
    },
  });
  const model = scriptedModel([
    { toolCalls: [{ name: 'look' }, { name: 'lose' }], usage: { inputTokens: 100, outputTokens: 10 } },
    { text: 'Here.', usage: { inputTokens: 200, outputTokens: 20 } },
  ]);
  await using server = await createTestServer({
    agents: { bot: defineAgent({ description: '', model, tools: [tool, broken] }) },
    prices: { [model.name]: { input: 1, output: 10 } },
  });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  for await (const _ of run) {
    // Somebody reads along.
  }
  const found = await scrape(server.url);
  const name = model.name;
  const expected: readonly (readonly [string, number])[] = [
    ['verbatim_sends_total{disposition="started"}', 1],
    ['verbatim_runs_total{agent="bot",status="completed",code="OK"}', 1],
    ['verbatim_run_duration_seconds_count{agent="bot",status="completed"}', 1],
    ['verbatim_time_to_first_token_seconds_count{agent="bot"}', 1],
    [`verbatim_model_call_duration_seconds_count{model="${name}",code="OK"}`, 2],
    [`verbatim_model_time_to_first_token_seconds_count{model="${name}"}`, 1],
    [`verbatim_tokens_total{model="${name}",kind="input"}`, 300],
    [`verbatim_tokens_total{model="${name}",kind="output"}`, 30],
    [`verbatim_cost_total{model="${name}"}`, 0.0006],
    ['verbatim_tool_call_duration_seconds_count{tool="look",code="OK"}', 1],
    ['verbatim_tool_call_duration_seconds_count{tool="lose",code="TOOL_FAILED"}', 1],
    ['verbatim_request_duration_seconds_count{procedure="messages.send",transport="ws",code="OK"}', 1],
    ['verbatim_request_duration_seconds_count{procedure="runs.watch",transport="ws",code="OK"}', 1],
    ['verbatim_connections_opened_total{transport="ws"}', 1],
    ['verbatim_connections', 1],
    ['verbatim_active_runs', 0],
    ['verbatim_queued_runs', 0],
  ];
  for (const [key, value] of expected) expect([key, found.get(key)]).toEqual([key, value]);
  for (const key of [
    'verbatim_commit_duration_seconds_count',
    'verbatim_commit_batch_writes_count',
    'verbatim_delivery_lag_seconds_count',
  ]) {
    expect(found.get(key)).toBeGreaterThan(3);
  }
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('refusals are counted by their limit, tokens that are not good as failed logins, and close codes by themselves', async () => {
  const { url, port } = await startServer({ authenticate: byToken, limits: { maxQueuedPerThread: 0, authTimeoutMs: 50 } });
  const call = (path: string, input: object, token?: string) =>
    fetch(`${url}/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ json: input }),
    });
  const sent = (await (await call('messages.send', { agent: 'pour', text: 'hold' }, 'ann')).json()) as {
    readonly result: { readonly data: { readonly json: { readonly threadId: string } } };
  };
  const { threadId } = sent.result.data.json;
  expect((await call('messages.send', { agent: 'pour', text: 'more', threadId }, 'ann')).status).toBe(429);
  expect((await call('messages.send', { agent: 'pour', text: 'hello' })).status).toBe(401);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/trpc?connectionParams=1`);
  await vi.waitFor(async () => {
    const found = await scrape(url);
    expect(found.get('verbatim_connections_closed_total{transport="ws",code="4408"}')).toBe(1);
    expect(found.get('verbatim_refusals_total{reason="maxQueuedPerThread"}')).toBe(1);
    expect(found.get('verbatim_refusals_total{reason="UNAUTHENTICATED"}')).toBe(1);
    expect(found.get('verbatim_request_duration_seconds_count{procedure="messages.send",transport="http",code="QUEUE_FULL"}')).toBe(1);
    expect(found.get('verbatim_http_request_duration_seconds_count{route="/metrics",method="GET",status="200"}')).toBeGreaterThan(0);
  });
  socket.close();
});

test('retries, an open circuit and cache hits are told by the models that have them', async () => {
  let calls = 0;
  const unwell = {
    name: 'unwell',
    async *stream() {
      calls++;
      yield* [];
      throw new VerbatimError('MODEL_UNAVAILABLE', 'down');
    },
  };
  const model = resilient(unwell, { maxRetries: 1, firstRetryDelayMs: 1, maxFailures: 2, random: () => 0 });
  const said = scriptedModel([{ text: 'once' }]);
  await using server = await createTestServer({
    agents: {
      bad: defineAgent({ description: '', model }),
      good: defineAgent({ description: '', model: cached(said, { scope: 'everyone' }) }),
    },
  });
  const client = server.client();
  await (await client.send({ agent: 'bad', text: 'go' })).result();
  for (let time = 0; time < 2; time++) await (await client.send({ agent: 'good', text: 'go' })).result();
  const found = await scrape(server.url);
  expect(calls).toBe(2);
  expect(found.get('verbatim_model_retries_total{model="unwell",code="MODEL_UNAVAILABLE"}')).toBe(1);
  expect(found.get('verbatim_model_circuit_open{model="unwell"}')).toBe(1);
  expect(found.get('verbatim_cache_reads_total{cache="model",result="miss"}')).toBe(1);
  expect(found.get('verbatim_cache_reads_total{cache="model",result="hit"}')).toBe(1);
});

test('names beyond the bound are one name, however many there are', async () => {
  const names = new BoundedNames(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((name) => names.of(name))).toEqual(['a', 'b', OTHER, 'a', OTHER]);
  const metrics = new Metrics();
  for (let index = 0; index < 3 * MAX_NAMES; index++) {
    metrics.listener.toolCalled?.({ tool: `tool${index}`, ms: 1, code: undefined });
    metrics.listener.modelCalled?.({ model: `model${index}`, ms: 1, firstMs: 1, code: undefined });
    metrics.listener.firstToken?.(`agent${index}`, 1);
    metrics.listener.refused?.(`reason${index}`);
    metrics.listener.connectionClosed?.({ id: '', transport: 'ws', code: 3_000 + index });
  }
  const found = series(await metrics.registry.metrics());
  const countOf = (name: string) => [...found.keys()].filter((key) => key.startsWith(`${name}{`)).length;
  expect(countOf('verbatim_tool_call_duration_seconds_count')).toBe(MAX_NAMES + 1);
  expect(countOf('verbatim_model_call_duration_seconds_count')).toBe(MAX_NAMES + 1);
  expect(countOf('verbatim_time_to_first_token_seconds_count')).toBe(MAX_NAMES + 1);
  expect(countOf('verbatim_refusals_total')).toBe(MAX_NAMES + 1);
  expect(countOf('verbatim_connections_closed_total')).toBe(1);
});

test('what nobody listens to is told to the silent observer itself', () => {
  const observer = observers(undefined, []);
  expect(observer.committed).toBe(silentObserver.committed);
  expect(observer.delivered).toBe(silentObserver.delivered);
  const heard: unknown[] = [];
  const both = observers(undefined, [{ sent: (what) => heard.push(what) }, { sent: (what) => heard.push(what) }]);
  both.sent('started');
  expect(heard).toEqual(['started', 'started']);
});

async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  return series(await answer.text());
}

async function rawGet(url: string, path: string, host: string): Promise<string> {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.end(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}
