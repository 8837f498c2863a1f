import { expect, test, vi } from 'vitest';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { startServer } from '../server/startServer.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { RawHttp } from '../support/rawHttp.ts';
import { openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { upload } from '../support/rawUpload.ts';
import { closedGate, type Gate } from '../testing/gate.ts';

checkLeaksAfterwards();

/** A server that says who `ann` is when the gate of the moment opens. */
async function start() {
  const state: { gate: Gate | undefined; asked: number } = { gate: undefined, asked: 0 };
  const authenticate: NonNullable<ServerOptions['authenticate']> = async ({ token }) => {
    if (token === 'root') return { id: token, roles: ['admin'] };
    state.asked++;
    await state.gate?.opened;
    return token === undefined ? undefined : { id: token };
  };
  const limits = { maxConnectionsPerPrincipal: 2, maxExportsPerPrincipal: 1, maxFileTransfersPerPrincipal: 1, maxBodiesPerAddress: 1 };
  const started = await startServer({ authenticate, limits });
  const ann = { ...started, params: { token: 'ann' }, headers: { authorization: 'Bearer ann' } };
  const socket = await openRaw(ann);
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});

  /** Asks, and is gone before it is known who asked. */
  async function askAndLeave(head: string, times = 1): Promise<void> {
    state.gate = closedGate();
    state.asked = 0;
    const http = new RawHttp(started.port);
    http.write(`${head} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ann\r\n\r\n`.repeat(times));
    await vi.waitFor(() => expect(state.asked).toBe(times));
    http.socket.resetAndDestroy();
    await http.closed;
    // Another connection was served meanwhile: the server has seen that one go.
    await (await fetch(`${started.url}/healthz`)).text();
    state.gate.open();
    state.gate = undefined;
  }
  const root = await openRaw({ ...started, params: { token: 'root' } });
  const connections = async (): Promise<readonly { readonly principalId: string }[]> => {
    const page: { items: { principalId: string; transport: string }[] } = await root.call('query', 'admin.connections.list', {});
    return page.items.filter(({ principalId, transport }) => principalId === 'ann' && transport !== 'ws');
  };
  return { ...ann, threadId, askAndLeave, connections };
}

const queryOf = (input: object): string => encodeURIComponent(JSON.stringify({ json: input }));

test('a reader over SSE that leaves while it is asked who it is leaves its place', async () => {
  const server = await start();
  for (let n = 0; n < 3; n++) await server.askAndLeave(`GET /trpc/threads.watch?input=${queryOf({ threadId: server.threadId })}`);
  await vi.waitFor(async () => expect(await server.connections()).toEqual([]));
  const sse = await openSse(server, 'threads.watch', { threadId: server.threadId });
  await vi.waitFor(() => expect(server.server.stats.watches).toBe(1));
  sse.destroy();
  await vi.waitFor(() => expect(server.server.stats.watches).toBe(0));
});

test('an export that is left while it is asked who asks keeps no place', async () => {
  const server = await start();
  const path = `/threads/${server.threadId}/export`;
  await server.askAndLeave(`GET ${path}`);
  await vi.waitFor(async () => expect(await server.connections()).toEqual([]));
  expect((await fetch(server.url + path, { headers: server.headers })).status).toBe(200);
});

test('a download that is left while it is asked who asks keeps no place', async () => {
  const server = await start();
  const { file } = await upload({ ...server, headers: { ...server.headers, 'content-type': 'text/plain' } }, Buffer.from('text'));
  await server.askAndLeave(`GET /files/${file.id}`);
  await vi.waitFor(async () => expect(await server.connections()).toEqual([]));
  expect((await fetch(`${server.url}/files/${file.id}`, { headers: server.headers })).status).toBe(200);
});

test('calls that wait behind another of a connection that goes leave nothing', async () => {
  const server = await start();
  await server.askAndLeave(`GET /trpc/auth.whoami?input=${queryOf({})}`, 3);
  await vi.waitFor(async () => expect(await server.connections()).toEqual([]));
});

test('whoever leaves an upload while it is asked who it is leaves its transfer, and its body is nobody’s', async () => {
  const server = await start();
  for (let n = 0; n < 3; n++) await server.askAndLeave('POST /files HTTP/1.1\r\ncontent-length: 1000\r\nx-rest:');
  await vi.waitFor(async () => expect((await upload(server, 'here')).status).toBe(201));
});
