import { createTRPCClient, httpLink } from '@trpc/client';
import superjson from 'superjson';
import { expectTypeOf } from 'vitest';
import {
  type Client,
  type ContractRouter,
  createClient,
  type EventOfApi,
  type Json,
  type Receipt,
  type Run,
  type RunInfo,
  type RunResult,
  type SentRun,
  type ThreadInfo,
} from '../../src/client/index.ts';

interface Support {
  readonly tools: {
    readonly lookup_order: {
      readonly input: { readonly orderId: string; readonly note?: string };
      readonly output: { readonly total: number };
      readonly progress: number;
    };
    readonly refund: { readonly input: { readonly amount: number }; readonly output: boolean; readonly progress: Json };
  };
  readonly data: { readonly card: { readonly title: string } };
  readonly context: { readonly locale: string };
}
interface Sales {
  readonly tools: { readonly lookup_order: { readonly input: { readonly sku: number }; readonly output: string; readonly progress: Json } };
  readonly data: Record<never, never>;
  readonly context: { readonly plan: string } | undefined;
}
interface Plain {
  readonly tools: Record<never, never>;
  readonly data: Record<never, never>;
  readonly context: undefined;
}
type Api = { readonly support: Support; readonly sales: Sales; readonly plain: Plain };

declare const client: Client<Api>;

export async function narrowing() {
  const run = await client.send({ agent: 'support', text: 'hi', context: { locale: 'de' } });
  expectTypeOf(run).toEqualTypeOf<SentRun<Support>>();
  expectTypeOf(run.receipt).toEqualTypeOf<Receipt>();
  for await (const event of run) {
    if (event.type === 'text.delta') expectTypeOf(event.delta).toEqualTypeOf<string>();
    if (event.type === 'tool.called' && event.tool === 'lookup_order') {
      expectTypeOf(event.input).toEqualTypeOf<{ readonly orderId: string; readonly note?: string }>();
    }
    if (event.type === 'tool.completed' && event.tool === 'refund') expectTypeOf(event.output).toEqualTypeOf<boolean>();
    if (event.type === 'tool.progress' && event.tool === 'lookup_order') expectTypeOf(event.data).toEqualTypeOf<number>();
    if (event.type === 'data' && event.name === 'card') expectTypeOf(event.data).toEqualTypeOf<{ readonly title: string }>();
    if (event.type === 'thread.snapshot') expectTypeOf(event.earlier).toEqualTypeOf<boolean>();
    // @ts-expect-error no such tool
    if (event.type === 'tool.called' && event.tool === 'nope') void event;
    // @ts-expect-error no such event
    if (event.type === 'text.dleta') void event;
  }
  const { text, status, usage, error } = await run.result();
  expectTypeOf(text).toEqualTypeOf<string>();
  expectTypeOf(status).toEqualTypeOf<'completed' | 'failed' | 'cancelled'>();
  expectTypeOf(usage.outputTokens).toEqualTypeOf<number>();
  expectTypeOf(error?.code).not.toBeAny();
  expectTypeOf(await run.result()).toEqualTypeOf<RunResult<undefined>>();
  expectTypeOf(await run.text()).toEqualTypeOf<string>();
  expectTypeOf(await run.cancel()).toEqualTypeOf<RunInfo>();
}

export async function threadsKeepTheToolsOfEachAgent() {
  for await (const event of client.thread('t').watch({ after: 'e-1', mode: 'messages' })) {
    expectTypeOf(event).toEqualTypeOf<EventOfApi<Api>>();
    if (event.type === 'tool.called' && event.tool === 'lookup_order') {
      expectTypeOf(event.input).toEqualTypeOf<{ readonly orderId: string; readonly note?: string } | { readonly sku: number }>();
    }
    if (event.type === 'tool.called' && event.tool === 'refund') expectTypeOf(event.input.amount).toEqualTypeOf<number>();
  }
  for await (const event of client.run('r')) {
    if (event.type === 'tool.called' && event.tool === 'refund') expectTypeOf(event.input.amount).toEqualTypeOf<number>();
  }
  expectTypeOf(client.run('r')).toEqualTypeOf<Run<Support | Sales | Plain>>();
  // @ts-expect-error no such mode
  client.thread('t').watch({ mode: 'everything' });
}

export async function agentsWithoutTools() {
  const run = await client.send({ agent: 'plain', text: 'hi' });
  for await (const event of run) {
    // @ts-expect-error it has no tools
    if (event.type === 'tool.called') void event;
  }
}

export async function wrongSends() {
  // @ts-expect-error unknown agent
  await client.send({ agent: 'nobody', text: 'hi' });
  // @ts-expect-error text is missing
  await client.send({ agent: 'plain' });
  // @ts-expect-error context is missing
  await client.send({ agent: 'support', text: 'hi' });
  // @ts-expect-error context of the wrong type
  await client.send({ agent: 'support', text: 'hi', context: { locale: 1 } });
  // @ts-expect-error this agent takes no context
  await client.send({ agent: 'plain', text: 'hi', context: { locale: 'de' } });
  // @ts-expect-error no such way to be busy
  await client.send({ agent: 'plain', text: 'hi', whenBusy: 'explode' });
  // @ts-expect-error no such field
  await client.send({ agent: 'plain', text: 'hi', txet: 'hi' });
  await client.send({ agent: 'sales', text: 'hi' });
  await client.send({ agent: 'sales', text: 'hi', context: { plan: 'pro' }, idempotencyKey: 'k', threadId: 't' }, { timeoutMs: 1 });
}

export async function threads() {
  expectTypeOf(await client.threads.create()).toEqualTypeOf<ThreadInfo>();
  expectTypeOf(await client.threads.get({ threadId: 't' })).toEqualTypeOf<ThreadInfo>();
  expectTypeOf((await client.threads.list()).items).toEqualTypeOf<readonly ThreadInfo[]>();
  // @ts-expect-error which thread?
  await client.threads.get();
  const [agent] = await client.agents.list();
  expectTypeOf(agent?.name).toEqualTypeOf<'support' | 'sales' | 'plain' | undefined>();
}

export async function plainTrpc() {
  const trpc = createTRPCClient<ContractRouter<Api>>({ links: [httpLink({ url: 'http://x', transformer: superjson })] });
  expectTypeOf(client.trpc).toEqualTypeOf(trpc);
  expectTypeOf(await trpc.messages.send.mutate({ agent: 'plain', text: 'hi' })).toEqualTypeOf<Receipt>();
  expectTypeOf(await trpc.runs.get.query({ runId: 'r' })).toEqualTypeOf<RunInfo>();
  // @ts-expect-error unknown agent
  await trpc.messages.send.mutate({ agent: 'nobody', text: 'hi' });
  trpc.threads.watch.subscribe(
    { threadId: 't', lastEventId: 'e-1' },
    {
      onData({ id, data }) {
        expectTypeOf(id).toEqualTypeOf<string>();
        if (data.type === 'tool.called' && data.tool === 'refund') expectTypeOf(data.input.amount).toEqualTypeOf<number>();
      },
    },
  );
}

export function options() {
  expectTypeOf(createClient<Api>({ url: 'ws://x' })).toEqualTypeOf<Client<Api>>();
  createClient<Api>({ url: 'ws://x', token: async ({ refresh }) => (refresh ? 'a' : undefined), transport: 'sse' });
  createClient<Api>({ url: 'ws://x', WebSocket });
  // @ts-expect-error no such transport
  createClient<Api>({ url: 'ws://x', transport: 'pigeon' });
}
