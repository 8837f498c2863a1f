import { createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { clientOf, deferred } from './clientOf.ts';

/** A server that is not ours, or not well. */
async function startHttp(answer: (path: string, response: ServerResponse) => void): Promise<{ url: string }> {
  const server = createServer((request, response) => answer(request.url ?? '', response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
}

test('a stream on which nothing comes for as long as the server promised is asked for again', async () => {
  let streams = 0;
  const server = await startHttp((_, response) => {
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: connected\ndata: {"reconnectAfterInactivityMs":1000}\n\n');
    response.write('data: {"json":{"type":"run.status","runId":"r","text":"x","seq":1,"at":1}}\nid: e-1\n\n');
  });
  const clock = createManualClock();
  const client = clientOf(server, { transport: 'sse', clock });
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  expect((await reader.next()).value?.seq).toBe(1);
  const waiting = reader.next();
  await clock.advance(999);
  expect(streams).toBe(1);
  await clock.advance(1);
  await vi.waitFor(() => expect(streams).toBe(2));
  await reader.return?.();
  expect((await waiting).done).toBe(true);
  expect(clock.pending).toBe(0);
});

test.each([
  [403, 'NOT_ALLOWED'],
  [404, 'NOT_FOUND'],
  [413, 'FRAME_TOO_BIG'],
])("an answer %i that is not tRPC's is an answer: %s", async (status, code) => {
  const server = await startHttp((_, response) => response.writeHead(status).end('<html>'));
  const client = clientOf(server, { transport: 'sse' });
  await expect(client.agents.list()).rejects.toMatchObject({ code });
  await expect(client.run('r').result()).rejects.toMatchObject({ code });
});

test("a proxy's page while the server is away is a lost connection", async () => {
  let pages = 3;
  const server = await startHttp((_, response) => {
    pages -= 1;
    if (pages >= 0) response.writeHead(502).end('<html>');
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":{"data":{"json":[]}}}');
  });
  expect(await clientOf(server, { transport: 'sse' }).agents.list()).toEqual([]);
});

test('an answer cut in the middle of a character is read whole', async () => {
  const gate = deferred();
  const server = await startHttp((_, response) => {
    const bytes = Buffer.from('data: {"json":{"type":"run.status","runId":"r","text":"€","seq":1,"at":1}}\nid: e-1\n\n');
    const middle = bytes.indexOf(0xe2) + 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(bytes.subarray(0, middle));
    void gate.promise.then(() => response.write(bytes.subarray(middle)));
  });
  const client = clientOf(server, { transport: 'sse' });
  const reader = client.thread('t').watch()[Symbol.asyncIterator]();
  const event = reader.next();
  setImmediate(gate.resolve);
  expect((await event).value).toMatchObject({ text: '€' });
  await reader.return?.();
});
