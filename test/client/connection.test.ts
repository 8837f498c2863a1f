import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ConnectionState } from '../../src/client/connectionState.ts';
import { CLOSE_CODES } from '../../src/protocol/closeCodes.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { clientOf, collect, deferred, startServer, TRANSPORTS } from './clientOf.ts';
import { LogServer, runEvents } from './logServer.ts';

function statesOf(client: ReturnType<typeof clientOf>): ConnectionState['status'][] {
  const seen: ConnectionState['status'][] = [client.connection.state.status];
  client.connection.subscribe((state) => seen.push(state.status));
  return seen;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error) => error.code,
  );

test('a call that found no connection says why there is none, and leaves nothing listening', async () => {
  const server = await startServer();
  // A socket opens before it is refused, and each attempt takes the call with it.
  server.authenticate = () => CLOSE_CODES.TOO_MANY_CONNECTIONS;
  const added = vi.spyOn(AbortSignal.prototype, 'addEventListener');
  const removed = vi.spyOn(AbortSignal.prototype, 'removeEventListener');
  onTestFinished(() => void vi.restoreAllMocks());
  const client = clientOf(server, { timeoutMs: 1_500 });
  // Its time may be over in the moment in which a socket is open and not yet refused.
  await vi.waitFor(
    () =>
      expect(client.agents.list()).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
        message: expect.stringContaining('too many connections'),
        details: { reason: 'RATE_LIMITED' },
        cause: { code: 'RATE_LIMITED' },
      }),
    { timeout: 10_000 },
  );
  expect(server.tokens.length).toBeGreaterThan(1);
  const open = new Set(added.mock.calls.map(([, listener]) => listener));
  for (const [, listener] of removed.mock.calls) open.delete(listener);
  expect(open.size).toBeLessThanOrEqual(1);
});

test.each(TRANSPORTS)('a call that never reached a server over %s says at which address, and why', async (transport) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const token = 'vbk_never_to_be_said';
  const client = clientOf({ url: `http://127.0.0.1:${port}/private-path` }, { transport, token, timeoutMs: 2_000 });
  const error: unknown = await client.agents.list().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'CONNECTION_LOST',
    message: `agents.list was not answered: no connection to 127.0.0.1:${port} within 2000 ms. The server cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
    details: { reason: 'CONNECTION_LOST' },
    cause: { details: { closeCode: CLOSE_CODES.ABNORMAL, reason: `connect ECONNREFUSED 127.0.0.1:${port}` } },
  });
});

test.each(TRANSPORTS)('a token that no request can carry is not quoted over %s', async (transport) => {
  const server = await startServer();
  const client = clientOf(server, { transport, token: 'secret\nof-ann', timeoutMs: 300 });
  const answer = await client.agents.list().then(
    () => 'fine',
    (error: unknown) => inspect(error, { depth: 0 }),
  );
  expect(answer).not.toContain('of-ann');
});

test('connects when it is first used, and not before', async () => {
  const server = await startServer();
  const client = clientOf(server);
  const seen = statesOf(client);
  await client.agents.list();
  expect(seen).toEqual(['idle', 'connecting', 'online']);
  await client.close();
  expect(seen).toEqual(['idle', 'connecting', 'online', 'closed']);
});

test.each([
  [CLOSE_CODES.BAD_REQUEST, 'BAD_INPUT'],
  [CLOSE_CODES.UNAUTHENTICATED, 'UNAUTHENTICATED'],
  [CLOSE_CODES.NOT_ALLOWED, 'NOT_ALLOWED'],
  [CLOSE_CODES.REPLACED, 'CONNECTION_LOST'],
])('after a close with %i it stops: everything rejects with %s', async (closeCode, code) => {
  const server = await startServer();
  const gate = deferred();
  server.onCall = (path) => (path === 'agents.list' ? gate.promise : undefined);
  const client = clientOf(server, { token: 'fixed' });
  const pending = [client.agents.list(), collect(client.thread('t').watch()), client.run('r0').result(), client.run('r0').text()];
  await vi.waitFor(() => expect(server.openWatches).toBe(3));
  server.closeSockets(closeCode);
  expect(await Promise.all(pending.map(codeOf))).toEqual([code, code, code, code]);
  expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code, details: { closeCode } } });
  expect(await codeOf(client.agents.list())).toBe(code);
  expect(await codeOf(collect(client.thread('t').watch()))).toBe(code);
  expect(server.tokens).toHaveLength(1);
  gate.resolve();
});

test.each([1000, 1001, 1011, 1013, 4408, 4409, 4429, 4999])('after a close with %i it comes back and goes on', async (closeCode) => {
  const server = await startServer();
  const client = clientOf(server);
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  server.append(...runEvents('r0', ['a']));
  expect((await reader.next()).value?.seq).toBe(1);
  const seen = statesOf(client);
  server.closeSockets(closeCode);
  await vi.waitFor(() => expect(seen).toEqual(['online', 'offline', 'connecting', 'online']));
  server.append(...runEvents('r1', ['a']));
  for (let seq = 2; seq <= 12; seq += 1) expect((await reader.next()).value?.seq).toBe(seq);
  await reader.return?.();
});

test('after an idle close it sleeps until it is next used', async () => {
  const server = await startServer();
  const client = clientOf(server);
  await client.agents.list();
  const seen = statesOf(client);
  server.closeSockets(CLOSE_CODES.IDLE);
  await vi.waitFor(() => expect(seen).toEqual(['online', 'idle']));
  expect(server.tokens).toHaveLength(1);
  await client.agents.list();
  expect(seen).toEqual(['online', 'idle', 'connecting', 'online']);
});

test('an idle close that crosses a call does not lose the call', async () => {
  const server = await startServer();
  const client = clientOf(server);
  const gate = deferred();
  server.onCall = () => gate.promise;
  const asking = client.agents.list();
  await vi.waitFor(() => expect(server.sockets.size).toBe(1));
  server.closeSockets(CLOSE_CODES.IDLE);
  gate.resolve();
  expect(await asking).toHaveLength(1);
});

test('a server that closes every connection as idle is asked again after the backoff, not at once', async () => {
  const server = await startServer();
  server.authenticate = () => CLOSE_CODES.IDLE;
  const clock = createManualClock();
  const client = clientOf(server, { clock, random: () => 1 });
  const asking = client.agents.list();
  await vi.waitFor(() => expect(client.connection.state).toMatchObject({ status: 'offline', nextAttemptAt: clock.now() + 100 }));
  server.authenticate = () => undefined;
  await clock.advance(100);
  expect(await asking).toHaveLength(1);
});

test('a connection that nobody uses is not brought back', async () => {
  const server = await startServer();
  const client = clientOf(server);
  await client.agents.list();
  server.cutSockets();
  await vi.waitFor(() => expect(client.connection.state).toMatchObject({ status: 'idle', reason: { code: 'CONNECTION_LOST' } }));
});

test('waits longer after each failure, says until when, and starts over after a connection that worked', async () => {
  const server = await startServer();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const clock = createManualClock();
  const client = clientOf(server, { clock, random: () => 1, url: `ws://127.0.0.1:${port}`, timeoutMs: 10_000_000 });
  const asking = client.agents.list();
  const waits: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    await vi.waitFor(() => expect(client.connection.state.status).toBe('offline'));
    const { state } = client.connection;
    if (state.status !== 'offline') break;
    expect(state.reason.code).toBe('CONNECTION_LOST');
    waits.push(state.nextAttemptAt - clock.now());
    if (i < 9) await clock.advance(state.nextAttemptAt - clock.now());
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);

  const back = await LogServer.start(port);
  onTestFinished(() => back[Symbol.asyncDispose]());
  await clock.advance(30_000);
  expect(await asking).toHaveLength(1);
  const watching = client.thread('t').watch()[Symbol.asyncIterator]();
  void watching.next();
  await vi.waitFor(() => expect(back.openWatches).toBe(1));
  back.cutSockets();
  await vi.waitFor(() => expect(client.connection.state).toMatchObject({ nextAttemptAt: clock.now() + 100 }));
  await watching.return?.();
  expect(client.connection.state.status).toBe('idle');
  expect(clock.pending).toBe(0);
});

test('the network or the page coming back ends the wait at once; no listener is left after close', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const network = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', network.addEventListener.bind(network));
  vi.stubGlobal('removeEventListener', network.removeEventListener.bind(network));
  onTestFinished(() => void vi.unstubAllGlobals());
  const removed = [vi.spyOn(page, 'removeEventListener'), vi.spyOn(globalThis, 'removeEventListener')];

  const server = await startServer();
  const clock = createManualClock();
  const client = clientOf(server, { clock, random: () => 1 });
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  void reader.next();
  for (const wake of [() => network.dispatchEvent(new Event('online')), () => page.dispatchEvent(new Event('visibilitychange'))]) {
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    server.cutSockets();
    await vi.waitFor(() => expect(client.connection.state.status).toBe('offline'));
    wake();
    await vi.waitFor(() => expect(client.connection.state.status).toBe('online'));
  }
  await reader.return?.();
  await client.close();
  expect(removed.map((spy) => spy.mock.calls.length)).toEqual([1, 1]);
});

test('pings when nothing was heard for a while, and only while something is asked for', async () => {
  const server = await startServer();
  const clock = createManualClock();
  const client = clientOf(server, { clock, pingIntervalMs: 1_000, pongTimeoutMs: 500 });
  await client.agents.list();
  expect(clock.pending).toBe(0);
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  void reader.next();
  await vi.waitFor(() => expect(server.openWatches).toBe(1));
  // The first look hears the answer to the subscription.
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(server.pings.length).toBeGreaterThan(0);
  });
  expect(client.connection.state.status).toBe('online');
  await reader.return?.();
  expect(clock.pending).toBe(0);
});

test('a half-open socket is given up when nothing at all comes after a ping; any frame is a sign of life', async () => {
  const server = await startServer();
  const clock = createManualClock();
  const client = clientOf(server, { clock, random: () => 1, pingIntervalMs: 1_000, pongTimeoutMs: 500 });
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  const first = reader.next();
  await vi.waitFor(() => expect(server.openWatches).toBe(1));
  server.append(...runEvents('r0', ['a']));
  await first;
  // From here on the server hears nothing, and its pongs do not come; but its events do.
  for (const socket of server.sockets) socket.pause();
  await clock.advance(1_000);
  await clock.advance(1_000);
  server.append(...runEvents('r1', ['a']));
  for (let seq = 2; seq <= 12; seq += 1) expect((await reader.next()).value?.seq).toBe(seq);
  await clock.advance(500);
  expect(client.connection.state.status).toBe('online');
  // Now nothing comes.
  await clock.advance(1_000);
  await clock.advance(500);
  expect(client.connection.state.status).toBe('offline');
  await clock.advance(100);
  await vi.waitFor(() => expect(client.connection.state.status).toBe('online'));
  server.append(...runEvents('r2', ['a']));
  expect((await reader.next()).value?.seq).toBe(13);
  await reader.return?.();
});

test('a close with 1009 fails the request that was too big, and the others go on', async () => {
  const server = await startServer();
  const client = clientOf(server);
  const gate = deferred();
  const arrived = deferred();
  let calls = 0;
  // A server with a lower limit than the client knows of.
  server.onCall = (path) => {
    if (path === 'agents.list') return;
    calls += 1;
    if (calls === 3) arrived.resolve();
    return gate.promise;
  };
  const watching = client.thread('t').watch()[Symbol.asyncIterator]();
  const event = watching.next();
  const small = client.send({ agent: 'support', text: 'small' });
  const big = client.send({ agent: 'support', text: 'b'.repeat(5_000) });
  await arrived.promise;
  server.closeSockets(CLOSE_CODES.FRAME_TOO_BIG);
  expect(await codeOf(big)).toBe('FRAME_TOO_BIG');
  gate.resolve();
  expect((await small).id).toMatch(/^r/);
  server.append(...runEvents('r0', ['a']));
  expect((await event).value?.seq).toBe(1);
  await watching.return?.();
});

test('a server that never finishes the handshake costs one attempt, not the client', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const clock = createManualClock();
  const client = clientOf({ url: `ws://127.0.0.1:${port}` }, { clock, random: () => 1, connectTimeoutMs: 2_000, timeoutMs: 5_000 });
  const asking = codeOf(client.agents.list());
  await vi.waitFor(() => expect(clock.pending).toBe(2));
  await clock.advance(2_000);
  expect(client.connection.state).toMatchObject({ status: 'offline', reason: { details: { reason: 'no answer in time' } } });
  await clock.advance(3_000);
  expect(await asking).toBe('CONNECTION_LOST');
  await client.close();
});

test('a token that cannot be had is asked for again after a while; one that throws when refreshed closes the client', async () => {
  const server = await startServer();
  let outages = 2;
  const client = clientOf(server, {
    token: ({ refresh }) => {
      if (refresh) throw new Error('logged out');
      outages -= 1;
      if (outages >= 0) throw new Error('no network');
      return 'token';
    },
  });
  await client.agents.list();
  expect(server.tokens).toEqual(['token']);
  server.closeSockets(CLOSE_CODES.UNAUTHENTICATED);
  await vi.waitFor(() => expect(client.connection.state.status).not.toBe('online'));
  expect(await codeOf(client.agents.list())).toBe('UNAUTHENTICATED');
});

test('each connection asks for the token anew, and an expired one is refreshed each time it expires', async () => {
  const server = await startServer();
  const asked: boolean[] = [];
  const client = clientOf(server, {
    token: async ({ refresh }) => {
      asked.push(refresh);
      return `token-${asked.length}`;
    },
  });
  for (let i = 0; i < 3; i += 1) {
    await client.agents.list();
    server.closeSockets(CLOSE_CODES.UNAUTHENTICATED);
    await vi.waitFor(() => expect(client.connection.state.status).toBe('idle'));
  }
  await client.agents.list();
  expect(asked).toEqual([false, true, true, true]);
  expect(server.tokens).toEqual(['token-1', 'token-2', 'token-3', 'token-4']);
});

test('a listener that throws stops neither the connection nor the other listeners', async () => {
  const server = await startServer();
  const client = clientOf(server);
  const thrown = deferred<unknown>();
  process.once('uncaughtException', thrown.resolve);
  const off = client.connection.subscribe(() => {
    off();
    throw new Error('mine');
  });
  const seen = statesOf(client);
  await client.agents.list();
  expect(seen).toContain('online');
  expect(await thrown.promise).toMatchObject({ message: 'mine' });
});

test('close leaves no timer and no socket, whatever was going on', async () => {
  const server = await startServer();
  const clock = createManualClock();
  const client = clientOf(server, { clock });
  const gate = deferred();
  server.onCall = (path) => (path === 'agents.list' ? gate.promise : undefined);
  const pending = [client.agents.list(), collect(client.thread('t').watch()), client.run('r').result()].map(codeOf);
  await vi.waitFor(() => expect(server.openWatches).toBe(2));
  expect(clock.pending).toBeGreaterThan(0);
  await client.close();
  expect(clock.pending).toBe(0);
  expect(await Promise.all(pending)).toEqual(['CLIENT_CLOSED', 'CLIENT_CLOSED', 'CLIENT_CLOSED']);
  await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  gate.resolve();
});

test('close does not wait for ever for a server that does not answer it', async () => {
  const server = await startServer();
  const client = clientOf(server);
  await client.agents.list();
  for (const socket of server.sockets) socket.pause();
  await client.close();
  expect(client.connection.state.status).toBe('closed');
});

test('closing a client twice, or one that never connected, is harmless', async () => {
  const server = await startServer();
  const client = clientOf(server);
  await client.close();
  await client.close();
  expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code: 'CLIENT_CLOSED' } });
  expect(server.tokens).toEqual([]);
});
