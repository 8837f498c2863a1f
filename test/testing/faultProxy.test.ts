import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../src/testing/faultProxy.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

/** A server that keeps what it receives and says what it is told to. */
async function startPeer() {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const ends: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('end', () => {
      ends.push('end');
      socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? 'error'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    ends,
    get received() {
      return Buffer.concat(received);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function dial(proxy: FaultProxy) {
  const socket = connect({ port: proxy.port, host: proxy.host });
  const gone = new Promise((resolve) => socket.once('close', resolve));
  const received: Buffer[] = [];
  const ends: string[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? 'error'));
  socket.on('end', () => ends.push('end'));
  socket.on('close', () => ends.push('close'));
  // A refused one may be reset before it knows that it was connected.
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), gone]);
  return {
    socket,
    ends,
    get received() {
      return Buffer.concat(received);
    },
    get receivedBytes() {
      return received.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

function someBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return bytes;
}

test('passes bytes and their ends in both directions, and counts them', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  const sent = someBytes(300_000);
  client.socket.write(sent);
  await vi.waitFor(() => expect(peer.received.equals(sent)).toBe(true));
  peer.sockets[0]?.write('hello');
  await vi.waitFor(() => expect(client.received.toString()).toBe('hello'));
  expect(proxy.counts).toMatchObject({ connections: 1, open: 1, cuts: 0, bytesUp: 300_000, bytesDown: 5 });
  client.socket.end();
  await vi.waitFor(() => expect(client.ends).toEqual(['end', 'close']));
  expect(peer.ends).toEqual(['end']);
  await vi.waitFor(() => expect(proxy.counts.open).toBe(0));
});

test('cut resets every connection on both sides', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using first = await dial(proxy);
  using second = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(2));
  expect(proxy.cut()).toBe(2);
  await vi.waitFor(() => {
    expect(first.ends).toEqual(['ECONNRESET', 'close']);
    expect(second.ends).toEqual(['ECONNRESET', 'close']);
    expect(peer.ends).toEqual(['ECONNRESET', 'ECONNRESET']);
  });
  expect(proxy.counts).toMatchObject({ connections: 2, open: 0, cuts: 2 });
});

test("cut('end') closes with a FIN", async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.cut('end');
  await vi.waitFor(() => expect(client.ends).toEqual(['end', 'close']));
  await vi.waitFor(() => expect(peer.ends).toEqual(['end']));
});

test('cutEvery gives each connection a life of its own, until it is ended', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  const draws = [0, 0.5, 1];
  const drawn: number[] = [];
  const stop = proxy.cutEvery({ minMs: 20, maxMs: 40 }, () => {
    const draw = draws.shift() ?? 0;
    drawn.push(draw);
    return draw;
  });
  for (let i = 0; i < 3; i++) {
    using client = await dial(proxy);
    await vi.waitFor(() => expect(client.ends).toContain('ECONNRESET'));
  }
  expect(drawn).toEqual([0, 0.5, 1]);
  expect(proxy.counts).toMatchObject({ connections: 3, cuts: 3, open: 0 });
  using survivor = await dial(proxy);
  stop();
  survivor.socket.write('still here');
  await vi.waitFor(() => expect(peer.received.toString()).toBe('still here'));
  expect(proxy.counts.cuts).toBe(3);
});

test('a stalled direction makes the sender wait, and loses nothing', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.stall('down');
  // More than the buffers of two loopback sockets: part of it must wait in the sender.
  const sent = someBytes(32 * 1024 * 1024);
  peer.sockets[0]?.write(sent);
  client.socket.write('the other way is open');
  await vi.waitFor(() => expect(peer.received.toString()).toBe('the other way is open'));
  expect(client.receivedBytes).toBe(0);
  expect(peer.sockets[0]?.writableLength).toBeGreaterThan(0);
  proxy.resume();
  await vi.waitFor(() => expect(client.receivedBytes).toBe(sent.length), { timeout: 10_000 });
  expect(client.received.equals(sent)).toBe(true);
});

test('a FIN does not pass a stalled direction', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  proxy.stall('up');
  client.socket.end('last words');
  peer.sockets[0]?.write('x');
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  peer.sockets[0]?.write('y');
  await vi.waitFor(() => expect(client.received.toString()).toContain('y'));
  expect(peer.ends).toEqual([]);
  expect(peer.received.length).toBe(0);
  proxy.resume();
  await vi.waitFor(() => expect(peer.ends).toEqual(['end']));
  expect(peer.received.toString()).toBe('last words');
});

test('throttle lets the bytes trickle, in order', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.throttle(1_000);
  const sent = someBytes(400);
  const startedAt = performance.now();
  peer.sockets[0]?.write(sent);
  await vi.waitFor(() => expect(client.received.equals(sent)).toBe(true), { timeout: 5_000 });
  // 400 bytes in slices of 100: the last is sent after three waits of 100 ms.
  expect(performance.now() - startedAt).toBeGreaterThan(280);
  proxy.throttle(1);
  peer.sockets[0]?.write(someBytes(100_000));
  await vi.waitFor(() => expect(client.receivedBytes).toBe(401));
  proxy.resume();
  await vi.waitFor(() => expect(client.receivedBytes).toBe(100_400));
  expect(() => proxy.throttle(0)).toThrow(RangeError);
});

test('a dropped direction is swallowed, its FIN too, while the other flows', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using client = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.drop('down');
  peer.sockets[0]?.end('nobody hears this');
  client.socket.write('heard');
  await vi.waitFor(() => expect(peer.received.toString()).toBe('heard'));
  await vi.waitFor(() => expect(proxy.counts.droppedBytes).toBe(17));
  expect(client.receivedBytes).toBe(0);
  expect(client.ends).toEqual([]);
  expect(proxy.counts.open).toBe(1);
});

test('refuse resets new connections and keeps the open ones', async () => {
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  using old = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.refuse();
  using refused = await dial(proxy);
  await vi.waitFor(() => expect(refused.ends).toEqual(['ECONNRESET', 'close']));
  old.socket.write('still on');
  await vi.waitFor(() => expect(peer.received.toString()).toBe('still on'));
  expect(proxy.counts).toMatchObject({ connections: 1, refused: 1, open: 1 });
  proxy.accept();
  using welcome = await dial(proxy);
  welcome.socket.write('!');
  await vi.waitFor(() => expect(peer.received.toString()).toBe('still on!'));
});

test('a server that is not there resets the client', async () => {
  const gone = await startPeer();
  await gone[Symbol.asyncDispose]();
  await using proxy = await startFaultProxy({ port: gone.port });
  using client = await dial(proxy);
  await vi.waitFor(() => expect(client.ends).toEqual(['ECONNRESET', 'close']));
});

test('leaves no socket and no timer behind', async () => {
  // checkLeaks looks after the test.
  await using peer = await startPeer();
  await using proxy = await startFaultProxy(peer);
  proxy.cutEvery({ minMs: 60_000, maxMs: 90_000 });
  using client = await dial(proxy);
  await vi.waitFor(() => expect(peer.sockets).toHaveLength(1));
  proxy.throttle(1);
  peer.sockets[0]?.write(someBytes(10_000));
  await vi.waitFor(() => expect(client.receivedBytes).toBeGreaterThan(0));
  await proxy.close();
  await proxy.close();
});
