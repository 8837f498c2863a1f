import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { mcpServer } from '../../src/mcp/index.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { beginUpload, upload } from '../support/rawUpload.ts';
import { pngOf } from '../support/sampleFiles.ts';
import { startServer } from './startServer.ts';
import { bearer } from './whoIs.ts';

checkLeaksAfterwards();

/** From when authority ends. */
const WITHIN = { timeout: 1_000, interval: 10 };

/** The token `short` is good for a minute, `long` for a day; both are ann's. A run of hers holds. */
async function serve() {
  const clock = createManualClock();
  const begunAt = clock.now();
  const good: Readonly<Record<string, number>> = { short: begunAt + 60_000, long: begunAt + 86_400_000 };
  const started = await startServer({
    auth: [custom(({ token }) => (token === undefined || good[token] === undefined ? undefined : { id: 'ann', expiresAt: good[token] }))],
    clock,
    mcp: mcpServer(),
    // The clock stands still: nothing else is to end anything.
    limits: { maxWaitMs: 1e9, pingIntervalMs: 1e6 },
  });
  const long = await openRaw({ port: started.port, params: { token: 'long' } });
  const run: { runId: string; threadId: string } = await long.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  return { ...started, clock, long, run };
}

const query = (input: object): string => `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;

describe('when a token expires in the middle of a connection', () => {
  test('watches and waits on the socket end with UNAUTHENTICATED, then the socket with 4401; others go on', async () => {
    const { port, clock, long, run, server } = await serve();
    const kept = long.watch('threads.watch', { threadId: run.threadId });
    await long.until(kept, 'text.delta');
    const short = await openRaw({ port, params: { token: 'short' } });
    const ids = [
      short.watch('threads.watch', { threadId: run.threadId }),
      short.watch('runs.watch', { runId: run.runId }),
      short.request('query', 'runs.wait', { runId: run.runId, timeoutMs: 1e9 }),
    ];
    await vi.waitFor(() => expect(server.stats.watches).toBe(3));
    await clock.advance(59_999);
    expect(short.frames.filter(({ error }) => error !== undefined)).toEqual([]);
    await clock.advance(1);
    await vi.waitFor(() => {
      const ended = short.frames.filter(({ error }) => error?.json.data.reason === 'UNAUTHENTICATED');
      expect(ended.map(({ id }) => id).sort()).toEqual(ids.sort());
    }, WITHIN);
    expect(await short.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
    await vi.waitFor(() => expect(server.stats).toMatchObject({ watches: 1, connections: 1 }));
    expect(await long.call('query', 'runs.get', { runId: run.runId })).toMatchObject({ status: 'running' });
  });

  test('a socket with nothing open is closed, and nothing that it asks is answered', async () => {
    const { port, clock } = await serve();
    const short = await openRaw({ port, params: { token: 'short' } });
    await short.call('query', 'agents.list');
    await clock.advance(60_000);
    const late = short.request('query', 'agents.list');
    expect((await short.closed).code).toBe(4401);
    expect(short.frames.filter(({ id, result }) => id === late && result !== undefined)).toEqual([]);
  });

  test.each(['threads.watch', 'runs.watch'])('a stream of %s ends with UNAUTHENTICATED', async (path) => {
    const { url, clock, run, server } = await serve();
    const response = await fetch(`${url}/trpc/${path}${query(run)}`, { headers: bearer('short') });
    let text = '';
    const reading = (async () => {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    })();
    await vi.waitFor(() => expect(text).toContain('text.delta'));
    await clock.advance(60_000);
    await vi.waitFor(() => expect(text).toMatch(/event: serialized-error\ndata: .*"reason":"UNAUTHENTICATED"/), WITHIN);
    await reading;
    await vi.waitFor(() => expect(server.stats.watches).toBe(0));
  });

  test('a wait over HTTP is 401', async () => {
    const { url, clock, run, server } = await serve();
    const { listeners } = server.stats;
    const waiting = fetch(`${url}/trpc/runs.wait${query({ runId: run.runId, timeoutMs: 1e9 })}`, { headers: bearer('short') });
    await vi.waitFor(() => expect(server.stats.listeners).toBe(listeners + 1));
    let status: number | undefined;
    void waiting.then((response) => {
      status = response.status;
    });
    await clock.advance(60_000);
    await vi.waitFor(() => expect(status).toBe(401), WITHIN);
    expect(await (await waiting).text()).toContain('"reason":"UNAUTHENTICATED"');
    expect(server.stats.listeners).toBe(listeners);
  });

  test('a download and an upload are cut off', async () => {
    const { port, clock } = await serve();
    const { file } = await upload({ port, headers: bearer('long') }, pngOf(15_000_000));
    const asked = request({ port, host: '127.0.0.1', path: `/files/${file.id}`, headers: bearer('short'), agent: false });
    afterTest(() => asked.destroy());
    const cut = vi.fn();
    asked.on('error', cut);
    const download = await new Promise<IncomingMessage>((resolve) => asked.on('response', resolve).end());
    // Not read any further: what is on its way stays there.
    download.on('error', cut).once('readable', () => download.read(1));
    expect(download.headers['content-length']).toBe(String(file.size));
    const sending = beginUpload({ port, headers: { ...bearer('short'), 'content-type': 'text/plain', 'content-length': 1_000 } });
    sending.request.write('x'.repeat(500));
    await vi.waitFor(() => expect(sending.request.socket?.bytesWritten).toBeGreaterThan(500));
    await clock.advance(60_000);
    await sending.closed;
    download.resume();
    await vi.waitFor(() => expect(cut).toHaveBeenCalled());
    await expect(sending.answer).rejects.toThrow();
  });

  test('a call of MCP is answered with UNAUTHENTICATED; its run goes on', async () => {
    const { url, clock, long, run } = await serve();
    const post = (body: object, headers: Record<string, string> = {}) =>
      fetch(`${url}/mcp`, {
        method: 'POST',
        headers: { ...bearer('short'), 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      });
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const begun = await post({ id: 1, method: 'initialize', params });
    await begun.text();
    const id = begun.headers.get('mcp-session-id') ?? '';
    const answer = await post(
      { id: 2, method: 'tools/call', params: { name: 'pour', arguments: { text: 'hold' } } },
      { 'mcp-session-id': id },
    );
    const text = answer.text();
    const runs = async (): Promise<readonly { readonly id: string }[]> => {
      const page: { items: { id: string }[] } = await long.call('query', 'runs.list', { status: 'running' });
      return page.items;
    };
    await vi.waitFor(async () => expect(await runs()).toHaveLength(2));
    await clock.advance(60_000);
    expect(await text).toMatch(/"isError":true.*UNAUTHENTICATED|UNAUTHENTICATED.*"isError":true/);
    expect((await runs()).map(({ id }) => id)).toContain(run.runId);
    expect(await runs()).toHaveLength(2);
    expect((await post({ id: 3, method: 'tools/list' }, { 'mcp-session-id': id })).status).toBe(401);
  });
});
