import { createTRPCClient, createWSClient, httpLink, httpSubscriptionLink, splitLink, type TRPCClient, wsLink } from '@trpc/client';
import superjson from 'superjson';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { offline } from '../../src/agents/models/offline.ts';
import type { ContractRouter } from '../../src/client/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createServer } from '../../src/server/createServer.ts';
import { type FaultProxy, startFaultProxy } from '../../src/testing/faultProxy.ts';
import { FetchEventSource } from './fetchEventSource.ts';

const agents = { counter: defineAgent({ description: 'counts', model: offline(), instructions: '' }) };
type Router = ContractRouter<InferApi<typeof agents>>;

const TOKEN = { authorization: 'Bearer secret' };

/** tRPC's own links, and no line of the SDK. */
const CLIENTS: Readonly<Record<string, (proxy: FaultProxy) => TRPCClient<Router>>> = {
  wsLink({ host, port }) {
    const ws = createWSClient({
      url: `ws://${host}:${port}/trpc`,
      // The `ws` package fits where tRPC asks for a browser's class.
      WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
      connectionParams: { token: 'secret' },
      retryDelayMs: () => 1,
    });
    onTestFinished(() => ws.close());
    return createTRPCClient<Router>({ links: [wsLink({ client: ws, transformer: superjson })] });
  },
  httpSubscriptionLink({ host, port }) {
    const url = `http://${host}:${port}/trpc`;
    return createTRPCClient<Router>({
      links: [
        splitLink({
          condition: ({ type }) => type === 'subscription',
          true: httpSubscriptionLink({
            url,
            transformer: superjson,
            EventSource: FetchEventSource,
            eventSourceOptions: () => ({ headers: TOKEN }),
          }),
          false: httpLink({ url, transformer: superjson, headers: TOKEN }),
        }),
      ],
    });
  },
};

test.each(Object.keys(CLIENTS))('a plain client with %s sends, watches, resumes and stops', async (link) => {
  process.env.VERBATIM_OFFLINE_TPS = '200';
  const server = await createServer({ agents, authenticate: ({ token }) => (token === 'secret' ? { id: 'ann' } : undefined) });
  onTestFinished(() => server.close({ drainMs: 0 }));
  const { port } = await server.listen({ port: 0 });
  const proxy = await startFaultProxy({ port });
  onTestFinished(() => proxy.close());
  const trpc = CLIENTS[link]?.(proxy);
  if (trpc === undefined) throw new Error(`no client for ${link}`);

  const receipt = await trpc.messages.send.mutate({ agent: 'counter', text: 'count to 100' });
  const events: AnyEvent[] = [];
  const ids: string[] = [];
  const subscription = trpc.threads.watch.subscribe(
    { threadId: receipt.threadId },
    {
      onData({ id, data }) {
        ids.push(id);
        events.push(data);
      },
    },
  );
  for (const upTo of [10, 30, 50]) {
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(upTo));
    proxy.cut();
  }
  await vi.waitFor(() => expect(events.at(-1)?.type).toBe('run.completed'), { timeout: 10_000 });
  let previous = 0;
  for (const [i, event] of events.entries()) {
    expect(('firstSeq' in event ? event.firstSeq : undefined) ?? event.seq).toBe(previous + 1);
    expect(ids[i]).toMatch(new RegExp(`^\\w+-${event.seq}$`));
    previous = event.seq;
  }
  subscription.unsubscribe();
  await vi.waitFor(() => expect(server.stats.watches).toBe(0));

  const resumed: AnyEvent[] = [];
  const again = trpc.threads.watch.subscribe(
    { threadId: receipt.threadId, lastEventId: String(ids.at(-3)) },
    { onData: ({ data }) => resumed.push(data) },
  );
  await vi.waitFor(() => expect(resumed).toEqual(events.slice(-2)));
  again.unsubscribe();
  await expect(trpc.threads.get.query({ threadId: 'nope' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND', reason: 'NOT_FOUND' } });
});
