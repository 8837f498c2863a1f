import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { createClient } from '../../../src/client/index.node.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { dialRaw, openRaw, type RawSocket } from '../../support/rawSocket.ts';
import { as, boundedServer, send } from './boundedServer.ts';

checkLeaksAfterwards();

const FULL = { code: 4429, reason: 'TOO_MANY_CONNECTIONS' };

async function several(count: number, open: (index: number) => Promise<RawSocket>): Promise<RawSocket[]> {
  const sockets: RawSocket[] = [];
  for (let index = 0; index < count; index++) sockets.push(await open(index));
  // Answered: it is known whose they are.
  for (const socket of sockets) await socket.call('query', 'agents.list');
  return sockets;
}

/** The answer to a stream, read no further. */
async function stream(url: string, token: string, { address = '203.0.113.1', clientId = '' } = {}) {
  const { threadId } = await newThread(url, token);
  const abort = new AbortController();
  const query = `input=${encodeURIComponent(JSON.stringify({ json: { threadId } }))}${clientId}`;
  const response = await fetch(`${url}/trpc/threads.watch?${query}`, {
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address },
    signal: abort.signal,
  });
  afterTest(() => abort.abort());
  return { response, close: () => abort.abort() };
}

async function newThread(url: string, token: string): Promise<{ threadId: string }> {
  const response = await fetch(`${url}/trpc/threads.create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"json":{}}',
  });
  const body = (await response.json()) as { result: { data: { json: { id: string } } } };
  return { threadId: body.result.data.json.id };
}

describe('connections', () => {
  test('of one principal are 20; one more is closed with 4429, and one that ends makes room', async () => {
    const { port } = await boundedServer();
    const [first] = await several(20, () => as(port, 'ann'));
    expect(await (await as(port, 'ann')).closed).toEqual(FULL);
    await send(await as(port, 'bob'));
    await send(await as(port, 'ann@acme'));
    first?.ws.close();
    await first?.closed;
    await send(await as(port, 'ann'));
  });

  test('guests of one link are counted each by itself', async () => {
    const { url, port } = await boundedServer({ limits: { maxConnectionsPerPrincipal: 1 } });
    const ann = await as(port, 'ann');
    const { id: threadId }: { id: string } = await ann.call('mutation', 'threads.create', {});
    const { secret }: { secret: string } = await ann.call('mutation', 'threads.share', { threadId, link: true });
    const open = async (): Promise<RawSocket> => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/trpc/auth.openShare`, { method: 'POST', headers, body: JSON.stringify({ json: { secret } }) });
      const body = (await response.json()) as { result: { data: { json: { token: string } } } };
      return openRaw({ port, params: { token: body.result.data.json.token } });
    };
    await several(2, open);
  });

  test('a tier says how many', async () => {
    const { port } = await boundedServer({ tiers: { trial: { maxConnectionsPerPrincipal: 1 } } });
    await several(1, () => as(port, 'tom/trial'));
    expect(await (await as(port, 'tom/trial')).closed).toEqual(FULL);
  });

  test('of a tenant are as many as maxConnectionsPerTenant', async () => {
    const { port } = await boundedServer({ limits: { maxConnectionsPerTenant: 2 } });
    await several(2, (index) => as(port, `user${index}@acme`));
    expect(await (await as(port, 'ann@acme')).closed).toEqual(FULL);
    await send(await as(port, 'ann@other'));
  });

  test('from one address are 100, of whomever; only what a trusted proxy says is an address', async () => {
    const { port } = await boundedServer();
    const sockets = await several(100, (index) => as(port, `user${index}`, `6.6.6.${index}, 203.0.113.1`));
    expect(await (await as(port, 'ann', '203.0.113.1')).closed).toEqual(FULL);
    await send(await as(port, 'ann', '203.0.113.2'));
    sockets[0]?.ws.close();
    await sockets[0]?.closed;
    await send(await as(port, 'ann', '203.0.113.1'));
  });

  test('without a trusted proxy nobody chooses an address', async () => {
    const { port } = await boundedServer({ trustedProxies: 0, limits: { maxConnectionsPerAddress: 2 } });
    await several(2, (index) => as(port, `user${index}`, `203.0.113.${index}`));
    expect(await (await as(port, 'ann', '203.0.113.9')).closed).toEqual(FULL);
  });

  test('in all are as many as maxConnections; one more is closed with 1013', async () => {
    const { port, url } = await boundedServer({ limits: { maxConnections: 3 } });
    const sockets = await several(2, (index) => as(port, `user${index}`));
    const { response } = await stream(url, 'ann');
    expect(response.status).toBe(200);
    expect(await (await as(port, 'bob')).closed).toEqual({ code: 1013, reason: 'SERVER_FULL' });
    expect((await stream(url, 'bob')).response.status).toBe(503);
    sockets[0]?.ws.close();
    await sockets[0]?.closed;
    await send(await as(port, 'bob'));
  });

  test('streams over SSE count like sockets: one more is answered with 429', async () => {
    const { port, url } = await boundedServer({ limits: { maxConnectionsPerPrincipal: 2 } });
    await several(1, () => as(port, 'ann'));
    const second = await stream(url, 'ann');
    const { response } = await stream(url, 'ann');
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'retry-after': '5',
      ratelimit: '"maxConnectionsPerPrincipal";r=0;t=5',
      'ratelimit-policy': '"maxConnectionsPerPrincipal";q=2',
    });
    expect(await response.json()).toMatchObject({ error: { json: { data: { reason: 'RATE_LIMITED' } } } });
    expect(await (await as(port, 'ann')).closed).toEqual(FULL);
    second.close();
    await vi.waitFor(async () => expect((await stream(url, 'ann')).response.status).toBe(200));
  });

  test('that have not said who they are are as many as maxUnauthenticatedSockets: one more ends the one that waits for longest', async () => {
    const { port } = await boundedServer({ limits: { maxUnauthenticatedSockets: 2 } });
    await several(5, () => as(port, 'ann'));
    const silent = () => openRaw({ port, path: '/trpc?connectionParams=1' });
    const [first, second, third] = [await silent(), await silent(), await silent()];
    expect(await first.closed).toEqual({ code: 4408, reason: 'AUTH_TIMEOUT' });
    // Whoever says who it is takes a place for a moment only.
    await several(5, () => as(port, 'bob'));
    expect((await second.closed).code).toBe(4408);
    third.send({ method: 'connectionParams', data: { token: 'cat' } });
    await send(third);
  });

  test('leave nothing behind that counts', async () => {
    const { port } = await boundedServer({ limits: { maxConnectionsPerPrincipal: 1, maxConnectionsPerAddress: 2 } });
    for (let round = 0; round < 5; round++) {
      const socket = await as(port, 'ann');
      await socket.call('query', 'agents.list');
      expect(await (await as(port, 'ann')).closed).toEqual(FULL);
      const wrong = dialRaw({ port, headers: { authorization: 'Bearer wrong', 'x-forwarded-for': '203.0.113.1' } });
      await once(wrong.ws, 'open');
      expect((await wrong.closed).code).toBe(4401);
      socket.ws.terminate();
      await socket.closed;
      await vi.waitFor(async () => {
        const again = await as(port, 'ann');
        await again.call('query', 'agents.list');
        again.ws.close();
        await again.closed;
      });
    }
  });
});

describe('another client of the same principal', () => {
  const sdk = (url: string, transport: 'ws' | 'sse' = 'ws') => {
    const client = createClient({ url, token: 'ann', transport, random: () => 0 });
    afterTest(() => client.close());
    return client;
  };

  test('is allowed unless the server says otherwise', async () => {
    const { url } = await boundedServer();
    const [one, other] = [sdk(url), sdk(url)];
    await one.agents.list();
    await other.agents.list();
    expect([one.connection.state.status, other.connection.state.status]).toEqual(['online', 'online']);
  });

  test('replaces the one before: that is closed with 4410, and does not come back', async () => {
    const { url, port } = await boundedServer({ connections: { duplicates: 'replace' } });
    const one = sdk(url);
    await one.agents.list();
    const bob = await as(port, 'bob');
    await bob.call('query', 'agents.list');
    const other = sdk(url);
    await other.agents.list();
    await vi.waitFor(() =>
      expect(one.connection.state).toMatchObject({ status: 'closed', reason: { retryable: false, details: { closeCode: 4410 } } }),
    );
    await expect(one.agents.list()).rejects.toMatchObject({ details: { closeCode: 4410 } });
    const plain = await as(port, 'ann');
    await plain.call('query', 'agents.list');
    await vi.waitFor(() => expect(other.connection.state.status).toBe('closed'));
    const second = await as(port, 'ann');
    await second.call('query', 'agents.list');
    expect(await plain.closed).toEqual({ code: 4410, reason: 'REPLACED' });
    await bob.call('query', 'agents.list');
  });

  test('is refused with 4429 while there is one, and let in after it', async () => {
    const { url, port } = await boundedServer({ connections: { duplicates: 'refuse' } });
    const one = sdk(url);
    await one.agents.list();
    expect(await (await as(port, 'ann')).closed).toEqual(FULL);
    await send(await as(port, 'bob'));
    await one.close();
    await vi.waitFor(async () => (await as(port, 'ann')).call('query', 'agents.list'));
  });

  test('a client that comes back before its old socket was missed is none', async () => {
    const { port } = await boundedServer({ connections: { duplicates: 'refuse' } });
    const open = (clientId: string) => openRaw({ port, path: `/trpc?clientId=${clientId}`, headers: { authorization: 'Bearer ann' } });
    const old = await open('tab1');
    await old.call('query', 'agents.list');
    await (await open('tab1')).call('query', 'agents.list');
    expect(await (await open('tab2')).closed).toEqual(FULL);
    expect(old.ws.readyState).toBe(old.ws.OPEN);
  });

  test('over SSE: the streams of one client stay together, and end with REPLACED when another comes', async () => {
    const { url, port } = await boundedServer({ connections: { duplicates: 'replace' } });
    const one = sdk(url, 'sse');
    const threads = [await one.threads.create(), await one.threads.create()];
    const watches = threads.map(({ id }) => one.thread(id).watch()[Symbol.asyncIterator]());
    const ends = watches.map((watch) =>
      watch.next().then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    await vi.waitFor(async () => {
      for (const { id } of threads) await one.send({ agent: 'nobody', text: 'x', threadId: id } as never).catch(() => {});
      expect(watches).toHaveLength(2);
    });
    await vi.waitFor(async () => expect((await stream(url, 'ann')).response.status).toBe(200));
    const other = await as(port, 'ann');
    await other.call('query', 'agents.list');
    for (const error of await Promise.all(ends)) expect(error).toMatchObject({ code: 'REPLACED', retryable: false });
  });
});
