import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import type { JsonApi } from '../../src/client/index.ts';
import { useApprovals, useConnection, useNotices, useRun, useThread, useThreads, VerbatimProvider } from '../../src/react/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

// No timer and no socket is left: rendering does nothing.
checkLeaksAfterwards();

test('on a server every hook renders what there is before anything is read, and asks for nothing', () => {
  expect(typeof window).toBe('undefined');
  const client = createClient({ url: 'http://127.0.0.1:1' });
  const Page = (): ReactNode => {
    const { messages, status } = useThread({ agent: 'helper', threadId: 'thread_1' });
    const begun = useThread({ agent: 'helper' });
    const { threads, isLoading } = useThreads();
    const { approvals } = useApprovals();
    const run = useRun('run_1');
    const { notices } = useNotices();
    return [
      status,
      begun.status,
      messages.length,
      threads.length,
      isLoading,
      approvals.length,
      run.status,
      notices.length,
      useConnection().status,
    ].join(' ');
  };
  const html = renderToString(createElement(VerbatimProvider<JsonApi>, { client }, createElement(Page)));
  expect(html).toBe('loading idle 0 0 true 0 loading 0 idle');
  expect(client.connection.state.status).toBe('idle');
});
