import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { offline } from '../../src/agents/models/offline.ts';
import type { Client } from '../../src/client/client.ts';
import type { ClientOptions } from '../../src/client/createClient.ts';
import { createClient } from '../../src/client/index.node.ts';
import { emptyThread, reduceThread } from '../../src/client/reducer.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createServer } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import type { VerbatimServer } from '../../src/server/verbatimServer.ts';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { collect, type Deferred, deferred, TRANSPORTS } from './clientOf.ts';

const held = new Map<string, Deferred<void>>();

const lookup = defineTool({
  name: 'lookup',
  description: 'Find an order',
  input: z.object({ orderId: z.string() }),
  output: z.object({ total: z.number() }),
  execute: async ({ orderId }) => ({ total: orderId.length }),
});

const agentsOf = () => ({
  counter: defineAgent({ description: 'counts', model: offline(), instructions: '' }),
  support: defineAgent({
    description: 'looks things up',
    instructions: '',
    tools: [lookup],
    model: scriptedModel([{ toolCalls: [{ name: 'lookup', input: { orderId: 'abc' } }] }, { text: 'It costs 3.' }]),
  }),
  held: defineAgent({
    description: 'waits to be told',
    run: async function* ({ text }) {
      yield { type: 'text.delta', delta: 'so far' };
      await held.get(text)?.promise;
      yield { type: 'text.delta', delta: ', so good' };
    },
  }),
});
type Api = InferApi<ReturnType<typeof agentsOf>>;

async function serve(options: Partial<ServerOptions> = {}, port = 0): Promise<{ server: VerbatimServer; url: string; port: number }> {
  process.env.VERBATIM_OFFLINE_TPS = '0';
  const server = await createServer({ agents: agentsOf(), ...options });
  onTestFinished(() => server.close({ drainMs: 0 }));
  return { server, ...(await server.listen({ port })) };
}

function connect(url: string, options: Partial<ClientOptions> = {}): Client<Api> {
  const client = createClient<Api>({ url, random: () => 0, ...options });
  onTestFinished(() => client.close());
  return client;
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i + 1).join(' ');

function expectContiguous(events: readonly AnyEvent[], after = 0): void {
  let previous = after;
  for (const event of events) {
    expect((event as { firstSeq?: number }).firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
  }
}

describe.each(TRANSPORTS)('a server of ours over %s', (transport) => {
  test('tools, text and result of a run, as it happens and read again', async () => {
    const { server, url } = await serve();
    const client = connect(url, { transport });
    const run = await client.send({ agent: 'support', text: 'order abc?' });
    const tools: unknown[] = [];
    for await (const event of run) {
      if (event.type === 'tool.called' && event.tool === 'lookup') tools.push(event.input.orderId);
      if (event.type === 'tool.completed' && event.tool === 'lookup') tools.push(event.output.total);
    }
    expect(tools).toEqual(['abc', 3]);
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'It costs 3.', outcome: 'complete' });
    expect(await client.run(run.id).result()).toEqual(await run.result());
    expect(await run.info()).toMatchObject({ id: run.id, status: 'completed', threadId: run.threadId });
    const again = await collect(client.run(run.id));
    expect(again).toEqual(await collect(run));
    await vi.waitFor(() => expect(server.stats).toMatchObject({ watches: 0, listeners: 0 }));
  });

  test('20 answers through a network that cuts every connection: nothing missing, nothing twice', async () => {
    const { port } = await serve();
    const proxy = await startFaultProxy({ port });
    onTestFinished(() => proxy.close());
    process.env.VERBATIM_OFFLINE_TPS = '200';
    proxy.cutEvery({ minMs: 50, maxMs: 300 });
    const client = connect(proxy.url, { transport, random: Math.random });
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const run = await client.send({ agent: 'counter', text: 'count to 200' });
        const events = await collect<AnyEvent>(run);
        expectContiguous(events, run.receipt.seq);
        const deltas = events.map((event) => (event.type === 'text.delta' ? event.delta : '')).join('');
        expect(events.at(-1)?.type).toBe('run.completed');
        expect(await run.text()).toBe(deltas);
        return deltas;
      }),
    );
    expect(new Set(texts)).toEqual(new Set([count(200)]));
    expect(proxy.counts.cuts).toBeGreaterThan(2);
  });

  test('a restart in the middle of an answer: the reader and the send go on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'verbatim-client-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const database = join(directory, 'v.db');
    const first = await serve({ database });
    const client = connect(first.url, { transport, random: () => 0.5 });
    const gate = deferred();
    held.set('restart', gate);
    const run = await client.send({ agent: 'held', text: 'restart' });
    const events: AnyEvent[] = [];
    const reading = (async () => {
      for await (const event of run) events.push(event);
    })();
    await vi.waitFor(() => expect(events.some((event) => event.type === 'text.delta')).toBe(true));
    await first.server.close({ drainMs: 0 });
    expect(client.connection.state.status).not.toBe('closed');
    const asking = client.send({ agent: 'counter', text: 'count to 3' });
    gate.resolve();
    await serve({ database }, first.port);
    await reading;
    expectContiguous(events, run.receipt.seq);
    expect(events.some((event) => event.type === 'run.resumed')).toBe(true);
    expect(await run.text()).toBe('so far, so good');
    expect(await (await asking).text()).toBe('1 2 3');
  });

  test('a cancelled run resolves with what it had said', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    held.set('cancel', deferred());
    const run = await client.send({ agent: 'held', text: 'cancel' });
    for await (const event of run) if (event.type === 'text.delta') break;
    const result = run.result();
    await run.cancel();
    expect(await result).toMatchObject({ status: 'cancelled', text: 'so far', cancelledBy: 'local' });
    await run.cancel();
  });

  test('errors are typed: unknown things, wrong input, a busy thread, a cursor beyond the head', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    const gate = deferred();
    held.set('busy', gate);
    const run = await client.send({ agent: 'held', text: 'busy' });
    await expect(client.threads.get({ threadId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(collect(client.thread('nope').watch())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.run('nope').result()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.send({ agent: 'counter', text: '  ' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(client.send({ agent: 'counter', text: 'x', threadId: run.threadId, whenBusy: 'reject' })).rejects.toMatchObject({
      code: 'THREAD_BUSY',
      details: { runId: run.id },
    });
    await expect(collect(client.thread(run.threadId).watch({ after: 10_000 }))).rejects.toMatchObject({ code: 'CURSOR_AHEAD' });
    await expect(collect(client.thread(run.threadId).watch({ after: 'x' }))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    gate.resolve();
    expect(await run.text()).toBe('so far, so good');
  });

  test('the same key with the same content is the same run, with other content a conflict', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    const one = await client.send({ agent: 'counter', text: 'count to 1', idempotencyKey: 'k' });
    const two = await client.send({ agent: 'counter', text: 'count to 1', idempotencyKey: 'k' });
    expect(two.receipt).toEqual(one.receipt);
    const other = client.send({ agent: 'counter', text: 'count to 2', idempotencyKey: 'k' });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  test('the thread calls do what they say, and a deleted thread ends its watches with NOT_FOUND', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    const thread = await client.threads.create({ title: 'One', messages: [{ role: 'user', text: 'hi' }] });
    expect(await client.threads.update({ threadId: thread.id, title: 'Two' })).toMatchObject({ title: 'Two' });
    expect((await client.threads.list({ search: 'tw' })).items.map(({ id }) => id)).toEqual([thread.id]);
    expect((await client.threads.list()).items).toHaveLength(1);
    expect((await client.threads.messages({ threadId: thread.id })).items).toMatchObject([{ role: 'user', text: 'hi' }]);
    const fork = await client.threads.fork({ threadId: thread.id });
    expect(fork.id).not.toBe(thread.id);
    expect((await client.agents.list()).map(({ name }) => name).sort()).toEqual(['counter', 'held', 'support']);

    const run = await client.send({ agent: 'counter', text: 'count to 2', threadId: thread.id });
    await run.result();
    const watching = (async () => {
      for await (const event of client.thread(thread.id).watch()) {
        // What was imported is below the floor.
        expect(event.type).toBe('thread.snapshot');
        await client.threads.delete({ threadId: thread.id });
      }
    })();
    await expect(watching).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a snapshot and what follows reduce to the same messages as all events do', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    const run = await client.send({ agent: 'counter', text: 'count to 20' });
    await run.result();
    const stateAtEnd = async (snapshot: boolean) => {
      let state = emptyThread;
      for await (const event of client.thread(run.threadId).watch({ snapshot })) {
        state = reduceThread(state, event);
        if (state.messages.at(-1)?.role === 'assistant' && state.activeRunId === undefined) return state;
      }
      return state;
    };
    const [whole, shortcut] = [await stateAtEnd(false), await stateAtEnd(true)];
    expect(shortcut.messages).toEqual(whole.messages);
    expect(shortcut.seq).toBe(whole.seq);
  });

  test('a folded run still has its result, and a cursor below the floor starts with a snapshot', async () => {
    const { server, url } = await serve();
    const client = connect(url, { transport });
    const run = await client.send({ agent: 'counter', text: 'count to 5' });
    const result = await run.result();
    expect(await server.fold({ olderThanDays: 0 })).toBe(1);
    expect(await client.run(run.id).result()).toEqual(result);
    for await (const event of client.thread(run.threadId).watch({ after: 1 })) {
      expect(event).toMatchObject({ type: 'thread.snapshot', messages: [{ role: 'user' }, { text: '1 2 3 4 5' }] });
      break;
    }
  });

  test('a cursor of another epoch starts with a snapshot', async () => {
    const { url } = await serve();
    const client = connect(url, { transport });
    const run = await client.send({ agent: 'counter', text: 'count to 5' });
    await run.result();
    for await (const event of client.thread(run.threadId).watch({ after: 'zzz-3' })) {
      expect(event.type).toBe('thread.snapshot');
      break;
    }
  });

  test('a request beyond the limit that this server has fails, and the others go on', async () => {
    const { url } = await serve({ limits: { maxFrameBytes: 2_000 } });
    const client = connect(url, { transport });
    held.set('small', deferred());
    const run = await client.send({ agent: 'held', text: 'small' });
    const watching = run.result();
    const [big, small] = await Promise.allSettled([
      client.send({ agent: 'counter', text: 'x'.repeat(5_000) }),
      client.send({ agent: 'counter', text: 'count to 2' }),
    ]);
    expect(big).toMatchObject({ status: 'rejected', reason: { code: 'FRAME_TOO_BIG' } });
    expect(small.status).toBe('fulfilled');
    held.get('small')?.resolve();
    expect((await watching).text).toBe('so far, so good');
  });

  test('a token that is refused, refreshed, revoked: the client follows', async () => {
    let valid = 'one';
    const { url } = await serve({ authenticate: ({ token }) => (token === valid ? { id: 'ann' } : undefined) });
    let asked = 0;
    const client = connect(url, {
      transport,
      token: ({ refresh }) => {
        asked += 1;
        return refresh ? valid : 'zero';
      },
    });
    const run = await client.send({ agent: 'counter', text: 'count to 3' });
    expect(await run.text()).toBe('1 2 3');
    expect(asked).toBe(2);
    const stranger = connect(url, { transport, token: 'two' });
    const codes = [stranger.agents.list(), stranger.run(run.id).text(), collect(stranger.thread(run.threadId).watch())];
    for (const outcome of await Promise.allSettled(codes)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAUTHENTICATED' } });
    }
    expect(stranger.connection.state.status).toBe('closed');
    valid = 'two';
    const bob = connect(url, { transport, token: 'two' });
    expect(await bob.agents.list()).toHaveLength(3);
  });

  test('closing leaves nothing behind on the server', async () => {
    const { server, url } = await serve();
    const client = connect(url, { transport });
    held.set('bye', deferred());
    const run = await client.send({ agent: 'held', text: 'bye' });
    const pending = Promise.allSettled([run.result(), collect(client.thread(run.threadId).watch())]);
    await vi.waitFor(() => expect(server.stats.watches).toBe(2));
    await client.close();
    for (const outcome of await pending) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CLIENT_CLOSED' } });
    }
    await vi.waitFor(() => expect(server.stats).toMatchObject({ connections: 0, watches: 0, listeners: 0 }));
    held.get('bye')?.resolve();
  });
});

test('a connection that goes silent in the middle of an answer is given up, and the answer goes on over another', async () => {
  const { port } = await serve();
  const proxy = await startFaultProxy({ port });
  onTestFinished(() => proxy.close());
  const client = connect(proxy.url, { pingIntervalMs: 40, pongTimeoutMs: 40 });
  held.set('silence', deferred());
  const run = await client.send({ agent: 'held', text: 'silence' });
  const events: AnyEvent[] = [];
  const reading = (async () => {
    for await (const event of run) events.push(event);
  })();
  await vi.waitFor(() => expect(events.at(-1)?.type).toBe('text.delta'));
  const { connections } = proxy.counts;
  proxy.stall('both');
  held.get('silence')?.resolve();
  await vi.waitFor(() => expect(client.connection.state.status).not.toBe('online'));
  proxy.resume();
  await reading;
  expectContiguous(events, run.receipt.seq);
  expect(await run.text()).toBe('so far, so good');
  expect(proxy.counts.connections).toBeGreaterThan(connections);
});

test('an idle socket is closed by the server, and the next call opens another', async () => {
  const { server, url } = await serve({ limits: { idleTimeoutMs: 50 } });
  const client = connect(url);
  await client.agents.list();
  await vi.waitFor(() => expect(client.connection.state).toMatchObject({ status: 'idle', reason: { details: { closeCode: 4000 } } }));
  expect(server.stats.connections).toBe(0);
  expect(await client.agents.list()).toHaveLength(3);
});

test('the 101st subscription of a socket is refused, the others go on', async () => {
  const { server, url } = await serve();
  const client = connect(url);
  const { id } = await client.threads.create({});
  const readers = Array.from({ length: 100 }, () => client.thread(id).watch()[Symbol.asyncIterator]());
  const first = readers.map((reader) => reader.next());
  await vi.waitFor(() => expect(server.stats.watches).toBe(100));
  await expect(collect(client.thread(id).watch())).rejects.toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
  await client.send({ agent: 'counter', text: 'count to 1', threadId: id });
  expect((await Promise.all(first)).map((step) => step.value?.type)).toEqual(Array.from({ length: 100 }, () => 'message.received'));
  await Promise.all(readers.map((reader) => reader.return?.()));
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));
});
