import { describe, expect, test, vi } from 'vitest';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { clientOf, collect, deferred, startServer, TRANSPORTS } from './clientOf.ts';
import { runEvents } from './logServer.ts';

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('sends, reads the run from its receipt to its end, and knows the result without asking again', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const run = await client.send({ agent: 'support', text: 'hi' });
    expect(run).toMatchObject({ id: 'r0', threadId: 't1', messageId: 'm0', receipt: { seq: 0, disposition: 'started' } });

    const reading = collect(run);
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    server.append(...runEvents('r0', ['Hel', 'lo']));
    expect((await reading).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await run.result()).toEqual({
      status: 'completed',
      text: 'Hello',
      usage: { inputTokens: 1, outputTokens: 2 },
      outcome: 'complete',
    });
    expect(await run.text()).toBe('Hello');
    expect(server.watches).toHaveLength(1);
    expect((await collect(run)).length).toBe(7);
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
  });

  test('resumes after every connection was cut: nothing missing, nothing twice', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of client.thread('t1').watch()) {
        seen.push(event.seq);
        if (event.type === 'run.completed') return;
      }
    })();
    const drafts = runEvents(
      'r0',
      Array.from({ length: 40 }, (_, i) => `${i} `),
    );
    for (const [i, draft] of drafts.entries()) {
      server.append(draft);
      if (i % 9 === 4) {
        await vi.waitFor(() => expect(seen).toHaveLength(i + 1));
        server.cutSockets();
      }
    }
    await reading;
    expect(seen).toEqual(drafts.map((_, i) => i + 1));
    expect(server.watches.length).toBeGreaterThan(3);
    expect(server.watches.at(-1)?.input.lastEventId).toMatch(/^e1-\d+$/);
  });

  test('a command whose answer was lost is asked again with the same key', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    server.loseAnswers = 3;
    const [one, two] = await Promise.all([
      client.send({ agent: 'support', text: 'a' }),
      client.send({ agent: 'support', text: 'b', idempotencyKey: 'mine' }),
    ]);
    expect(one.id).not.toBe(two.id);
    expect(server.loseAnswers).toBe(0);
    expect(server.receipts.size).toBe(2);
    expect(server.receipts.has('mine')).toBe(true);
    expect(server.sends.length).toBeGreaterThan(2);
  });

  test('a typed error of the server arrives with code, words and details', async () => {
    const server = await startServer();
    const error: unknown = await clientOf(server, { transport })
      .threads.get({ threadId: 'nope' })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(VerbatimError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'No such thread', details: { threadId: 'nope' }, retryable: false });
  });

  test('the token travels, and never in a URL', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport, token: 'secret-1' });
    await client.send({ agent: 'support', text: 'hi' });
    const reader = client.thread('t1').watch()[Symbol.asyncIterator]();
    void reader.next();
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    await reader.return?.();
    expect(new Set(server.tokens)).toEqual(new Set(['secret-1']));
    expect(server.urls.length).toBeGreaterThan(0);
    expect(server.urls.join()).not.toContain('secret');
  });

  test('a refused token is refreshed once, and everything goes on', async () => {
    const server = await startServer();
    server.authenticate = (token) => (token === 'good' ? undefined : 4401);
    const asked: boolean[] = [];
    const client = clientOf(server, {
      transport,
      token: ({ refresh }) => {
        asked.push(refresh);
        return refresh ? 'good' : 'old';
      },
    });
    await Promise.all([client.send({ agent: 'support', text: 'hi' }), client.agents.list()]);
    expect(asked.filter((refresh) => refresh)).toHaveLength(1);
  });

  test('a token refused twice closes the client: all that is pending and all that follows rejects with UNAUTHENTICATED', async () => {
    const server = await startServer();
    server.authenticate = () => 4401;
    const token = vi.fn(() => 'bad');
    const client = clientOf(server, { transport, token });
    const run = client.run('r0');
    const codes = await Promise.all(
      [
        client.send({ agent: 'support', text: 'hi' }),
        client.agents.list(),
        collect(run),
        run.result(),
        collect(client.thread('t').watch()),
      ].map((pending) =>
        pending.then(
          () => 'fine',
          (error) => error.code,
        ),
      ),
    );
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code: 'UNAUTHENTICATED' } });
    await expect(client.agents.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(run.text()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(token.mock.calls).toEqual([[{ refresh: false }], [{ refresh: true }]]);
  });

  test('leaving the loop unsubscribes and cancels nothing', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const run = await client.send({ agent: 'support', text: 'hi' });
    server.append(...runEvents('r0', ['a']).slice(0, 3));
    const states: string[] = [];
    client.connection.subscribe(({ status }) => states.push(status));
    for await (const event of run) if (event.type === 'message.started') break;
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
    expect(states).toEqual([]);
    expect(server.cancels).toBe(0);
    await run.cancel();
    expect(server.cancels).toBe(1);
  });

  test('a signal ends a watch without an error, even while it waits', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const stop = new AbortController();
    const reading = collect(client.thread('t1').watch({ signal: stop.signal }));
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    stop.abort();
    expect(await reading).toEqual([]);
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
    expect(await collect(client.thread('t1').watch({ signal: stop.signal }))).toEqual([]);
  });

  test('close rejects what is pending and what follows with CLIENT_CLOSED, and leaves no socket', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const gate = deferred();
    server.onCall = (path) => (path === 'agents.list' ? gate.promise : undefined);
    const pending = [client.agents.list(), collect(client.thread('t1').watch()), client.run('r0').result()];
    const codes = Promise.all(
      pending.map((one) =>
        one.then(
          () => 'fine',
          (error) => error.code,
        ),
      ),
    );
    await vi.waitFor(() => expect(server.openWatches).toBe(2));
    await client.close();
    expect(await codes).toEqual(['CLIENT_CLOSED', 'CLIENT_CLOSED', 'CLIENT_CLOSED']);
    await expect(client.send({ agent: 'support', text: 'hi' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
    expect(server.sockets.size).toBe(0);
    gate.resolve();
  });

  test('a snapshot and the terminal event of a folded run give its result', async () => {
    const server = await startServer();
    const usage = { inputTokens: 3, outputTokens: 4 };
    server.append(...runEvents('r0', ['x']));
    server.deliver = (event) => {
      if (event.type === 'run.completed') return [server.tracked({ ...event, usage })];
      if (event.seq !== 6 - 1) return [];
      const messages = [
        { id: 'a', role: 'assistant' as const, runId: 'r0', text: 'The answer', status: 'complete' as const, toolCalls: [], at: 1 },
        { id: 'b', role: 'assistant' as const, runId: 'r1', text: 'Another', status: 'complete' as const, toolCalls: [], at: 1 },
      ];
      return [server.tracked({ type: 'thread.snapshot', seq: 5, at: 1, messages, earlier: false })];
    };
    const client = clientOf(server, { transport });
    expect(await client.run('r0').result()).toEqual({ status: 'completed', text: 'The answer', usage, outcome: 'complete' });
  });

  test('a gap is asked for once more, then rejects with CURSOR_GAP', async () => {
    const server = await startServer();
    server.append(...runEvents('r0', ['a', 'b']));
    let missing = 1;
    server.deliver = (event) => {
      if (event.seq !== 4 || missing === 0) return [server.tracked(event)];
      missing -= 1;
      return [];
    };
    const client = clientOf(server, { transport });
    expect((await collect(client.run('r0'))).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(server.watches.map((watch) => watch.input.lastEventId)).toEqual([undefined, 'e1-3']);

    missing = 9;
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of client.run('r0')) seen.push(event.seq);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CURSOR_GAP' });
    expect(seen).toEqual([1, 2, 3]);
    expect(missing).toBe(7);
  });

  test('what a server delivers twice is yielded once', async () => {
    const server = await startServer();
    server.append(...runEvents('r0', ['a', 'b']));
    server.deliver = (event) => [server.tracked(event), server.tracked(event)];
    const events = await collect(clientOf(server, { transport }).run('r0'));
    expect(events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('a consumer that does not keep up holds a bounded queue, and still gets everything once', async () => {
    const server = await startServer();
    const words = Array.from({ length: 5_000 }, (_, i) => `${i} `);
    server.append(...runEvents('r0', words));
    const reader = clientOf(server, { transport }).run('r0')[Symbol.asyncIterator]();
    expect((await reader.next()).value?.seq).toBe(1);
    // The reader lets go of its subscription while its consumer is away.
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
    let last = 1;
    for (let step = await reader.next(); !step.done; step = await reader.next()) {
      expect(step.value.seq).toBe(last + 1);
      last = step.value.seq;
    }
    expect(last).toBe(words.length + 5);
    // One event was taken at once, and 2,000 waited.
    expect(server.watches[1]?.input.lastEventId).toBe('e1-2001');
  });

  test('a call that gets no answer rejects in time, and one given up by its caller at once', async () => {
    const server = await startServer();
    const gate = deferred();
    server.onCall = () => gate.promise;
    const client = clientOf(server, { transport });
    await expect(client.agents.list({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const stop = new AbortController();
    const asking = client.agents.list({ signal: stop.signal });
    stop.abort();
    await expect(asking).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.agents.list({ signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    gate.resolve();
  });

  test('without a server, a call rejects with CONNECTION_LOST when its time is up', async () => {
    const server = await startServer();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const client = clientOf({ url }, { transport, random: () => 0.01 });
    await expect(client.agents.list({ timeoutMs: 500 })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(client.connection.state).toMatchObject({ status: 'idle', reason: { code: 'CONNECTION_LOST' } });
  });

  test('a request larger than a frame may be is not sent, and the others are not disturbed', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const big = client.send({ agent: 'support', text: '€'.repeat(100_000) });
    const deep = client.threads.create({ metadata: JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) });
    await expect(big).rejects.toMatchObject({ code: 'FRAME_TOO_BIG' });
    await expect(deep).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await client.send({ agent: 'support', text: 'hi' });
    expect(server.sends).toHaveLength(1);
  });

  test('the plain tRPC client works over the same connection, and goes on after a cut', async () => {
    const server = await startServer();
    const client = clientOf(server, { transport });
    const receipt = await client.trpc.messages.send.mutate({ agent: 'support', text: 'hi', idempotencyKey: 'k' });
    expect(receipt.runId).toBe('r0');
    await expect(client.trpc.threads.get.query({ threadId: 'nope' })).rejects.toMatchObject({
      name: 'TRPCClientError',
      data: { code: 'NOT_FOUND', reason: 'NOT_FOUND' },
      cause: { name: 'VerbatimError', code: 'NOT_FOUND' },
    });
    const ids: string[] = [];
    const subscription = client.trpc.threads.watch.subscribe({ threadId: 't1' }, { onData: (event) => ids.push(event.id) });
    server.append(...runEvents('r0', ['a']));
    await vi.waitFor(() => expect(ids).toHaveLength(6));
    server.cutSockets();
    server.append(...runEvents('r1', ['a']));
    await vi.waitFor(() => expect(ids).toEqual(Array.from({ length: 12 }, (_, i) => `e1-${i + 1}`)));
    subscription.unsubscribe();
    await vi.waitFor(() => expect(server.openWatches).toBe(0));
  });

  test('the cursor of a watch is that of the last event taken, and a later watch goes on from it', async () => {
    const server = await startServer();
    server.append(...runEvents('r0', ['a']));
    const client = clientOf(server, { transport });
    const watch = client.thread('t1').watch();
    expect(watch.cursor).toBeUndefined();
    for await (const event of watch) if (event.seq === 2) break;
    expect(watch.cursor).toBe('e1-2');
    for await (const event of client.thread('t1').watch({ after: watch.cursor })) {
      expect(event.seq).toBe(3);
      break;
    }
  });
});
