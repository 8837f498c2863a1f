import './page.ts';
import { act, render } from '@testing-library/react';
import { Component, createElement, type ReactNode, StrictMode, Suspense } from 'react';
import { expect, test, vi } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { useConnection, useThread, useThreads, VerbatimProvider } from '../../src/react/index.ts';
import { deferred } from '../client/clientOf.ts';
import { type Api, eventually, startServer } from './scene.ts';

const provided = (client: Client<Api>, node: ReactNode): ReactNode => createElement(VerbatimProvider<Api>, { client }, node);

test('a tree that waits under Suspense reads the thread once, and keeps what was written', async () => {
  const server = await startServer([{ text: 'Hello' }]);
  const client = server.client<Api>();
  const { threadId, result } = await client.send({ agent: 'helper', text: 'Hi' });
  await result();
  const ready = deferred();
  let isReady = false;
  const Waits = (): ReactNode => {
    const { messages } = useThread<Api>({ agent: 'helper', threadId });
    if (!isReady) throw ready.promise;
    return messages.map(({ key, text }) => createElement('p', { key }, text));
  };
  const tree = createElement(Suspense, { fallback: 'waiting' }, createElement(Waits));
  const { container } = render(createElement(StrictMode, null, provided(client, tree)));
  expect(container.textContent).toBe('waiting');
  // A rendering that is thrown away has asked for nothing.
  expect(server.stats.watches).toBe(0);
  isReady = true;
  await act(async () => ready.resolve());
  await eventually(() => expect(container.textContent).toBe('HiHello'));
  expect(server.stats.watches).toBe(1);
});

test('without a provider it is said what to do', () => {
  let message = '';
  class Boundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
    override state = { failed: false };
    static getDerivedStateFromError = () => ({ failed: true });
    override componentDidCatch(error: Error): void {
      message = error.message;
    }
    override render(): ReactNode {
      return this.state.failed ? null : this.props.children;
    }
  }
  const Alone = (): ReactNode => useThreads().threads.length;
  const silenced = vi.spyOn(console, 'error').mockImplementation(() => {});
  render(createElement(Boundary, null, createElement(Alone)));
  silenced.mockRestore();
  expect(message).toContain('<VerbatimProvider client={client}>');
});

test('the connection is shown as it is', async () => {
  const server = await startServer([]);
  const client = server.client<Api>();
  const Line = (): ReactNode => useConnection().status;
  const { container } = render(provided(client, createElement(Line)));
  expect(container.textContent).toBe('idle');
  await act(async () => void (await client.threads.list()));
  expect(container.textContent).toBe('online');
  await act(() => client.close());
  expect(container.textContent).toBe('closed');
});
