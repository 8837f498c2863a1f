import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool } from '../../../src/index.ts';
import { isTraceparent } from '../../../src/server/telemetry/traces.ts';
import { createTestServer, scriptedModel } from '../../../src/testing/index.ts';
import { tempFolder } from '../../db/tempFolder.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { closedGate } from '../../testing/gate.ts';

checkLeaksAfterwards();

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER = `00-${TRACE_ID}-b7ad6b7169203331-01`;

interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The real SDK, exporting over HTTP to a receiver in this process. */
async function receiver() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))] });
  provider.register();
  afterTest(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
    server.closeAllConnections();
    server.close();
  });
  return {
    raw: () => bodies.join(''),
    async spans(): Promise<readonly ReceivedSpan[]> {
      await provider.forceFlush();
      return bodies.flatMap(spansOf);
    },
  };
}

function spansOf(body: string): readonly ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body);
  return resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: Record<string, never>[] }[] }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, kind, status, attributes }) => ({
        name,
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        kind,
        failed: (status as { code?: number } | undefined)?.code === 2,
        attributes: Object.fromEntries(
          (attributes as unknown as { key: string; value: Record<string, unknown> }[]).map(({ key, value }) => [
            key,
            Object.values(value)[0],
          ]),
        ),
      })),
    ),
  );
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name);
  expect([name, found.length]).toEqual([name, 1]);
  return found[0] as ReceivedSpan;
}

test("a send, its run, its steps, model calls, tools and child runs are one trace, the caller's, without content", async () => {
  const { spans, raw } = await receiver();
  const look = defineTool({
    name: 'look',
    description: '',
    input: z.object({ what: z.string() }),
    output: z.string(),
    execute: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      trace.getTracer('app').startSpan('query').end();
      return 'secret-output';
    },
  });
  const lose = defineTool({
    name: 'lose',
    description: '',
    input: z.object({}),
    output: z.string(),
    execute: () => {
      throw new Error('secret-failure');
    },
  });
  const helper = defineAgent({ description: '', model: scriptedModel([{ text: 'secret-help' }]) });
  const model = scriptedModel([
    { toolCalls: [{ name: 'look', input: { what: 'secret-input' } }, { name: 'lose' }, { name: 'ask', input: { task: 'secret-task' } }] },
    { text: 'secret-answer', usage: { inputTokens: 70, outputTokens: 7, cachedTokens: 5 } },
  ]);
  const bot = defineAgent({
    description: '',
    model,
    instructions: 'secret-instructions',
    tools: [look, lose, agentTool(helper, { name: 'ask', description: '' })],
  });
  await using server = await createTestServer({ agents: { bot, helper } });
  const client = server.client({ traceparent: () => CALLER });
  const run = await client.send({ agent: 'bot', text: 'secret-question' });
  expect((await run.result()).status).toBe('completed');
  await vi.waitFor(async () => expect((await spans()).some(({ name }) => name === 'step 2')).toBe(true));
  await vi.waitFor(async () => expect((await spans()).filter(({ name }) => name === 'invoke_agent bot')).toHaveLength(2));

  const all = await spans();
  expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
  const send = named(all, 'send bot');
  expect(send).toMatchObject({
    parentSpanId: 'b7ad6b7169203331',
    kind: 2,
    attributes: { 'verbatim.run.id': run.id, 'verbatim.send.disposition': 'started' },
  });
  const [first, second] = all.filter(({ name }) => name === 'invoke_agent bot');
  expect([first?.attributes['verbatim.run.result'], second?.attributes['verbatim.run.result']].sort()).toEqual(['completed', 'waiting']);
  for (const attempt of [first, second]) {
    expect(attempt?.parentSpanId).toBe(send.spanId);
    expect(attempt?.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'bot',
      'gen_ai.conversation.id': run.threadId,
      'verbatim.run.id': run.id,
    });
  }
  const step = all.find(({ name, attributes }) => name === 'step 1' && attributes['gen_ai.agent.name'] === 'bot');
  expect([first?.spanId, second?.spanId]).toContain(step?.parentSpanId);
  const looked = named(all, 'execute_tool look');
  expect(looked).toMatchObject({
    parentSpanId: step?.spanId,
    failed: false,
    attributes: { 'gen_ai.tool.name': 'look', 'gen_ai.tool.type': 'function' },
  });
  expect(named(all, 'query').parentSpanId).toBe(looked.spanId);
  expect(named(all, 'execute_tool lose')).toMatchObject({ failed: true, attributes: { 'error.type': 'TOOL_FAILED' } });
  const child = named(all, 'invoke_agent helper');
  expect(child.parentSpanId).toBe(step?.spanId);
  const calls = all.filter(({ name, attributes }) => name === `chat ${model.name}` && attributes['gen_ai.agent.name'] === 'bot');
  expect(calls).toHaveLength(2);
  expect(calls.find(({ attributes }) => attributes['gen_ai.usage.input_tokens'] === 70)).toMatchObject({
    kind: 3,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': model.name,
      'gen_ai.response.model': model.name,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cache_read.input_tokens': 5,
    },
  });
  expect(raw()).not.toContain('secret-');
});

test('a run goes on with its trace after a crash, and the failure of a run is named by its code', async () => {
  const { spans, raw } = await receiver();
  const gate = closedGate();
  const begun = vi.fn();
  const hold = defineAgent({
    description: '',
    run: async function* ({ attempt }) {
      yield { type: 'text.delta', delta: `attempt ${attempt}` };
      begun();
      if (attempt === 1) await gate.opened;
      throw new Error('secret-failure');
    },
  });
  const folder = tempFolder();
  await using server = await createTestServer({ agents: { hold }, database: `${folder}/verbatim.db` });
  // By the header, as a plain client of HTTP gives it.
  const body = JSON.stringify({ json: { agent: 'hold', text: 'go' } });
  const headers = { 'content-type': 'application/json', traceparent: CALLER };
  const sent = await fetch(`${server.url}/trpc/messages.send`, { method: 'POST', headers, body });
  const { result } = (await sent.json()) as { readonly result: { readonly data: { readonly json: { readonly runId: string } } } };
  await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(1));
  await server.crash();
  gate.open();
  const { runId } = result.data.json;
  expect((await server.client().run(runId).result()).status).toBe('failed');
  await vi.waitFor(async () => expect((await spans()).filter(({ name }) => name === 'invoke_agent hold')).toHaveLength(2));
  const all = await spans();
  const send = named(all, 'send hold');
  const attempts = all.filter(({ name }) => name === 'invoke_agent hold');
  for (const attempt of attempts) expect([attempt.traceId, attempt.parentSpanId]).toEqual([TRACE_ID, send.spanId]);
  expect(attempts.find(({ attributes }) => Number(attributes['verbatim.run.attempt']) === 2)).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'AGENT_FAILED', 'verbatim.run.result': 'failed' },
  });
  expect(raw()).not.toContain('secret-');
});

test('another trace with the same key is the same command, and a trace that is none is as none', async () => {
  const { spans } = await receiver();
  await using server = await createTestServer({
    agents: { bot: defineAgent({ description: '', model: scriptedModel([{ text: 'yes' }]) }) },
  });
  const client = server.client();
  const send = (traceparent: string) => client.trpc.messages.send.mutate({ agent: 'bot', text: 'go', idempotencyKey: 'one', traceparent });
  const first = await send('not a trace');
  expect(await send(CALLER)).toEqual(first);
  await client.run(first.runId).result();
  await vi.waitFor(async () => expect((await spans()).some(({ name }) => name === 'invoke_agent bot')).toBe(true));
  const run = named(await spans(), 'invoke_agent bot');
  expect(run.traceId).not.toBe(TRACE_ID);
});

test.each([
  [CALLER, true],
  [`00-${TRACE_ID}-0000000000000000-01`, false],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, false],
  [`ff-${TRACE_ID}-b7ad6b7169203331-01`, false],
  [CALLER.toUpperCase(), false],
  ['', false],
])('%s is a traceparent: %s', (given, valid) => expect(isTraceparent(given)).toBe(valid));
