import { createClient, VerbatimError } from 'verbatim-agents/client';
import type { Api } from './agents.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
const yes = <T extends true>(_?: T): void => undefined;

export async function useClient(url: string): Promise<void> {
  const client = createClient<Api>({ url, token: () => 'token' });
  const run = await client.send({ agent: 'support', text: 'Where is order 42?' });
  yes<Equal<IsAny<typeof run>, false>>();
  yes<Equal<typeof run.threadId, string>>();

  for await (const event of run) {
    yes<Equal<IsAny<typeof event>, false>>();
    if (event.type === 'text.delta') yes<Equal<typeof event.delta, string>>();
    if (event.type === 'tool.called') yes<Equal<typeof event.tool, 'lookup_order'>>();
    if (event.type === 'tool.called' && event.tool === 'lookup_order') {
      yes<Equal<typeof event.input.orderId, string>>();
      yes<Equal<typeof event.input.note, string | undefined>>();
    }
    if (event.type === 'tool.progress' && event.tool === 'lookup_order') yes<Equal<typeof event.data, { percent: number }>>();
    if (event.type === 'tool.completed' && event.tool === 'lookup_order') {
      yes<Equal<typeof event.output, { status: string; total: number }>>();
    }
    // @ts-expect-error there is no such tool
    if (event.type === 'tool.called' && event.tool === 'refund') continue;
  }
  const result = await run.result();
  yes<Equal<typeof result.text, string>>();
  yes<Equal<typeof result.status, 'completed' | 'failed' | 'cancelled'>>();
  yes<Equal<IsAny<typeof result.usage>, false>>();
  yes<Equal<IsAny<typeof result.error>, false>>();

  // A thread has the events of every agent.
  for await (const event of client.thread(run.threadId).watch()) {
    yes<Equal<IsAny<typeof event>, false>>();
    if (event.type === 'tool.called' && event.tool === 'lookup_order') yes<Equal<typeof event.input.orderId, string>>();
    if (event.type === 'data' && event.name === 'progress') yes<Equal<typeof event.data, { percent: number }>>();
    break;
  }
  for await (const event of client.run(run.id)) {
    if (event.type === 'tool.called' && event.tool === 'lookup_order') yes<Equal<typeof event.input.orderId, string>>();
    break;
  }
  // Another agent has not the tools of this one.
  for await (const event of await client.send({ agent: 'plain', text: 'count to 3' })) {
    // @ts-expect-error it has no tools
    if (event.type === 'tool.called') break;
  }

  // @ts-expect-error there is no such agent
  await client.send({ agent: 'nobody', text: 'x' });
  // @ts-expect-error the text is missing
  await client.send({ agent: 'plain' });
  // @ts-expect-error it takes no context
  await client.send({ agent: 'plain', text: 'x', context: { tenant: 'a' } });
  // @ts-expect-error it needs a context
  await client.send({ agent: 'tenant', text: 'x' });
  await client.send({ agent: 'tenant', text: 'x', context: { tenant: 'a' } });
  // @ts-expect-error the context is of another shape
  await client.send({ agent: 'tenant', text: 'x', context: { tenant: 1 } });

  const threads = await client.threads.list({ limit: 10 });
  yes<Equal<IsAny<(typeof threads.items)[number]>, false>>();
  const plain = await client.trpc.threads.get.query({ threadId: run.threadId });
  yes<Equal<IsAny<typeof plain>, false>>();
  yes<Equal<typeof plain.id, string>>();

  try {
    await client.threads.get({ threadId: 'thread_none' });
  } catch (error) {
    if (error instanceof VerbatimError && error.code === 'NOT_FOUND') error.retryable satisfies boolean;
    // @ts-expect-error there is no such code
    if (error instanceof VerbatimError && error.code === 'NO_SUCH_CODE') return;
  }
  await client.close();
}
