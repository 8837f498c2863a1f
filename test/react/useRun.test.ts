import './page.ts';
import { renderHook } from '@testing-library/react';
import { createElement } from 'react';
import { expect, test } from 'vitest';
import { useRun, VerbatimProvider } from '../../src/react/index.ts';
import { type Api, eventually, startServer } from './scene.ts';

test('a run that waits is let go of when nobody looks at it any more', async () => {
  const server = await startServer([{ toolCalls: [{ name: 'ask', input: { what: 'color' } }] }]);
  const client = server.client<Api>();
  const { id } = await client.send({ agent: 'helper', text: 'Hi' });
  const { result, unmount } = renderHook(() => useRun<Api>(id), {
    wrapper: ({ children }) => createElement(VerbatimProvider<Api>, { client }, children),
  });
  await eventually(() => expect(result.current.run?.status).toBe('waiting'));
  expect(server.stats.watches).toBe(1);
  unmount();
  await eventually(() => expect(server.stats.watches).toBe(0));
});
