import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { ConnectionState } from '../../src/client/connectionState.ts';
import { createClient } from '../../src/client/index.node.ts';
import { Renewal } from '../../src/client/renewal.ts';
import type { Wire } from '../../src/client/transport.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { custom } from '../../src/server/auth/custom.ts';
import { createServer } from '../../src/server/createServer.ts';
import type { ServerOptions } from '../../src/server/serverOptions.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { TRANSPORTS } from './clientOf.ts';

checkLeaksAfterwards();

/** Says a number every few milliseconds until it is told to stop. */
function ticker() {
  let stopped = false;
  const agent = defineAgent({
    description: 'ticks',
    data: { tick: z.number() },
    run: async function* ({ signal }) {
      for (let tick = 0; !stopped && !signal.aborted; tick++) {
        yield { type: 'data', name: 'tick', data: tick };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  });
  const stop = (): void => {
    stopped = true;
  };
  return { agent, stop };
}

/** Tokens are good for two seconds, or as long as they are told; `refuse` makes those that come from now on bad. */
async function serve(options: Partial<ServerOptions> = {}) {
  const { agent, stop } = ticker();
  const state = { issued: 0, lifeMs: 2_000, refused: [] as string[], identified: [] as string[] };
  const expiry = new Map<string, number>();
  const issue = (): string => {
    const token = `token-${++state.issued}`;
    expiry.set(token, Date.now() + state.lifeMs);
    return token;
  };
  const auth = custom(({ token }) => {
    if (token === undefined || state.refused.includes(token)) return undefined;
    state.identified.push(token);
    const expiresAt = expiry.get(token);
    return expiresAt === undefined ? undefined : { id: 'ann', expiresAt };
  });
  const server = await createServer({ agents: { ticker: agent }, auth: [auth], ...options });
  afterTest(async () => {
    stop();
    await server.close({ drainMs: 0 });
  });
  return { server, state, issue, stop, ...(await server.listen({ port: 0 })) };
}

function connect(url: string, options: Partial<Parameters<typeof createClient>[0]>) {
  const client = createClient({ url, ...options });
  afterTest(() => client.close());
  const states: ConnectionState['status'][] = [];
  client.connection.subscribe(({ status }) => states.push(status));
  return { client, states };
}

function expectContiguous(events: readonly AnyEvent[], after: number): void {
  let previous = after;
  for (const event of events) {
    expect(('firstSeq' in event ? event.firstSeq : undefined) ?? event.seq).toBe(previous + 1);
    previous = event.seq;
  }
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a reader streams through three renewals of two-second tokens: every event once, and the connection never fails', async () => {
    const { url, state, issue, stop, server } = await serve();
    let current = issue();
    const asked: boolean[] = [];
    const streams: string[] = [];
    const { client, states } = connect(url, {
      transport,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!String(input).includes('.watch')) return response;
        const tap = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            streams.push(Buffer.from(chunk).toString());
            controller.enqueue(chunk);
          },
        });
        return new Response(response.body?.pipeThrough(tap) ?? null, response);
      },
      token: ({ refresh }) => {
        asked.push(refresh);
        if (refresh) current = issue();
        return current;
      },
    });
    const run = await client.send({ agent: 'ticker', text: 'go' });
    const ofRun: AnyEvent[] = [];
    const ofThread: AnyEvent[] = [];
    const begun = Date.now();
    const readingRun = (async () => {
      for await (const event of run) {
        ofRun.push(event);
        if (state.issued >= 4 && Date.now() > begun + 4_500) stop();
      }
    })();
    const readingThread = (async () => {
      for await (const event of client.thread(run.threadId).watch({ after: run.receipt.seq })) {
        ofThread.push(event);
        if (event.type === 'run.completed') return;
      }
    })();
    // Over HTTP its answer does not come with the token it was asked with.
    const waiting = client.trpc.runs.wait.query({ runId: run.id, timeoutMs: 30_000 });
    await Promise.all([readingRun, readingThread]);
    expect(await waiting).toMatchObject({ status: 'completed' });
    expectContiguous(ofRun, run.receipt.seq);
    expectContiguous(ofThread, run.receipt.seq);
    const ticks = ofThread.flatMap((event) => (event.type === 'data' ? [event.data] : []));
    expect(ticks).toEqual(ticks.map((_, index) => index));
    expect(asked.filter((refresh) => refresh).length).toBeGreaterThanOrEqual(3);
    // Renewed in time: nothing was refused, and no connection was made anew.
    expect(states).toEqual(['connecting', 'online']);
    if (transport === 'ws') expect(server.stats.connections).toBe(1);
    expect(new Set(state.identified).size).toBeGreaterThanOrEqual(4);
    if (transport === 'sse') expect(streams.join('')).toContain('run.completed');
    expect(streams.join('')).not.toContain('UNAUTHENTICATED');
  }, 20_000);

  test('a renewal that fails is tried again, and the connection goes on meanwhile', async () => {
    const { url, state, issue, stop } = await serve();
    state.lifeMs = 4_000;
    let current = issue();
    let failures = 0;
    const { client, states } = connect(url, {
      transport,
      token: ({ refresh }) => {
        if (refresh) {
          failures += 1;
          if (failures === 1) throw new Error('the issuer is away');
          current = issue();
          // The second is one that the server does not take.
          if (failures === 2) state.refused.push(current);
        }
        return current;
      },
    });
    const run = await client.send({ agent: 'ticker', text: 'go' });
    const events: AnyEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (state.identified.includes('token-3')) stop();
    }
    expectContiguous(events, run.receipt.seq);
    expect(failures).toBe(3);
    expect(states).toEqual(['connecting', 'online']);
  }, 20_000);

  test('when authority ends all the same, a token function is asked once more, and no event is missing', async () => {
    const { url, state, issue, stop } = await serve();
    state.lifeMs = 1_500;
    const tokens = [issue()];
    let away = true;
    const { client, states } = connect(url, {
      transport,
      // What is asked in time comes too late.
      token: async ({ refresh }) => {
        if (refresh && away) {
          away = false;
          await new Promise(() => {});
        }
        if (refresh) {
          state.lifeMs = 60_000;
          tokens.push(issue());
        }
        return tokens.at(-1);
      },
    });
    const run = await client.send({ agent: 'ticker', text: 'go' });
    const events: AnyEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (state.identified.includes('token-2')) stop();
    }
    expectContiguous(events, run.receipt.seq);
    expect(tokens).toHaveLength(2);
    expect(states.slice(0, 5)).toEqual(['connecting', 'online', 'idle', 'connecting', 'online']);
  }, 20_000);

  test('a token that is no function ends its readers with UNAUTHENTICATED, and the client says so', async () => {
    const { url, state, issue } = await serve();
    state.lifeMs = 1_000;
    const { client } = connect(url, { transport, token: issue() });
    const run = await client.send({ agent: 'ticker', text: 'go' });
    const reading = (async () => {
      for await (const _ of run);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(client.connection.state).toMatchObject({ status: 'closed', reason: { code: 'UNAUTHENTICATED' } });
    await expect(client.agents.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }, 20_000);

  test('when the new token is refused too, it is the same', async () => {
    const { url, state, issue } = await serve();
    state.lifeMs = 1_000;
    const first = issue();
    const { client } = connect(url, { transport, token: ({ refresh }) => (refresh ? 'nonsense' : first) });
    const run = await client.send({ agent: 'ticker', text: 'go' });
    await expect(run.result()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(client.connection.state.status).toBe('closed');
  }, 20_000);
});

test('a cookie is made new over HTTP, and the socket that came by it goes on by a ticket', async () => {
  const { url, issue, stop, state } = await serve({ cookie: true });
  const jar = { cookie: '' };
  const fetchWithCookies: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('cookie', jar.cookie);
    headers.set('origin', url);
    const response = await fetch(input, { ...init, headers });
    for (const text of response.headers.getSetCookie()) jar.cookie = text.split(';')[0] ?? '';
    return response;
  };
  const login = () => fetchWithCookies(`${url}/auth/cookie`, { method: 'POST', headers: { authorization: `Bearer ${issue()}` } });
  await login();
  // A browser would send the cookie by itself.
  const { WebSocket } = await import('ws');
  class BrowserSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { cookie: jar.cookie, origin: url } });
    }
  }
  const { client, states } = connect(url, {
    WebSocket: BrowserSocket as never,
    fetch: fetchWithCookies,
    token: async ({ refresh }) => {
      if (refresh) await login();
      return undefined;
    },
  });
  const run = await client.send({ agent: 'ticker', text: 'go' });
  const events: AnyEvent[] = [];
  const begun = Date.now();
  for await (const event of run) {
    events.push(event);
    if (state.issued >= 3 && Date.now() > begun + 2_500) stop();
  }
  expectContiguous(events, run.receipt.seq);
  expect(states).toEqual(['connecting', 'online']);
}, 20_000);

describe('a renewal', () => {
  function begin(expiresInMs: readonly (number | undefined)[], { wanted = true, random = 0 } = {}) {
    const clock = createManualClock();
    const begunAt = clock.now();
    const lives = [...expiresInMs];
    const renewedAt: number[] = [];
    const answer = async () => ({ expiresInMs: lives.shift() });
    const renew = (): Promise<object> => {
      renewedAt.push(clock.now() - begunAt);
      return answer();
    };
    const wire = { call: answer, renew } as unknown as Wire;
    const renewal = new Renewal({ newToken: async () => 'new', clock, random: () => random, isWanted: () => wanted });
    renewal.begin(wire);
    return { clock, renewal, renewedAt };
  }

  test.each<[lifeMs: number, random: number, atMs: number]>([
    [60_000, 0, 50_000],
    [60_000, 1, 45_000],
    [900_000, 0, 810_000],
    [900_000, 1, 765_000],
    [2_000, 0, 1_000],
    [2_000, 1, 500],
    [100, 0, 500],
    [90 * 86_400_000, 0, 86_400_000],
  ])('of %d ms (chance %d) is asked for after %d ms', async (lifeMs, random, atMs) => {
    const { clock, renewedAt } = begin([lifeMs], { random });
    await clock.advance(atMs - 1);
    expect(renewedAt).toEqual([]);
    await clock.advance(1);
    expect(renewedAt).toEqual([atMs]);
    expect(clock.pending).toBe(0);
  });

  test('comes again and again, as long as there is an end', async () => {
    const { clock, renewedAt } = begin([60_000, 60_000, 60_000, undefined]);
    await clock.advance(1e9);
    expect(renewedAt).toEqual([50_000, 100_000, 150_000]);
    expect(clock.pending).toBe(0);
  });

  test('is not asked for where authority has no end, where nobody wants anything, or once it was ended', async () => {
    const endless = begin([undefined]);
    await endless.clock.advance(1e9);
    expect([endless.renewedAt, endless.clock.pending]).toEqual([[], 0]);
    const unwanted = begin([60_000], { wanted: false });
    await unwanted.clock.advance(1e9);
    expect([unwanted.renewedAt, unwanted.clock.pending]).toEqual([[], 0]);
    const ended = begin([60_000, 60_000]);
    await ended.clock.advance(50_000);
    ended.renewal.end();
    await ended.clock.advance(1e9);
    expect([ended.renewedAt, ended.clock.pending]).toEqual([[50_000], 0]);
    await vi.waitFor(() => expect(ended.clock.pending).toBe(0));
  });
});
