import { createElement, type ReactNode } from 'react';
import { type Client, createClient } from 'verbatim-agents/client';
import { useApprovals, useClient, useRun, useThread, useThreads, VerbatimProvider } from 'verbatim-agents/react';
import type { Api } from './agents.js';

declare module 'verbatim-agents/react' {
  interface Register {
    api: Api;
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
const yes = <T extends true>(_?: T): void => undefined;

export function Chat({ threadId }: { readonly threadId?: string }): ReactNode {
  const { status, messages } = useThread({ threadId, agent: 'support' });
  return createElement('ul', { title: status }, ...messages.map(({ key, text }) => createElement('li', { key }, text)));
}

/** Compiled, and never rendered. */
export function Types(): ReactNode {
  const thread = useThread({ agent: 'support' });
  yes<Equal<IsAny<typeof thread>, false>>();
  yes<Equal<IsAny<(typeof thread.messages)[number]>, false>>();
  for (const message of thread.messages) {
    if (message.role === 'user') continue;
    for (const call of message.toolCalls) {
      if (call.rejected !== undefined) continue;
      if (call.tool === 'lookup_order') yes<Equal<typeof call.input.orderId, string>>();
      // @ts-expect-error there is no such tool
      if (call.tool === 'refund') continue;
    }
  }
  yes<Equal<typeof thread.data.progress, { percent: number } | undefined>>();
  // @ts-expect-error there is no such agent
  useThread({ agent: 'nobody' });
  const tenant = useThread({ agent: 'tenant' });
  void tenant.send({ text: 'x', context: { tenant: 'a' } });
  // @ts-expect-error it needs a context
  void tenant.send('x');
  const client = useClient();
  yes<Equal<typeof client, Client<Api>>>();
  const { run } = useRun('run_1');
  yes<Equal<IsAny<typeof run>, false>>();
  const { approvals } = useApprovals();
  for (const approval of approvals) yes<Equal<typeof approval.tool, 'lookup_order'>>();
  return null;
}

export function Threads(): ReactNode {
  return useThreads().threads.map(({ id, title }) => createElement('p', { key: id }, title));
}

export function page(url: string, threadId?: string) {
  const client = createClient<Api>({ url });
  // JSX infers it; `createElement` must be told.
  return {
    client,
    node: createElement(VerbatimProvider<Api>, { client }, createElement(Chat, threadId === undefined ? {} : { threadId })),
  };
}
