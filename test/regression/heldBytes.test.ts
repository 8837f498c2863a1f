import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { Connection } from '../../src/server/connection.ts';
import { flushOutboxes } from '../../src/server/outbox.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// A socket says `drain` only after a refused write: less than that stayed in the budget of all sockets until the next frame.
test('what a reader took late is given back to the budget, though nothing more is sent to it', async () => {
  const server = createServer();
  const wss = new WebSocketServer({ noServer: true });
  const budget = { maxBytes: 1_000_000, heldBytes: 0 };
  const accepted = new Promise<Connection>((resolve) => {
    server.on('upgrade', (request, socket, head) => {
      const limits = { ...DEFAULT_LIMITS, maxBufferedBytesPerSocket: 64 * 1024 };
      wss.handleUpgrade(request, socket, head, (ws) =>
        resolve(new Connection({ id: 'conn', ws, socket: socket as Socket, limits, budget, nowMs: 0 })),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
  const connection = await accepted;
  client.pause();
  const sink = connection.sink('1', 'epoch');
  for (let seq = 1; budget.heldBytes === 0; seq++) {
    sink.send(seq, JSON.stringify('x'.repeat(4_000)));
    flushOutboxes();
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.resume();
  await vi.waitFor(() => expect(connection.outbox.heldBytes).toBe(0));
  connection.check(1);
  expect(budget.heldBytes).toBe(0);
  client.terminate();
  await once(client, 'close');
  connection.ended();
  wss.close();
  server.close();
});
